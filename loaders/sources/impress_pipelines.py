"""IMPReSS pipelines, procedures, parameters and the MP terms that each can call, from the Solr core `pipeline`.

CSV export, with quotes; one row for each pipeline, procedure and parameter. Cells with several values join them by
commas. `increased_mp_id`, `decreased_mp_id` and `abnormal_mp_id` are the terms that a result in that direction earns,
`mp_id` all of them.
"""

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from impckg.graph.identifiers import mint_column
from impckg.loaders import mentions, rules
from impckg.loaders.source import Batch, Context, Source, things
from impckg.loaders.table import Rows, read_delimited

_REQUIRED = (
    "pipeline_stable_id", "pipeline_name", "procedure_stable_id", "procedure_name", "parameter_stable_id",
    "parameter_name", "mp_id",
)  # fmt: skip
_OPTIONAL = (
    "unit_x", "data_type", "observation_type", "required", "increased_mp_id", "decreased_mp_id", "abnormal_mp_id",
)  # fmt: skip
_TERMS = ("mp_id", "increased_mp_id", "decreased_mp_id", "abnormal_mp_id")
_BOOLEANS: dict[str, bool] = {"true": True, "false": False}


def read(path: Path, context: Context) -> Iterator[Batch]:
    """Pipeline, Procedure and Parameter."""
    seen = rules.Seen()
    for block in read_delimited(path, ",", _REQUIRED, quoted=True, limit=context.limit):
        absent = [pl.lit(None, pl.String).alias(name) for name in _OPTIONAL if name not in block.kept.columns]
        rows = block.with_kept(block.kept.with_columns(absent))
        rows = rules.rename(rows, {name: name for name in (*_REQUIRED, *_OPTIONAL)})
        rows = rules.present(rows, "pipeline_stable_id", "procedure_stable_id", "parameter_stable_id")
        rows = seen.first_only(rows, ["pipeline_stable_id", "procedure_stable_id", "parameter_stable_id"])
        rows = rules.lists(rows, ",", *_TERMS)
        rows = rules.change(rows, terms=pl.concat_list(*_TERMS).list.unique().list.sort())
        rows = rules.item_curies(rows, "terms", "MP", "MPATH")
        rows, replaced = rules.terms(rows, "terms", context.terms)
        yield Batch(rows, _tables(rows), (replaced,))


def _tables(rows: Rows) -> dict[str, pl.DataFrame]:
    frame = rows.kept
    mentioned = mentions.parameters(frame, "parameter_stable_id", "parameter_name", "procedure_stable_id")
    details = frame.group_by("parameter_stable_id", maintain_order=True).agg(
        pl.col("unit_x", "data_type", "observation_type", "required").drop_nulls().first(),
        pl.col("terms").explode().drop_nulls().unique().sort(),
    )
    details = things(
        details,
        "Parameter",
        id=mint_column("parameter", pl.col("parameter_stable_id")),
        unit_label=pl.col("unit_x"),
        value_type=pl.col("data_type"),
        parameter_type=pl.col("observation_type"),
        required_parameter=pl.col("required").replace_strict(
            _BOOLEANS, default=None, return_dtype=pl.Boolean
        ),
        can_reveal=pl.col("terms"),
    )
    return {
        "Pipeline": mentions.pipelines(frame, "pipeline_stable_id", "pipeline_name"),
        "Procedure": mentions.procedures(
            frame, "procedure_stable_id", "procedure_name", "pipeline_stable_id"
        ),
        "Parameter": mentioned.join(details, on="id", how="left", maintain_order="left"),
    }


SOURCE = Source(
    reader="impress_pipelines",
    title="IMPReSS pipelines, procedures and parameters (Solr core pipeline)",
    publisher="International Mouse Phenotyping Consortium",
    licence="https://creativecommons.org/licenses/by/4.0/",
    kinds=("Pipeline", "Procedure", "Parameter"),
    read=read,
    needs=("mp",),
)
