"""The files of a simulated release, in the formats in which the real ones are published.

One function a file; the header of each file stands once, below. What the formats leave open is decided so:

* GenTaR's gene status report by centre: a status cell holds `centre|status` items joined by `; `, a work unit
  cell holds centres joined by `; `, both in order of the centre's name; nothing is an empty cell.
* Solr's CSV export: several values are joined by commas in one cell; names are not escaped, so pair them by
  identifier.
"""

import gzip
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

import polars as pl

from impckg.loaders.simulate.lines import Line
from impckg.loaders.simulate.plan import Plan
from impckg.loaders.simulate.world import (
    EMBRYO_STAGES,
    LIFE_STAGES,
    Centre,
    Parameter,
    World,
    read_remarks,
    read_text,
)

HPOA_COLUMNS = (
    "database_id", "disease_name", "qualifier", "hpo_id", "reference", "evidence", "onset", "frequency",
    "sex", "modifier", "aspect", "biocuration",
)  # fmt: skip
HGNC_COLUMNS = (
    "hgnc_id", "symbol", "name", "locus_group", "locus_type", "status", "location", "alias_symbol",
    "prev_symbol", "entrez_id", "ensembl_gene_id", "uniprot_ids", "mgd_id", "omim_id", "orphanet",
)  # fmt: skip

GENTAR_GENE_COLUMNS = (
    "Gene Symbol", "MGI ID", "Assignment Status", "ES Null Production Status",
    "ES Null Production Work Unit", "ES Conditional Production Status",
    "ES Conditional Production Work Unit", "Crispr Production Status", "Crispr Production Work Unit",
    "Crispr Conditional Production Status", "Crispr Conditional Production Work Unit",
    "Early Adult Phenotyping Status", "Phenotyping Work Unit",
)  # fmt: skip
GENTAR_COLONY_COLUMNS = (
    "Phenotyping External Reference", "Background Strain", "MGI Strain Accession ID", "Mutation Symbol",
    "Gene Symbol", "MGI Gene Accession ID", "Phenotyping Work Unit", "Phenotyping Work Group",
    "Production Work Unit", "Production Work Group",
)  # fmt: skip
PIPELINE_COLUMNS = (
    "fully_qualified_name", "pipeline_stable_id", "pipeline_name", "pipeline_stable_key",
    "procedure_stable_id", "procedure_name", "parameter_stable_id", "parameter_name", "unit_x", "data_type",
    "observation_type", "categories", "stage", "stage_label", "required", "increased_mp_id",
    "increased_mp_term", "decreased_mp_id", "decreased_mp_term", "abnormal_mp_id", "abnormal_mp_term",
    "mp_id", "mp_term", "top_level_mp_id", "top_level_mp_term",
)  # fmt: skip
VIABILITY_COLUMNS = (
    "Gene Symbol", "Gene Accession Id", "Allele Symbol", "Allele Accession Id", "Background Strain Name",
    "Background Strain Accession Id", "Chromosome", "Phenotyping Center", "Colony Id", "Zygosity",
    "Breeding Strategy", "Total # Pups", "Total # Male Pups", "Total # Female Pups", "Total # Hom Males",
    "Total # Hom Females", "Total # Hem Males", "Total # WT Males", "Total # WT Females",
    "Total # Het Males", "Total # Het Females", "Percentage HOMs / HEMs", "Supporting Data",
    "Viability Phenotype HOMs/HEMIs", "Viability Call Method", "Comment", "Procedure Link",
)  # fmt: skip
HITS_COLUMNS = ("Gene Symbol", "MGI Gene Id", "# Phenotype Hits", "Phenotype Hits")

NO_COUNT = "No information available"
VIABILITY_PROCEDURE_LINK = "https://www.mousephenotype.org/impress/ProcedureInfo?action=list&procID=703"

DATA_TYPES = {
    "continuous": ("unidimensional", "unidimensional"),
    "reference_range": ("unidimensional", "unidimensional"),
    "categorical": ("categorical", "categorical"),
    "viability": ("line", "categorical"),
    "viability_autosomal": ("line", "text"),
    "viability_x_linked": ("line", "text"),
    "fertility": ("line", "categorical"),
    "embryo_viability": ("embryo", "categorical"),
    "embryo_morphology": ("embryo", "categorical"),
    "pathology": ("adult-gross-path", "ontological"),
    "time_series": ("time_series", "time_series"),
}
COMPRESSION_LEVEL = 4


@contextmanager
def gzip_file(path: Path) -> Iterator[IO[bytes]]:
    """A gzip file to write to whose bytes depend on its content alone."""
    with (
        path.open("wb") as raw,
        gzip.GzipFile(
            filename="", mode="wb", compresslevel=COMPRESSION_LEVEL, fileobj=raw, mtime=0
        ) as packed,
    ):
        yield cast(IO[bytes], packed)


def write_lines(path: Path, lines: Iterable[str]) -> None:
    """A text file, UTF-8, lines ended as on Unix."""
    path.write_bytes("".join(f"{line}\n" for line in lines).encode())


def write_table(
    path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, object]], above: Iterable[str] = ()
) -> None:
    """A tab-separated file without quotes; a missing or empty value is an empty cell."""
    body = ("\t".join(_cell(row.get(column)) for column in columns) for row in rows)
    write_lines(path, [*above, "\t".join(columns), *body])


def write_csv(file: IO[bytes], frame: pl.DataFrame, *, header: bool) -> None:
    """Rows of a CSV file, quoted where needed."""
    content = io.BytesIO()
    frame.write_csv(content, include_header=header)
    file.write(content.getvalue())


def write_ontology(path: Path, name: str) -> None:
    """A slice of an ontology or mapping set, as it is in `world/`."""
    path.write_bytes(read_text(name).encode())


def write_hpoa(path: Path, world: World) -> None:
    """phenotype.hpoa: the HPO annotations of the genes' diseases."""
    above = [
        f'#description: "A slice for demonstrations. {" ".join(read_remarks("annotations.tsv"))}"',
        "#version: 2025-01-16",
        "#tracker: https://github.com/obophenotype/human-phenotype-ontology/issues",
        "#hpo-version: http://purl.obolibrary.org/obo/hp/releases/2025-01-16/hp.json",
    ]
    write_table(path, HPOA_COLUMNS, world.annotations.iter_rows(named=True), above)


def write_genes_to_disease(path: Path, world: World) -> None:
    """genes_to_disease.txt: the links of the genes."""
    write_table(path, world.links.columns, world.links.iter_rows(named=True))


def write_orthologs(path: Path, world: World) -> None:
    """HMD_HumanPhenotype.rpt: no header, six columns of which the last is empty."""
    write_lines(
        path,
        (
            "\t".join(
                _cell(cell)
                for cell in (
                    row["human_symbol"],
                    row["ncbi_gene"],
                    row["symbol"],
                    row["mgi_id"],
                    (row["high_level_mp"] or "").replace("|", ", "),
                    "",
                )
            )
            for row in world.genes.iter_rows(named=True)
        ),
    )


def write_hgnc(path: Path, world: World) -> None:
    """hgnc_complete_set.txt: the human genes, each once."""
    human_genes: dict[str, dict[str, str]] = {}
    for row in world.genes.iter_rows(named=True):
        if row["hgnc_id"] in human_genes:
            human_genes[row["hgnc_id"]]["mgd_id"] += f"|{row['mgi_id']}"
            continue
        human_genes[row["hgnc_id"]] = {
            "hgnc_id": row["hgnc_id"],
            "symbol": row["human_symbol"],
            "name": row["name"] if row["human_name"] == "=" else row["human_name"],
            "locus_group": "protein-coding gene",
            "locus_type": "gene with protein product",
            "status": "Approved",
            "location": row["location"],
            "alias_symbol": row["human_synonyms"],
            "prev_symbol": row["human_previous"],
            "entrez_id": row["ncbi_gene"],
            "ensembl_gene_id": row["ensembl_gene"],
            "uniprot_ids": row["uniprot"],
            "mgd_id": row["mgi_id"],
            "omim_id": row["omim"],
            "orphanet": row["orphanet"],
        }
    write_table(path, HGNC_COLUMNS, human_genes.values())


def write_impc_genes(path: Path, world: World, fates: Sequence[str]) -> None:
    """impc_genes.jsonl.gz: the gene catalogue, one JSON object a line."""
    mouse = {"phenotyped": "Mice Produced", "produced": "Mice Produced", "planned": "Started"}
    phenotyping = {"phenotyped": "Phenotyping data available", "produced": "Phenotype attempt registered"}
    with gzip_file(path) as file:
        for row, fate in zip(world.genes.iter_rows(named=True), fates, strict=True):
            gene = {
                "mgiGeneAccessionId": row["mgi_id"],
                "geneName": row["name"],
                "geneSymbol": row["symbol"],
                "synonyms": _items(row["synonyms"]),
                "humanGeneSymbols": [row["human_symbol"]],
                "humanSymbolSynonyms": _items(row["human_synonyms"]),
                "esCellProductionStatus": None,
                "mouseProductionStatus": mouse.get(fate),
                "phenotypeStatus": phenotyping.get(fate),
                "phenotypingDataAvailable": fate == "phenotyped",
            }
            file.write(json.dumps(gene, ensure_ascii=False).encode() + b"\n")


def write_gentar_genes(
    path: Path, world: World, fates: Sequence[str], lines: Iterable[Line], planned: Mapping[int, Centre]
) -> None:
    """gentar_gene_status.tsv: by gene, what each centre has done."""
    made: dict[int, dict[str, bool]] = {}
    for line in lines:
        at = made.setdefault(line.gene, {})
        at[line.centre.name] = at.get(line.centre.name, False) or line.phenotyped
    rows = []
    for gene, row in enumerate(world.genes.iter_rows(named=True)):
        centres = sorted(made.get(gene, {})) or ([planned[gene].name] if gene in planned else [])
        phenotyped = [centre for centre in centres if made.get(gene, {}).get(centre)]
        production = "Attempt In Progress" if fates[gene] == "planned" else "Genotype Confirmed"
        rows.append(
            {
                "Gene Symbol": row["symbol"],
                "MGI ID": row["mgi_id"],
                "Assignment Status": _by_centre(centres, "Assigned"),
                "Crispr Production Status": _by_centre(centres, production),
                "Crispr Production Work Unit": "; ".join(centres),
                "Early Adult Phenotyping Status": _by_centre(phenotyped, "Phenotyping Complete"),
                "Phenotyping Work Unit": "; ".join(phenotyped),
            }
        )
    write_table(path, GENTAR_GENE_COLUMNS, rows)


def write_gentar_colonies(path: Path, world: World, lines: Iterable[Line]) -> None:
    """gentar_colonies.tsv: every line, phenotyped or not."""
    symbols, accessions = world.genes["symbol"], world.genes["mgi_id"]
    write_table(
        path,
        GENTAR_COLONY_COLUMNS,
        (
            {
                "Phenotyping External Reference": line.colony,
                "Background Strain": line.centre.strain_name,
                "MGI Strain Accession ID": line.centre.strain_accession,
                "Mutation Symbol": line.allele_symbol,
                "Gene Symbol": symbols[line.gene],
                "MGI Gene Accession ID": accessions[line.gene],
                "Phenotyping Work Unit": line.centre.name if line.phenotyped else "",
                "Phenotyping Work Group": line.centre.work_group if line.phenotyped else "",
                "Production Work Unit": line.centre.name,
                "Production Work Group": line.centre.work_group,
            }
            for line in lines
        ),
    )


def write_pipelines(path: Path, world: World, plan: Plan) -> None:
    """pipeline.csv: the Solr core `pipeline`, a row for each pipeline, procedure and parameter."""
    rows = []
    for step in plan.steps:
        parameter = world.parameters[step.parameter]
        embryo = parameter.stage in EMBRYO_STAGES
        row: dict[str, str | None] = {
            "fully_qualified_name": f"{step.pipeline.stable_id}_{step.procedure}_{parameter.stable_id}",
            "pipeline_stable_id": step.pipeline.stable_id,
            "pipeline_name": step.pipeline.name,
            "pipeline_stable_key": step.pipeline.stable_key,
            "procedure_stable_id": step.procedure,
            "procedure_name": parameter.procedure_name,
            "parameter_stable_id": parameter.stable_id,
            "parameter_name": parameter.name,
            "unit_x": parameter.unit,
            "data_type": parameter.value_type,
            "observation_type": DATA_TYPES[parameter.kind][1],
            "categories": ",".join(parameter.categories) or None,
            "stage": "Embryonic" if embryo else "Adult",
            "stage_label": LIFE_STAGES[parameter.stage][0],
            "required": "true" if parameter.required else "false",
        }
        for prefix, terms in _outcome_terms(parameter, world).items():
            row[f"{prefix}mp_id"] = ",".join(terms) or None
            row[f"{prefix}mp_term"] = ",".join(world.mp.names[term] for term in terms) or None
        rows.append(row)
    frame = pl.DataFrame(rows, schema=dict.fromkeys(PIPELINE_COLUMNS, pl.String))
    with path.open("wb") as file:
        write_csv(file, frame, header=True)


def _outcome_terms(parameter: Parameter, world: World) -> dict[str, list[str]]:
    tops = sorted({top for term in parameter.terms for top in world.mp.top_levels(term)})
    return {
        "increased_": [term for term in (parameter.increased,) if term],
        "decreased_": [term for term in (parameter.decreased,) if term],
        "abnormal_": [
            term for term in parameter.terms if term not in (parameter.increased, parameter.decreased)
        ],
        "": list(parameter.terms),
        "top_level_": tops,
    }


def write_viability(path: Path, world: World, lines: Iterable[Line]) -> None:
    """viability.csv.gz: the pups of every phenotyped line."""
    phenotyped = [line for line in lines if line.phenotyped]
    outcomes: dict[int, set[str]] = {}
    for line in phenotyped:
        outcomes.setdefault(line.gene, set()).add(line.outcome)
    rows = [_viability_row(line, world, conflict=len(outcomes[line.gene]) > 1) for line in phenotyped]
    frame = pl.DataFrame(rows, schema=dict.fromkeys(VIABILITY_COLUMNS, pl.String))
    with gzip_file(path) as file:
        write_csv(file, frame, header=True)


def _viability_row(line: Line, world: World, *, conflict: bool) -> dict[str, str | None]:
    pups, gene = line.pups, world.genes.row(line.gene, named=True)
    curated = "IMPC_VIA_001" in line.centre.early_pipeline.procedures
    mutants = pups.mutant_males + pups.mutant_females
    homozygous = [NO_COUNT if line.x_linked else str(n) for n in (pups.mutant_males, pups.mutant_females)]
    noun = "Hemizygous" if line.x_linked else "Homozygous"
    cells = (
        gene["symbol"],
        gene["mgi_id"],
        line.allele_symbol,
        line.allele_accession,
        line.centre.strain_name,
        line.centre.strain_accession,
        gene["chromosome"],
        line.centre.name,
        line.colony,
        line.mutant_zygosity,
        "HetXWT" if line.x_linked else "HetXHet",
        str(pups.males + pups.females),
        str(pups.males),
        str(pups.females),
        *homozygous,
        str(pups.mutant_males) if line.x_linked else NO_COUNT,
        str(pups.wild_type_males),
        str(pups.wild_type_females),
        NO_COUNT if line.x_linked else str(pups.heterozygous_males),
        str(pups.heterozygous_females),
        f"{mutants / (pups.males + pups.females):.4f}",
        f"{noun} - {line.outcome.capitalize()}",
        line.outcome,
        "curated" if curated else "computed",
        "Conflicting data" if conflict else None,
        VIABILITY_PROCEDURE_LINK if curated else None,
    )
    return dict(zip(VIABILITY_COLUMNS, cells, strict=True))


def write_hits(path: Path, world: World, hits: Mapping[int, Iterable[str]]) -> None:
    """phenotypeHitsPerGene.csv.gz: of each gene with results, the names of its called terms; all quoted."""
    rows = []
    for gene, names in sorted(hits.items()):
        row = world.genes.row(gene, named=True)
        distinct = list(dict.fromkeys(names))
        rows.append((row["symbol"], row["mgi_id"], str(len(distinct)), "::".join(distinct)))
    frame = pl.DataFrame(rows, schema=dict.fromkeys(HITS_COLUMNS, pl.String), orient="row")
    with gzip_file(path) as file:
        content = io.BytesIO()
        frame.write_csv(content, quote_style="always")
        file.write(content.getvalue())


def _by_centre(centres: Iterable[str], status: str) -> str:
    return "; ".join(f"{centre}|{status}" for centre in centres)


def _items(cell: str | None) -> list[str]:
    return cell.split("|") if cell else []


def _cell(value: object) -> str:
    return "" if value is None else str(value)
