"""The facts of the demo world: genes, diseases, terms, parameters and pipelines, read from `world/`.

The tables in `world/` are cut out of published files by `benchmarks/slice_world.py`; each says in its header
of which, at which version and under which licence. Four tables are written by hand and say so: `centres.tsv`,
`controls.tsv` (what wild types show), `stories.tsv` and `effects.tsv` (what is given for the genes that
questions are about). An empty cell means that nothing is known; cells of several values are joined by `|`.
"""

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
import numpy.typing as npt
import polars as pl

from impckg.graph.errors import BadParameter

BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

ROOT_TERM = "MP:0000001"
# Preweaning lethality, incomplete penetrance: what viability parameters call a subviable line.
SUBVIABLE_TERM = "MP:0011110"

# Life stages as IMPC names and numbers them, and the names that `world/` uses (impc-etl d8c64cf).
LIFE_STAGES = {
    "early": ("Early adult", "IMPCLS:0005"),
    "late": ("Late adult", "IMPCLS:0007"),
    "E9.5": ("E9.5", "IMPCLS:0001"),
    "E12.5": ("E12.5", "IMPCLS:0002"),
    "E15.5": ("E15.5", "IMPCLS:0003"),
    "E18.5": ("E18.5", "IMPCLS:0004"),
}
EMBRYO_STAGES = ("E9.5", "E12.5", "E15.5", "E18.5")


@dataclass(frozen=True)
class Parameter:
    """One parameter of IMPReSS as the world measures it.

    kind: how it is analysed: continuous, reference_range, categorical, viability, viability_autosomal,
    viability_x_linked, fertility, embryo_viability, embryo_morphology, pathology or time_series.
    stage: a key of LIFE_STAGES.
    increased, decreased, abnormal: the MP terms it can call; None where it has none.
    mean, standard_deviation: of wild type males, in `unit`; female_shift: in standard deviations.
    abnormal_rate: share of wild types in the abnormal category.
    """

    stable_id: str
    name: str
    measurement: str
    procedures: tuple[str, ...]
    procedure_name: str
    unit: str | None
    value_type: str
    required: bool
    kind: str
    stage: str
    increased: str | None
    decreased: str | None
    abnormal: str | None
    categories: tuple[str, ...]
    mean: float
    standard_deviation: float
    female_shift: float
    abnormal_rate: float

    @property
    def sex(self) -> str:
        """Of which sex the parameter speaks, as its name says: female, male or combined."""
        words = self.name.lower()
        if not self.kind.startswith(("viability", "fertility")):
            return "combined"
        return "female" if "female" in words else "male" if "male" in words else "combined"

    @property
    def terms(self) -> tuple[str, ...]:
        """Every MP term that the parameter can call, each once."""
        subviable = SUBVIABLE_TERM if self.kind.startswith("viability") else None
        every_term = (self.abnormal, self.increased, self.decreased, subviable)
        return tuple(dict.fromkeys(term for term in every_term if term))


@dataclass(frozen=True)
class Pipeline:
    """One pipeline of IMPReSS: the procedures of a centre at one age."""

    stable_id: str
    name: str
    stable_key: str
    procedures: tuple[str, ...]


@dataclass(frozen=True)
class Centre:
    """A centre with its pipelines; late_pipeline is None where no late adults are phenotyped."""

    name: str
    colony_code: str
    allele_code: str
    project: str
    work_group: str
    strain_name: str
    strain_accession: str
    early_pipeline: Pipeline
    late_pipeline: Pipeline | None


@dataclass(frozen=True)
class Ontology:
    """Labels and hierarchy of an OBO slice."""

    names: Mapping[str, str]
    parents: Mapping[str, tuple[str, ...]]

    def above(self, term: str) -> set[str]:
        """The term and all above it."""
        found: set[str] = set()
        waiting = [term]
        while waiting:
            term = waiting.pop()
            if term not in found:
                found.add(term)
                waiting += self.parents[term]
        return found

    def top_levels(self, term: str) -> tuple[str, ...]:
        """The children of the root that the term is below or is, in order of identifier."""
        return tuple(sorted(found for found in self.above(term) if self.parents[found] == (ROOT_TERM,)))


@dataclass(frozen=True)
class World:
    """The facts about the first `genes.height` genes.

    genes: one row a gene, columns of `world/genes.tsv`.
    links, annotations: gene-disease links and HPO annotations of these genes' diseases.
    parameters: of all pipelines.
    measurements: what the parameters measure, in order; the columns of `linked`.
    linked: shape (genes, measurements); 1 where a disease of the gene has an HP term that is mapped to an MP
    term of the measurement that has a direction up, -1 down, 2 to one without direction, 0 elsewhere.
    """

    genes: pl.DataFrame
    links: pl.DataFrame
    annotations: pl.DataFrame
    stories: Mapping[str, Mapping[str, str]]
    effects: pl.DataFrame
    parameters: tuple[Parameter, ...]
    measurements: tuple[str, ...]
    pipelines: tuple[Pipeline, ...]
    centres: tuple[Centre, ...]
    mp: Ontology
    linked: IntArray


def number_of_genes() -> int:
    """How many genes the world has."""
    return read_table("genes.tsv").height


def read_world(genes: int) -> World:
    """The world of its first so many genes.

    Raises BadParameter if the world has not so many, or fewer than one are asked for.
    """
    every_gene = read_table("genes.tsv")
    if not 1 <= genes <= every_gene.height:
        raise BadParameter(
            f"genes: {genes}; expected 1 to {every_gene.height}, the number of genes of the world"
        )
    chosen = every_gene.head(genes)
    links = _links_of(chosen)
    annotations = _annotations_of(links)
    parameters = _read_parameters()
    pipelines = _read_pipelines()
    measurements = tuple(dict.fromkeys(parameter.measurement for parameter in parameters))
    mp = read_ontology("mp.obo")
    return World(
        genes=chosen,
        links=links,
        annotations=annotations,
        stories={row["symbol"]: row for row in read_table("stories.tsv").iter_rows(named=True)},
        effects=read_table("effects.tsv"),
        parameters=parameters,
        measurements=measurements,
        pipelines=pipelines,
        centres=_read_centres(pipelines),
        mp=mp,
        linked=_linked(chosen, _expected_terms(links, annotations), parameters, measurements, mp),
    )


def read_text(name: str) -> str:
    """A file of `world/`."""
    return (resources.files("impckg.loaders.simulate") / "world" / name).read_text(encoding="utf-8")


def read_table(name: str) -> pl.DataFrame:
    """A table of `world/`, all columns text, an empty cell null."""
    return pl.read_csv(
        io.StringIO(read_text(name)), separator="\t", comment_prefix="#", quote_char=None, infer_schema=False
    )


def read_remarks(name: str) -> list[str]:
    """The lines above a table's header, without their `#`."""
    return [line[1:].strip() for line in read_text(name).splitlines() if line.startswith("#")]


@cache
def read_ontology(name: str) -> Ontology:
    """Labels and hierarchy of an OBO file of `world/`."""
    names: dict[str, str] = {}
    parents: dict[str, list[str]] = {}
    term = ""
    for line in read_text(name).splitlines():
        key, _, value = line.partition(": ")
        if key == "id":
            term = value
            parents[term] = []
        elif key == "name":
            names[term] = value
        elif key == "is_a":
            parents[term].append(value)
    return Ontology(names, {term: tuple(above) for term, above in parents.items()})


def _links_of(genes: pl.DataFrame) -> pl.DataFrame:
    numbers = genes.select(ncbi_gene_id="NCBIGene:" + pl.col("ncbi_gene")).unique()
    return read_table("genes_to_disease.tsv").join(
        numbers, on="ncbi_gene_id", how="semi", maintain_order="left"
    )


def _annotations_of(links: pl.DataFrame) -> pl.DataFrame:
    wanted = links.select(database_id="disease_id").unique()
    return (
        read_table("annotations.tsv")
        .join(wanted, on="database_id", how="semi", maintain_order="left")
        .join(read_table("diseases.tsv"), on="database_id", how="left", maintain_order="left")
    )


def _read_parameters() -> tuple[Parameter, ...]:
    controls = {row["measurement"]: row for row in read_table("controls.tsv").iter_rows(named=True)}
    return tuple(
        _parameter(row, controls[row["measurement"]])
        for row in read_table("parameters.tsv").iter_rows(named=True)
    )


def _parameter(row: Mapping[str, str | None], control: Mapping[str, str | None]) -> Parameter:
    stable_id = str(row["parameter_stable_id"])
    is_late = "LA_" in stable_id
    return Parameter(
        stable_id=stable_id,
        name=str(row["parameter_name"]),
        measurement=str(row["measurement"]),
        procedures=_values(row["procedures"]),
        procedure_name=str(row["procedure_name"]),
        unit=row["unit"],
        value_type=row["value_type"] or ("FLOAT" if control["mean"] else "TEXT"),
        required=row["required"] == "true",
        kind=str(control["kind"]),
        stage="late" if is_late else _values(control["stages"])[0],
        increased=row["increased_mp"],
        decreased=row["decreased_mp"],
        abnormal=row["abnormal_mp"],
        categories=tuple(label for label in (row["normal_category"], row["abnormal_category"]) if label),
        mean=float(control["mean"] or 0),
        standard_deviation=float(control["sd"] or 1),
        female_shift=float(control["female_shift"] or 0),
        abnormal_rate=float(control["abnormal_rate"] or 0),
    )


def _read_pipelines() -> tuple[Pipeline, ...]:
    return tuple(
        Pipeline(
            row["pipeline_stable_id"],
            row["pipeline_name"],
            row["pipeline_stable_key"],
            _values(row["procedures"]),
        )
        for row in read_table("pipelines.tsv").iter_rows(named=True)
    )


def _read_centres(pipelines: Iterable[Pipeline]) -> tuple[Centre, ...]:
    by_id = {pipeline.stable_id: pipeline for pipeline in pipelines}
    return tuple(
        Centre(
            name=row["centre"],
            colony_code=row["colony_code"],
            allele_code=row["allele_code"],
            project=row["project"],
            work_group=row["work_group"],
            strain_name=row["strain_name"],
            strain_accession=row["strain_accession_id"],
            early_pipeline=by_id[row["early_pipeline"]],
            late_pipeline=by_id.get(row["late_pipeline"] or ""),
        )
        for row in read_table("centres.tsv").iter_rows(named=True)
    )


def _linked(
    genes: pl.DataFrame,
    expected: Mapping[str, set[str]],
    parameters: Sequence[Parameter],
    measurements: Sequence[str],
    mp: Ontology,
) -> IntArray:
    """Which measurements a gene's diseases speak of, and in which direction (see World)."""
    columns = {measurement: column for column, measurement in enumerate(measurements)}
    linked = np.zeros((genes.height, len(measurements)), dtype=np.int64)
    for gene, number in enumerate(genes["ncbi_gene"]):
        terms = expected.get(f"NCBIGene:{number}", set())
        for parameter in parameters if terms else ():
            direction = _direction(parameter, terms, mp)
            if direction:
                linked[gene, columns[parameter.measurement]] = direction
    return linked


def _expected_terms(links: pl.DataFrame, annotations: pl.DataFrame) -> dict[str, set[str]]:
    """By NCBI gene, the MP terms that HP terms of its diseases are mapped to."""
    mapped: dict[str, set[str]] = {}
    for row in read_table("mappings.sssom.tsv").iter_rows(named=True):
        mapped.setdefault(row["object_id"], set()).add(row["subject_id"])
    profiles: dict[str, set[str]] = {}
    for row in annotations.filter(pl.col("qualifier").is_null()).iter_rows(named=True):
        profiles.setdefault(row["database_id"], set()).update(mapped.get(row["hpo_id"], ()))
    expected: dict[str, set[str]] = {}
    for row in links.iter_rows(named=True):
        expected.setdefault(row["ncbi_gene_id"], set()).update(profiles.get(row["disease_id"], ()))
    return expected


def _direction(parameter: Parameter, terms: set[str], mp: Ontology) -> int:
    for term, direction in ((parameter.increased, 1), (parameter.decreased, -1), (parameter.abnormal, 2)):
        if term and (term in terms or terms.intersection(mp.parents[term])):
            return direction
    return 0


def _values(cell: str | None) -> tuple[str, ...]:
    return tuple(cell.split("|")) if cell else ()
