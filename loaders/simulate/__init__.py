"""A demo world: a small release in the published file formats, of real genes and made up measurements.

Genes, orthologs, diseases, ontology terms, mappings, parameters and pipelines are real, cut out of published
files (each table in `world/` says of which). Lines, animals, tests and calls are simulated, and say so:
colonies are called `SIM-...`, alleles `...(SIM)...`, and the recipe says `simulated = true`. The same
arguments give the same bytes.

`world` holds the facts, `lines` what is produced, `plan` what is measured and what genes do, `cohorts` which animals there
are, `animals` what they show. `results` tests and calls them as any animals are, `rows` and `files` write.
"""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

import numpy as np

from impckg.graph.errors import BadParameter
from impckg.loaders.simulate import files, rows
from impckg.loaders.simulate.experiment import COLUMNS as EXPERIMENT_COLUMNS
from impckg.loaders.simulate.experiment import FILE as EXPERIMENTS
from impckg.loaders.simulate.experiment import Experiments
from impckg.loaders.simulate.lines import Line, draw_fates, first_lines, more_lines, planned_centres
from impckg.loaders.simulate.plan import Plan, draw_effects, make_plan
from impckg.loaders.simulate.results import Result, draw_results
from impckg.loaders.simulate.world import World, read_world

__all__ = ["SOURCES", "SimulatedSource", "simulate_release"]

CC_BY = "https://creativecommons.org/licenses/by/4.0/"
CC0 = "https://creativecommons.org/publicdomain/zero/1.0/"
HPO_LICENCE = "https://hpo.jax.org/app/license"
RELEASE_DATE = "2026-01-01"


@dataclass(frozen=True)
class SimulatedSource:
    """One file of a simulated release; version is None where the numbers are simulated."""

    name: str
    file: str
    version: str | None
    licence: str
    reader: str | None = None


SOURCES = (
    SimulatedSource("mp", "mp.obo", "2025-08-27", CC_BY),
    SimulatedSource("hp", "hp.obo", "2025-01-16", HPO_LICENCE),
    SimulatedSource("mondo", "mondo.obo", "2026-05-05", CC_BY),
    SimulatedSource("definitions", "definitions.ofn", "2026-08-21", CC_BY, reader="ontology"),
    SimulatedSource("hpoa", "phenotype.hpoa", "2025-01-16", HPO_LICENCE),
    SimulatedSource("genes_to_disease", "genes_to_disease.txt", "2025-03-02", HPO_LICENCE),
    SimulatedSource("hmd_human_phenotype", "HMD_HumanPhenotype.rpt", "2026-05-13", CC_BY),
    SimulatedSource("hgnc", "hgnc_complete_set.txt", "2025-06-03", CC0),
    SimulatedSource("mp_hp_mgi_manual", "mp_hp_mgi_all.sssom.tsv", "2026-06-23", CC_BY, reader="sssom"),
    SimulatedSource("impc_genes", "impc_genes.jsonl.gz", None, CC_BY),
    SimulatedSource("gentar_gene_status", "gentar_gene_status.tsv", None, CC_BY),
    SimulatedSource("gentar_colonies", "gentar_colonies.tsv", None, CC_BY),
    SimulatedSource("impress_pipelines", "pipeline.csv", "2024-06-13", CC_BY),
    SimulatedSource("impc_statistical_results", "statistical-results-ALL.csv.gz", None, CC_BY),
    SimulatedSource("impc_genotype_phenotype", "genotype-phenotype-assertions-ALL.csv.gz", None, CC_BY),
    SimulatedSource("impc_viability", "viability.csv.gz", None, CC_BY),
    SimulatedSource("impc_hits_per_gene", "phenotypeHitsPerGene.csv.gz", None, CC_BY),
)


def simulate_release(
    directory: Path, genes: int = 60, seed: int = 1, results: int | None = None, *, animals: bool = False
) -> Path:
    """Write a simulated release into a directory and return the path of its recipe.

    directory: made if it is not there; files of the release that are in it are replaced.
    genes: how many of the world's genes, the best known first.
    seed: 0 or more; another seed gives other lines, animals and calls of the same genes.
    results: write exactly so many statistical results, by phenotyping fewer of the lines or making more of
    them; by default each line is phenotyped once. Memory does not grow with it.
    animals: whether to write the animals of all tests, too, as `experiment.csv.gz`; the build does not read them.

    Raises BadParameter if the world has not so many genes, or a number is below what is possible.
    """
    if seed < 0:
        raise BadParameter(f"seed: {seed}; expected 0 or more")
    if results is not None and results < 0:
        raise BadParameter(f"results: {results}; expected 0 or more")
    world = read_world(genes)
    directory.mkdir(parents=True, exist_ok=True)
    at = {source.name: directory / source.file for source in SOURCES}
    for name in ("mp", "hp", "mondo"):
        files.write_ontology(at[name], f"{name}.obo")
    files.write_ontology(at["definitions"], "definitions.ofn")
    files.write_ontology(at["mp_hp_mgi_manual"], "mappings.sssom.tsv")
    files.write_hpoa(at["hpoa"], world)
    files.write_genes_to_disease(at["genes_to_disease"], world)
    files.write_orthologs(at["hmd_human_phenotype"], world)
    files.write_hgnc(at["hgnc"], world)

    # Each part draws from streams of its own, so that more results do not change what genes do.
    of_production, of_effects = (np.random.Generator(np.random.PCG64([seed, part])) for part in range(2))
    plan = make_plan(world)
    fates = draw_fates(world, of_production)
    planned = planned_centres(world, fates)
    first = first_lines(world, fates, seed, of_production)
    lines = chain(first, more_lines(world, first, seed, of_production)) if results else iter(first)
    drawn = draw_results(world, plan, draw_effects(world, of_effects), lines, seed, results)
    phenotyped, hits = _write_results(at, world, plan, drawn, directory / EXPERIMENTS if animals else None)

    lines_made = [*phenotyped, *_not_reached(first, phenotyped)]
    reached = {line.gene for line in phenotyped if line.phenotyped}
    fates = [
        "produced" if fate == "phenotyped" and gene not in reached else fate
        for gene, fate in enumerate(fates)
    ]
    files.write_pipelines(at["impress_pipelines"], world, plan)
    files.write_viability(at["impc_viability"], world, lines_made)
    files.write_hits(at["impc_hits_per_gene"], world, hits)
    files.write_impc_genes(at["impc_genes"], world, fates)
    files.write_gentar_genes(at["gentar_gene_status"], world, fates, lines_made, planned)
    files.write_gentar_colonies(at["gentar_colonies"], world, lines_made)
    return _write_recipe(directory, seed)


def _write_results(
    at: dict[str, Path],
    world: World,
    plan: Plan,
    drawn: Iterator[Sequence[Result]],
    experiments: Path | None,
) -> tuple[list[Line], dict[int, list[str]]]:
    """Write results and calls as they are drawn, and, if there is a path for them, the animals.

    Returns the lines, and each gene's called terms by name.
    """
    columns = rows.make_columns(world, plan)
    of_animals = Experiments(world, plan, columns.steps)
    genes = {accession: gene for gene, accession in enumerate(world.genes["mgi_id"])}
    lines: dict[str, Line] = {}
    hits: dict[int, dict[str, None]] = {}
    with (
        files.gzip_file(at["impc_statistical_results"]) as result_file,
        files.gzip_file(at["impc_genotype_phenotype"]) as call_file,
        files.gzip_file(experiments) if experiments else nullcontext() as animal_file,
    ):
        header = True
        for results in drawn:
            result_rows = rows.statistical_results(world, columns, results)
            call_rows = rows.genotype_phenotypes(result_rows, columns, results)
            files.write_csv(result_file, result_rows, header=header)
            files.write_csv(call_file, call_rows, header=header)
            if animal_file is not None:
                files.write_csv(animal_file, of_animals.rows(results), header=header)
            header = False
            lines |= {result.line.colony: result.line for result in results}
            for result in results:
                hits.setdefault(result.line.gene, {})
            for accession, name in call_rows.select("marker_accession_id", "mp_term_name").iter_rows():
                hits[genes[accession]][name] = None
        if header:
            result_file.write(",".join(rows.STATISTICAL_RESULT_COLUMNS).encode() + b"\n")
            call_file.write(",".join(rows.GENOTYPE_PHENOTYPE_COLUMNS).encode() + b"\n")
            if animal_file is not None:
                animal_file.write(",".join(EXPERIMENT_COLUMNS).encode() + b"\n")
    return list(lines.values()), {gene: list(names) for gene, names in hits.items()}


def _not_reached(first: Sequence[Line], lines: Sequence[Line]) -> list[Line]:
    """The lines that were made and, as there were results enough, not phenotyped."""
    reached = {line.colony for line in lines}
    return [
        replace(line, phenotyped=False, late_adults=False) for line in first if line.colony not in reached
    ]


def _write_recipe(directory: Path, seed: int) -> Path:
    """recipe.toml: what was written, with checksums."""
    simulated = f"simulated-{seed}"
    text = [
        "# A simulated release. Genes, diseases, terms and parameters are real;",
        "# lines, measurements and calls are made up.",
        "[release]",
        f'name = "{simulated}"',
        f'title = "Simulated release, seed {seed}"',
        f"date = {RELEASE_DATE}",
        "simulated = true",
    ]
    for source in SOURCES:
        checksum = hashlib.sha256((directory / source.file).read_bytes()).hexdigest()
        text += [
            "",
            "[[source]]",
            f'name = "{source.name}"',
            *([f'reader = "{source.reader}"'] if source.reader else []),
            f'path = "{source.file}"',
            f'version = "{source.version or simulated}"',
            f'sha256 = "{checksum}"',
            f'licence = "{source.licence}"',
        ]
    recipe = directory / "recipe.toml"
    files.write_lines(recipe, text)
    return recipe
