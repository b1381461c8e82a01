"""IMPReSS parameters as its API serves them, one row for each parameter and procedure (a crawl of 2020).

CSV with quotes, some cells with line ends. `parameterKey` is the stable id; `procedureId`, `unit` and the collections are
numbers inside IMPReSS that mean nothing without its other tables, so the procedure follows from the stable id: the
group, which is the id without version, cannot name one procedure, and other files do. A parameter repeats for each
procedure; the first row counts.
"""

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from impckg.graph.identifiers import mint_column
from impckg.loaders import rules
from impckg.loaders.source import Batch, Context, Source, things
from impckg.loaders.table import read_delimited

_COLUMNS = {
    "parameterKey": "stable_id",
    "type": "type",
    "name": "name",
    "valueType": "value_type",
    "isRequired": "required",
    "isDeleted": "deleted",
}
_STABLE_ID = r"^[A-Z0-9-]+(_[A-Z0-9-]+){2,3}$"
_BOOLEANS: dict[str, bool] = {"True": True, "False": False}


def read(path: Path, context: Context) -> Iterator[Batch]:
    """Parameter tables."""
    seen = rules.Seen()
    for block in read_delimited(path, ",", list(_COLUMNS), quoted=True, limit=context.limit):
        rows = rules.rename(block, _COLUMNS)
        rows = rules.present(rows, "stable_id", "name")
        rows = rules.values_matching(rows, "stable_id", _STABLE_ID, "malformed_stable_id")
        rows = rows.put_aside(
            pl.col("deleted") == "True", "deleted_in_impress", "deleted", pl.col("stable_id")
        )
        rows = seen.first_only(rows, ["stable_id"], "repeats_a_parameter")
        parameters = things(
            rows.kept,
            "Parameter",
            id=mint_column("parameter", pl.col("stable_id")),
            stable_id=pl.col("stable_id"),
            label=pl.col("name").str.strip_chars(),
            parameter_type=pl.col("type"),
            value_type=pl.col("value_type"),
            required_parameter=pl.col("required").replace_strict(
                _BOOLEANS, default=None, return_dtype=pl.Boolean
            ),
        )
        yield Batch(rows, {"Parameter": parameters})


SOURCE = Source(
    reader="impress_crawl",
    title="IMPReSS parameters (API crawl)",
    publisher="International Mouse Phenotyping Consortium",
    licence="https://creativecommons.org/licenses/by/4.0/",
    kinds=("Parameter",),
    read=read,
)
