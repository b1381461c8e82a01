"""From a table to N-Triples or N-Quads, a whole column at a time.

A row of a table of some kind becomes the statements about one thing: its class, and one statement for each value. What
a column becomes is said once, in the schema. Nothing here loops over rows: Polars builds the text of whole columns.

The text is N-Triples or N-Quads as https://www.w3.org/TR/n-triples/ and https://www.w3.org/TR/n-quads/ say; it is
loaded by path, which is the fastest way into the store.
"""

import itertools
from collections.abc import Iterator
from typing import BinaryIO

import polars as pl

from impckg.graph.errors import SchemaError
from impckg.graph.identifiers import BASE, NOT_IN_IRIS, OWN_PREFIX, PREFIXES, iri
from impckg.graph.schema import Column, Kind

RDF_TYPE = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
_XSD = "http://www.w3.org/2001/XMLSchema#"

# A batch this long keeps the text of all its statements below some 50 MB.
ROWS_PER_BATCH = 16_384

FIRST_MET = "_first_met"
"""A column that says for which rows the class is to be written; without it, for all."""

_DATATYPES = {"integer": "integer", "double": "double", "boolean": "boolean", "date": "date"}


def write_table(
    table: pl.DataFrame, kind: Kind, output: BinaryIO, graph: str | None = None, base: str = BASE
) -> int:
    """Write what a table of one kind says, and return the number of statements.

    table: any columns of the kind, the identifier among them; values as the sources give them.
    graph: the IRI of the named graph to write into; None writes N-Triples, for the default graph.

    Same table, same bytes: statements follow the rows, and within a row the columns of the kind.
    """
    statements = 0
    for batch in table.iter_slices(ROWS_PER_BATCH):
        statements += _write_batch(batch, kind, output, _end(graph), base)
    return statements


def write_links(
    links: pl.DataFrame, predicate: str, output: BinaryIO, graph: str | None = None, base: str = BASE
) -> int:
    """Write one statement for each row of a table of two CURIE columns, and return their number.

    predicate: the IRI of the property that leads from the first column to the second.
    """
    subject, target = links.columns
    written = 0
    for batch in links.iter_slices(ROWS_PER_BATCH * 8):
        text = pl.concat_str(
            resource(pl.col(subject), base),
            pl.lit(f" <{predicate}> "),
            resource(pl.col(target), base),
            pl.lit(_end(graph)),
        )
        lines = batch.select(text).drop_nulls()
        _write_text(lines, output)
        written += lines.height
    return written


def resource(curies: pl.Expr, base: str = BASE) -> pl.Expr:
    """CURIEs as IRIs in angle brackets; null where a prefix is unknown. An IRI in angle brackets stays as it is.

    >>> pl.select(resource(pl.lit("MP:0001262"))).item()
    '<http://purl.obolibrary.org/obo/MP_0001262>'
    """
    namespaces = {p.prefix: f"<{p.namespace}" for p in PREFIXES} | {OWN_PREFIX: f"<{base}"}
    parts = curies.str.splitn(":", 2)
    start = parts.struct.field("field_0").replace_strict(namespaces, default=None, return_dtype=pl.String)
    named = pl.concat_str(start, parts.struct.field("field_1"), pl.lit(">"))
    return pl.when(curies.str.starts_with("<")).then(curies).otherwise(named)


def literal(text: pl.Expr) -> pl.Expr:
    r"""Text as a quoted and escaped string literal.

    >>> print(pl.select(literal(pl.lit('5" tail'))).item())
    "5\" tail"
    """
    escaped = text.str.replace_many(["\\", '"', "\n", "\r"], ["\\\\", '\\"', "\\n", "\\r"])
    return pl.concat_str(pl.lit('"'), escaped, pl.lit('"'))


def term(column: Column, values: pl.Expr, base: str = BASE) -> pl.Expr:
    """The values of a column as RDF terms; null stays null."""
    if column.enumeration is not None:
        terms = {value.key: f"<{value.iri}>" for value in column.enumeration.values}
        return values.replace_strict(terms, default=None, return_dtype=pl.String)
    if column.is_identifier:
        return resource(values, base)
    if column.range == "uri":
        escaped = values.str.replace_many(list(NOT_IN_IRIS), list(NOT_IN_IRIS.values()))
        return pl.concat_str(pl.lit("<"), escaped, pl.lit(">"))
    if column.range == "string":
        return literal(values)
    datatype = _DATATYPES[column.range]
    text = values.cast(pl.String)
    if datatype == "double":
        # Polars says inf where XML Schema says INF; tables never hold NaN.
        text = text.replace({"inf": "INF", "-inf": "-INF"})
    return pl.concat_str(pl.lit('"'), text, pl.lit(f'"^^<{_XSD}{datatype}>'))


def _write_batch(batch: pl.DataFrame, kind: Kind, output: BinaryIO, end: str, base: str) -> int:
    identifier = kind.identifier.name
    if identifier not in batch.columns:
        raise SchemaError(
            f"a table of kind {kind.name} lacks its identifier {identifier!r}; it has {batch.columns}"
        )
    columns = [column for column in kind.columns[1:] if column.name in batch.columns]
    batch = batch.with_columns(resource(pl.col(identifier), base).alias("_subject"))
    subject = pl.col("_subject")
    types = [kind.iri, *map(iri, kind.also_types)]
    first_met = pl.col(FIRST_MET) if FIRST_MET in batch.columns else pl.lit(True)
    lines: list[pl.Expr] = [
        pl.when(first_met).then(pl.concat_str(subject, pl.lit(f" {RDF_TYPE} <{type_}>{end}")))
        for type_ in types
    ]
    lines += [_line(column, end, base) for column in columns if not column.many]
    written = batch.select(line.alias(str(number)) for number, line in enumerate(lines))
    _write_text(written.select(pl.concat_str(pl.all().fill_null(""))), output)
    # A line that is null is a cell that is empty, or that cannot be said in RDF; neither is a statement.
    statements: int = written.height * written.width - sum(written.null_count().row(0))
    return statements + sum(
        _write_many(batch, column, output, end, base) for column in columns if column.many
    )


def _line(column: Column, end: str, base: str) -> pl.Expr:
    return pl.concat_str(
        pl.col("_subject"), pl.lit(f" <{column.iri}> "), term(column, pl.col(column.name), base), pl.lit(end)
    )


def _write_many(batch: pl.DataFrame, column: Column, output: BinaryIO, end: str, base: str) -> int:
    values = batch.select("_subject", column.name).explode(column.name, empty_as_null=False, keep_nulls=False)
    lines = values.select(_line(column, end, base)).drop_nulls()
    _write_text(lines, output)
    return lines.height


def _write_text(lines: pl.DataFrame, output: BinaryIO) -> None:
    # As "CSV" without quotes, header or line ends: the fastest way from a column of strings to a file.
    lines.write_csv(output, include_header=False, quote_style="never", line_terminator="")


def _end(graph: str | None) -> str:
    return f" <{graph}> .\n" if graph else " .\n"


def batches(table: pl.LazyFrame, rows: int = ROWS_PER_BATCH) -> Iterator[pl.DataFrame]:
    """A lazy table piece by piece, so that a long one never lies in memory as a whole."""
    for offset in itertools.count(0, rows):
        batch = table.slice(offset, rows).collect()
        if batch.is_empty():
            return
        yield batch
