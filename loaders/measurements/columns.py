"""What tables of animals call their columns.

Read from the `experiment` core of the IMPC, the portal's raw export, and the tables that come with PhenStat and OpenStats:
names are compared in lower case, with everything but letters and digits as one underscore; a name of signs alone is itself.
"""

import re
from collections.abc import Mapping, Sequence

from impckg.graph.errors import BadParameter, MissingColumn

ROLES: Mapping[str, tuple[str, ...]] = {
    "specimen": (
        "external_sample_id", "specimen_id", "specimen", "mouse", "mouse_id", "animal_id", "animal", "mouse_name", "id",
    ),
    "group": ("biological_sample_group", "sample_group", "group"),
    "genotype": ("genotype",),
    "sex": ("sex", "gender"),
    "date": ("date_of_experiment", "assay_date", "date_of_procedure_start", "experiment_date", "date", "batch"),
    "weight": ("weight", "weight_value", "body_weight", "weight_grams", "weight_g"),
    "colony": ("colony_id", "colony_prefix", "colony_name", "colony", "line"),
    "zygosity": ("zygosity",),
    "gene": ("gene_accession_id", "marker_accession_id", "gene_id"),
    "gene_symbol": ("gene_symbol", "marker_symbol", "gene_name", "mutated_gene"),
    "allele_symbol": ("allele_symbol",),
    "centre": ("phenotyping_center", "phenotyping_centre"),
    "pipeline": ("pipeline_stable_id",),
    "procedure": ("procedure_stable_id",),
    "strain": ("strain_accession_id",),
    "metadata_group": ("metadata_group",),
    "parameter": ("parameter_stable_id", "parameter_id", "parameter"),
    "parameter_name": ("parameter_name",),
    "number": ("data_point", "value"),
    "category": ("category",),
    "text": ("text_value",),
}  # fmt: skip
"""What a column may be, and the names for it, the preferred first."""

_NO_MEASUREMENT = re.compile(
    r"^(number|x(_\d+)?|unnamed(_\d+)?|column_\d+)?$|birth|datetime|(^|_)date(_|$)|^age_|_age$|comment|equipment|manufacturer"
    r"|anaesthe|anesthe|strain|cohort|pipeline|version|metadata|experimenter|balance|calibration|hitachi|cup$"
    r"|_id$|_name$|^mouse|^project|^litter|_status$|^is_complete$|^level_used$|dilution|haemolysis|blood_volume|^plasma"
)
"""Columns of wide tables that describe animals and instruments; these are measured only where they are asked for."""


def plain(name: str) -> str:
    """A name as names are compared.

    >>> plain("Bone.Mineral Density")
    'bone_mineral_density'
    """
    return re.sub(r"[\W_]+", "_", name.casefold()).strip("_") or name.casefold()


def find_columns(names: Sequence[str], given: Mapping[str, str], file: str) -> dict[str, str]:
    """The column of each role that a table has one for.

    names: of its columns. given: role to column, as its owner says. file: its name, for messages.

    Raises BadParameter where a given role or column is unknown, MissingColumn where there is nothing to tell sexes, or
    controls from mutants.
    """
    by_plain = {plain(name): name for name in reversed(names)}
    found = {
        role: next(by_plain[name] for name in known if name in by_plain)
        for role, known in ROLES.items()
        if any(name in by_plain for name in known)
    }
    for role, name in given.items():
        if role not in ROLES:
            raise BadParameter(f"{role!r} is no role of a column; expected one of {', '.join(ROLES)}")
        if name not in names:
            raise BadParameter(f"{file}: no column {name!r}; it has {', '.join(map(repr, names))}")
        found[role] = name
    if "sex" not in found:
        raise MissingColumn(_missing(file, "sex", "sex", names))
    if "group" not in found and "genotype" not in found:
        raise MissingColumn(_missing(file, "genotype", "group or genotype", names))
    return found


def may_be_measured(name: str) -> bool:
    """Whether a column of a wide table is taken for a measurement without being asked for.

    >>> may_be_measured("Lean Mass"), may_be_measured("Birth Date"), may_be_measured("Number Of Ribs Left")
    (True, False, True)
    """
    return _NO_MEASUREMENT.search(plain(name)) is None


def _missing(file: str, role: str, what: str, names: Sequence[str]) -> str:
    return (
        f"{file}: no column for {what}; found {', '.join(map(repr, names))}; "
        f"expected one such as {', '.join(map(repr, ROLES[role]))}, or say which: --column {role}=NAME"
    )
