"""Ontologies from OBO files: terms, is_a edges and cross-references as tables.

The files are those of the OBO Foundry, gzipped or not (OBO 1.2 and 1.4,
http://purl.obolibrary.org/obo/oboformat/spec.html); MP, HP and MONDO are the ones that the graph is
built from. An empty cell is null for a text and [] for a list; a list keeps the order of the file, each value
once.

fastobo does the parsing. pronto is built on it, takes twice as long, and drops the qualifiers in braces by
which MONDO tells an equivalent cross-reference from any other.
"""

import codecs
import gzip
import io
import re
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import fastobo
import polars as pl

from impckg.graph.errors import DamagedFile, OntologyError, SourceError

TERM_SCHEMA: Mapping[str, pl.DataType] = {
    "id": pl.String(),
    "label": pl.String(),
    "definition": pl.String(),
    "comment": pl.String(),
    "obsolete": pl.Boolean(),
    "replaced_by": pl.List(pl.String()),
    "consider": pl.List(pl.String()),
    "alternative_ids": pl.List(pl.String()),
    "subsets": pl.List(pl.String()),
    "exact_synonyms": pl.List(pl.String()),
    "broad_synonyms": pl.List(pl.String()),
    "narrow_synonyms": pl.List(pl.String()),
    "related_synonyms": pl.List(pl.String()),
    "parents": pl.List(pl.String()),
}

XREF_SCHEMA: Mapping[str, pl.DataType] = {
    "term": pl.String(),
    "xref": pl.String(),
    "equivalent": pl.Boolean(),
}

# How MONDO marks a cross-reference to the same disease elsewhere: xref: OMIM:1 {source="MONDO:equivalentTo"}.
EQUIVALENT = "MONDO:equivalentTo"

GZIP_MAGIC = b"\x1f\x8b"

# Which clause of a term frame fills which column, and the clause's attribute that holds the value.
_SINGLE_CLAUSES = {
    fastobo.term.NameClause: ("label", "name"),
    fastobo.term.DefClause: ("definition", "definition"),
    fastobo.term.CommentClause: ("comment", "comment"),
    fastobo.term.IsObsoleteClause: ("obsolete", "obsolete"),
}
_LIST_CLAUSES = {
    fastobo.term.ReplacedByClause: ("replaced_by", "term"),
    fastobo.term.ConsiderClause: ("consider", "term"),
    fastobo.term.AltIdClause: ("alternative_ids", "alt_id"),
    fastobo.term.SubsetClause: ("subsets", "subset"),
    fastobo.term.IsAClause: ("parents", "term"),
}
_SYNONYM_COLUMNS = {
    "EXACT": "exact_synonyms",
    "BROAD": "broad_synonyms",
    "NARROW": "narrow_synonyms",
    "RELATED": "related_synonyms",
}
_LIST_COLUMNS = [column for column, dtype in TERM_SCHEMA.items() if isinstance(dtype, pl.List)]
_SINGLE_COLUMNS = [column for column in TERM_SCHEMA if column not in _LIST_COLUMNS]


@dataclass(frozen=True, eq=False)
class Ontology:
    """One ontology as read from its file.

    prefix: of its terms, as in `MP`.
    version: the file's `data-version` as written; None where it states none.
    terms: one row for each term of the prefix, obsolete ones too, sorted by id; columns of TERM_SCHEMA.
        `parents` is what the file says, `edges` is what holds.
    edges: (child, parent), is_a between live terms, each once, sorted.
    xrefs: (term, xref, equivalent), each once, sorted, obsolete terms too; equivalent where the file says
        that both are the same disease (MONDO only).
    dangling: (child, parent), is_a from a live term to something that is no live term of this prefix in the
        file; sorted. Empty for a release that is whole.
    """

    prefix: str
    version: str | None
    terms: pl.DataFrame
    edges: pl.DataFrame
    xrefs: pl.DataFrame
    dangling: pl.DataFrame


def read_ontology(path: Path, prefix: str) -> Ontology:
    """Read the terms with a prefix from an OBO file, with their hierarchy and cross-references.

    path: OBO in UTF-8 with LF or CRLF, gzipped or not whatever its name.
    prefix: of the terms to keep, without the colon; terms of other ontologies and relations are left out.

    Raises SourceError if the file cannot be opened; DamagedFile if it is empty, truncated, not UTF-8 or not
    OBO; OntologyError, with the line where it is known, if its syntax is wrong, a term is defined twice or
    says twice what can be said once, or no term has the prefix. OBO states no length: a file without gzip
    that is cut between two lines cannot be told from a whole one.
    """
    document = _document(path)
    try:
        frames = fastobo.iter(io.BytesIO(document), ordered=True, threads=1)
        version = _version(frames.header())
        found = _collect(frames, prefix, path, document)
    except SyntaxError as error:
        raise _syntax_error(path, error) from error
    terms = _terms(found)
    edges, dangling = _hierarchy(terms)
    xrefs = pl.DataFrame(found.xrefs, schema=XREF_SCHEMA)
    return Ontology(
        prefix=prefix,
        version=version,
        terms=terms,
        edges=edges,
        xrefs=xrefs.group_by("term", "xref").agg(pl.col("equivalent").any()).sort("term", "xref"),
        dangling=dangling,
    )


def _document(path: Path) -> bytes:
    """Unpack and check the file; the lines keep their numbers."""
    try:
        document = path.read_bytes()
    except OSError as error:
        raise SourceError(f"{path.name}: cannot be read: {error.strerror}") from error
    if document.startswith(GZIP_MAGIC):
        document = _unpacked(document, path)
    document = document.removeprefix(codecs.BOM_UTF8)
    if not document.strip():
        raise DamagedFile(f"{path.name}: is empty; expected an OBO file")
    try:
        document.decode()
    except UnicodeDecodeError as error:
        line = document.count(b"\n", 0, error.start) + 1
        found = f"byte 0x{document[error.start]:02x} is not UTF-8"
        raise DamagedFile(f"{path.name}:{line}: {found}; expected OBO in UTF-8") from error
    if not document.endswith(b"\n"):
        line = document.count(b"\n") + 1
        raise DamagedFile(
            f"{path.name}:{line}: ends inside a line; expected a line end as the last character"
        )
    # OBO allows a comment on a line of its own anywhere; fastobo 0.14 refuses it in the header and panics on
    # it inside a frame. Emptied, not dropped, so that the lines keep their numbers.
    return re.sub(rb"(?m)^[ \t]*![^\n]*", b"", document)


def _unpacked(document: bytes, path: Path) -> bytes:
    try:
        return gzip.decompress(document)
    except EOFError as error:
        raise DamagedFile(f"{path.name}: is truncated; expected a whole gzip file") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise DamagedFile(f"{path.name}: is damaged; expected a whole gzip file") from error


def _syntax_error(path: Path, error: SyntaxError) -> DamagedFile | OntologyError:
    found = (error.text or "").rstrip("\n\r␊")[:80]
    if error.lineno == 1:
        return DamagedFile(
            f"{path.name}:1: {found!r} does not begin an OBO file; expected 'format-version: 1.2'"
        )
    return OntologyError(f"{path.name}:{error.lineno}: {found!r} is not OBO: {error.msg}")


def _version(header: Iterable[Any]) -> str | None:
    for clause in header:
        if isinstance(clause, fastobo.header.DataVersionClause):
            return str(clause.version).strip() or None
    return None


@dataclass(frozen=True, eq=False)
class _Found:
    """What the frames say, in the order of the file.

    single: column -> one value for each term.
    lists: column -> term and value, a pair for each clause: much quicker to make a table from than a list for
        each term.
    xrefs: column of XREF_SCHEMA -> its values.
    """

    single: dict[str, list[Any]] = field(default_factory=lambda: {column: [] for column in _SINGLE_COLUMNS})
    lists: dict[str, dict[str, list[str]]] = field(
        default_factory=lambda: {column: {"id": [], column: []} for column in _LIST_COLUMNS}
    )
    xrefs: dict[str, list[Any]] = field(default_factory=lambda: {column: [] for column in XREF_SCHEMA})


def _collect(frames: Iterable[Any], prefix: str, path: Path, document: bytes) -> _Found:
    found = _Found()
    terms: set[str] = set()
    others: set[str] = set()
    for frame in frames:
        if not isinstance(frame, fastobo.term.TermFrame):
            continue
        term = _identifier(frame.id)
        if not term.startswith(f"{prefix}:"):
            others.add(term.partition(":")[0])
            continue
        if term in terms:
            first, second = _lines(document, term)[:2]
            raise OntologyError(
                f"{path.name}:{second}: {term} is defined again; expected once (the first is on line {first})"
            )
        terms.add(term)
        _add(found, frame, term, path)
    if not terms:
        instead = f"terms of {', '.join(sorted(others))}" if others else "no terms"
        raise OntologyError(f"{path.name}: holds {instead}; expected terms of {prefix}")
    return found


def _add(found: _Found, frame: Any, term: str, path: Path) -> None:
    single: dict[str, Any] = {"id": term}
    for clause in frame:
        kind = type(clause)
        if kind is fastobo.term.XrefClause:
            found.xrefs["term"].append(term)
            found.xrefs["xref"].append(_identifier(clause.xref.id))
            found.xrefs["equivalent"].append(_is_equivalent(clause))
        elif kind is fastobo.term.SynonymClause:
            column = _SYNONYM_COLUMNS[clause.synonym.scope]
            found.lists[column]["id"].append(term)
            found.lists[column][column].append(clause.synonym.desc.strip())
        elif kind in _LIST_CLAUSES:
            column, attribute = _LIST_CLAUSES[kind]
            found.lists[column]["id"].append(term)
            found.lists[column][column].append(_identifier(getattr(clause, attribute)))
        elif kind in _SINGLE_CLAUSES:
            column, attribute = _SINGLE_CLAUSES[kind]
            if column in single:
                raise OntologyError(f"{path.name}: {term} has more than one {clause.raw_tag()}; expected one")
            value = getattr(clause, attribute)
            single[column] = value.strip() or None if isinstance(value, str) else value
    for column, values in found.single.items():
        values.append(single.get(column))


def _is_equivalent(clause: Any) -> bool:
    qualifiers = clause.qualifiers
    return qualifiers is not None and any(
        qualifier.value == EQUIVALENT and str(qualifier.key) == "source" for qualifier in qualifiers
    )


def _identifier(identifier: Any) -> str:
    """Write an identifier without the escapes of OBO, which `str()` keeps.

    >>> _identifier(fastobo.id.PrefixedIdent("Wikipedia", "Talk:Mouse"))
    'Wikipedia:Talk:Mouse'
    """
    text = str(identifier)
    if "\\" not in text:
        return text
    if isinstance(identifier, fastobo.id.PrefixedIdent):
        return f"{identifier.prefix}:{identifier.local}"
    return str(identifier.unescaped) if isinstance(identifier, fastobo.id.UnprefixedIdent) else text


def _lines(document: bytes, term: str) -> list[int]:
    """On which lines, counted from 1, a frame with this id begins."""
    found = re.finditer(rb"(?m)^id:\s*" + re.escape(term.encode()) + rb"\s*(?:!|\{|\r?$)", document)
    return [document.count(b"\n", 0, match.start()) + 1 for match in found]


def _terms(found: _Found) -> pl.DataFrame:
    terms = pl.DataFrame(found.single, schema={column: TERM_SCHEMA[column] for column in _SINGLE_COLUMNS})
    for column, pairs in found.lists.items():
        lists = (
            pl.DataFrame(pairs, schema={"id": pl.String, column: pl.String})
            .unique(maintain_order=True)
            .group_by("id", maintain_order=True)
            .agg(pl.col(column))
        )
        terms = terms.join(lists, on="id", how="left").with_columns(pl.col(column).fill_null([]))
    return terms.with_columns(pl.col("obsolete").fill_null(False)).select(*TERM_SCHEMA).sort("id")


def _hierarchy(terms: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """(edges, dangling) of an ontology's terms, both (child, parent)."""
    live = terms.filter(~pl.col("obsolete"))
    said = (
        live.select(child="id", parent="parents")
        .explode("parent", empty_as_null=False, keep_nulls=False)
        .unique()
        .sort("child", "parent")
    )
    is_live = pl.col("parent").is_in(live["id"].implode())
    return said.filter(is_live), said.filter(~is_live)
