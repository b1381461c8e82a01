"""Names of things: prefixes, CURIEs and IRIs, all made here and nowhere else.

Other people's things keep their own IRIs: OBO PURLs for ontology terms, identifiers.org for genes and diseases.
Ours are readable and stable between releases: the parts of a key, escaped and joined with ``/``, below one base.
In tables every thing is a CURIE; it becomes an IRI on its way into the graph (graph/triples.py).

The table below is checked against Bioregistry in a test.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from urllib.parse import quote

import curies
import polars as pl

from impckg.graph.errors import KgError

BASE = "https://w3id.org/impckg/"
"""Where IRIs of our own things begin, unless a recipe says otherwise."""

UNNAMED_GRAPH = "urn:x-arq:DefaultGraph"
"""What the graph without a name is called where a graph must be named, as by Apache Jena. It is no IRI of the store."""

VOCABULARY = "https://w3id.org/impckg/ontology#"
"""Where the classes and properties of the graph live."""

OBO = "http://purl.obolibrary.org/obo/"
IDENTIFIERS_ORG = "https://identifiers.org/"


@dataclass(frozen=True)
class Prefix:
    """A prefix, the start of the IRIs it stands for, and what may follow it.

    pattern: a regular expression that a whole local identifier matches.
    aliases: other spellings that published files use.
    bioregistry: the key of the same resource in Bioregistry, None where it has none.
    """

    prefix: str
    namespace: str
    pattern: str
    aliases: tuple[str, ...] = ()
    bioregistry: str | None = None


_OBO_IDENTIFIER = re.compile(r"([A-Za-z][A-Za-z0-9]*)[:_]([A-Za-z0-9]+)")


def _obo(prefix: str, pattern: str, *aliases: str) -> Prefix:
    return Prefix(prefix, f"{OBO}{prefix}_", pattern, aliases, prefix.lower())


PREFIXES: tuple[Prefix, ...] = (
    # Things of the field.
    _obo("MP", r"[0-9]{7}"),
    _obo("HP", r"[0-9]{7}"),
    _obo("MONDO", r"[0-9]{7}"),
    Prefix("MGI", f"{IDENTIFIERS_ORG}MGI:", r"[0-9]+", ("mgi",), "mgi"),
    Prefix("HGNC", f"{IDENTIFIERS_ORG}hgnc:", r"[0-9]+", ("hgnc",), "hgnc"),
    Prefix("NCBIGene", f"{IDENTIFIERS_ORG}ncbigene:", r"[0-9]+", ("ncbigene", "NCBIGENE"), "ncbigene"),
    Prefix(
        "ENSEMBL",
        f"{IDENTIFIERS_ORG}ensembl:",
        r"ENS[A-Z]*[FPTG][0-9]{11}(\.[0-9]+)?",
        ("Ensembl",),
        "ensembl",
    ),
    Prefix("UniProtKB", f"{IDENTIFIERS_ORG}uniprot:", r"[A-Z0-9]+", ("UniProt",), "uniprot"),
    Prefix("OMIM", f"{IDENTIFIERS_ORG}mim:", r"[0-9]{6}", ("MIM",), "omim"),
    Prefix("OMIMPS", "https://omim.org/MIM:PS", r"[0-9]{6}", (), "omim.ps"),
    Prefix("ORPHA", f"{IDENTIFIERS_ORG}orphanet:", r"C?[0-9]+", ("Orphanet", "ORPHANET"), "orphanet"),
    Prefix("DECIPHER", "https://www.deciphergenomics.org/syndrome/", r"[0-9]+", (), "decipher"),
    Prefix("PMID", f"{IDENTIFIERS_ORG}pubmed:", r"[0-9]+", ("pubmed",), "pubmed"),
    # Other ontologies that calls, annotations and mappings mention.
    _obo("MPATH", r"[0-9]+"),
    _obo("MA", r"[0-9]+"),
    _obo("EMAPA", r"[0-9]+"),
    _obo("UBERON", r"[0-9]+"),
    _obo("CL", r"[0-9]{7}"),
    _obo("GO", r"[0-9]{7}"),
    _obo("CHEBI", r"[0-9]+"),
    _obo("PR", r"[A-Z0-9]+"),
    _obo("NBO", r"[0-9]{7}"),
    _obo("BFO", r"[0-9]{7}"),
    _obo("GENO", r"[0-9]{7}"),
    _obo("PATO", r"[0-9]{7}"),
    _obo("ECO", r"[0-9]{7}"),
    _obo("STATO", r"[0-9]{7}"),
    _obo("OBI", r"[0-9]{7}"),
    _obo("SEPIO", r"[0-9]{7}"),
    _obo("IAO", r"[0-9]{7}"),
    _obo("RO", r"(HOM)?[0-9]{7}"),
    _obo("SO", r"[0-9]{7}"),
    _obo("UPHENO", r"[0-9]+"),
    _obo("NCIT", r"[A-Z]+[0-9]+"),
    _obo("DOID", r"[0-9]+"),
    # Vocabularies.
    Prefix("kg", VOCABULARY, r"[A-Za-z0-9_][A-Za-z0-9_.-]*"),
    Prefix("rdf", "http://www.w3.org/1999/02/22-rdf-syntax-ns#", r"[A-Za-z0-9_]+", (), "rdf"),
    Prefix("rdfs", "http://www.w3.org/2000/01/rdf-schema#", r"[A-Za-z0-9_]+", (), "rdfs"),
    Prefix("owl", "http://www.w3.org/2002/07/owl#", r"[A-Za-z0-9_]+", (), "owl"),
    Prefix("xsd", "http://www.w3.org/2001/XMLSchema#", r"[A-Za-z0-9_]+", (), "xsd"),
    Prefix("skos", "http://www.w3.org/2004/02/skos/core#", r"[A-Za-z0-9_]+", (), "skos"),
    Prefix("dcterms", "http://purl.org/dc/terms/", r"[A-Za-z0-9_]+", (), "dcterms"),
    Prefix("dcat", "http://www.w3.org/ns/dcat#", r"[A-Za-z0-9_]+", (), "dcat"),
    Prefix("void", "http://rdfs.org/ns/void#", r"[A-Za-z0-9_]+", (), "void"),
    Prefix("prov", "http://www.w3.org/ns/prov#", r"[A-Za-z0-9_]+", (), "prov"),
    Prefix("foaf", "http://xmlns.com/foaf/0.1/", r"[A-Za-z0-9_]+", (), "foaf"),
    Prefix("sh", "http://www.w3.org/ns/shacl#", r"[A-Za-z0-9_]+", (), "sh"),
    Prefix("schema", "https://schema.org/", r"[A-Za-z0-9_]+", (), "schema"),
    Prefix("sssom", "https://w3id.org/sssom/", r"[A-Za-z0-9_]+", (), "sssom"),
    Prefix("semapv", "https://w3id.org/semapv/vocab/", r"[A-Za-z0-9_]+", (), "semapv"),
    Prefix("biolink", "https://w3id.org/biolink/vocab/", r"[A-Za-z0-9_]+", (), "biolink"),
    Prefix("oban", "http://purl.org/oban/", r"[A-Za-z0-9_]+", (), "oban"),
    Prefix("oboInOwl", "http://www.geneontology.org/formats/oboInOwl#", r"[A-Za-z0-9_-]+", ("oio",), "oio"),
)

OWN_PREFIX = "impckg"
"""The prefix of our own things; its namespace is the base of the release."""

_OWN_PATTERN = r"""[^\s<>"{}|\\^`\x00-\x20]+"""

# What may not stand in an IRI, what would change its path, and white space of any script; single pass, so "%" is safe.
_ESCAPES: Mapping[str, str] = {
    character: quote(character, safe="")
    for group in (
        "%/?#[]@!$&'()*+,;=<>\"{}|\\^`",
        *map(chr, range(0x21)),
        *map(chr, range(0x7F, 0xA1)),
        *"\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000",
    )
    for character in group
}
_ESCAPE_TABLE = str.maketrans(dict(_ESCAPES))

NOT_IN_IRIS: Mapping[str, str] = {
    character: f"%{ord(character):02X}" for character in [*map(chr, range(0x21)), *'<>"{}|^`\\']
}
"""The characters that the N-Triples grammar (IRIREF) does not let stand in an IRI, and what stands for them."""
_NOT_IN_IRIS = str.maketrans(dict(NOT_IN_IRIS))


@cache
def converter(base: str = BASE) -> curies.Converter:
    """The prefix table as a converter from CURIEs to IRIs and back, aliases included.

    >>> converter().expand("Orphanet:558")
    'https://identifiers.org/orphanet:558'
    >>> converter().compress("http://purl.obolibrary.org/obo/MP_0001262")
    'MP:0001262'
    """
    records = [
        curies.Record(
            prefix=p.prefix, uri_prefix=p.namespace, prefix_synonyms=list(p.aliases), pattern=p.pattern
        )
        for p in PREFIXES
    ]
    return curies.Converter([*records, curies.Record(prefix=OWN_PREFIX, uri_prefix=base)])


def namespaces(base: str = BASE) -> dict[str, str]:
    """Each prefix with the start of its IRIs, as SPARQL's PREFIX and Turtle's @prefix want them."""
    return {p.prefix: p.namespace for p in PREFIXES} | {OWN_PREFIX: base}


def iri(curie: str, base: str = BASE) -> str:
    """The IRI of the thing that a CURIE names.

    Raises KgError if the prefix is unknown or what follows it does not fit.

    >>> iri("MGI:1920145")
    'https://identifiers.org/MGI:1920145'
    """
    prefix, colon, local = curie.partition(":")
    known = _by_spelling().get(prefix)
    if not colon or (known is None and prefix != OWN_PREFIX):
        raise KgError(
            f"{curie!r} is not an identifier that we know: its prefix is none of {', '.join(sorted(namespaces()))}"
        )
    pattern = known.pattern if known else _OWN_PATTERN
    if not re.fullmatch(pattern, local):
        raise KgError(f"{curie!r} is not a well-formed identifier: after {prefix}: we expect {pattern}")
    return (known.namespace if known else base) + local


def obo_iri(identifier: str) -> str | None:
    """The IRI of a term of any OBO ontology, written as a CURIE or as in its IRI; None if it is neither.

    >>> obo_iri("BFO:0000051") == obo_iri("BFO_0000051")
    True
    """
    found = _OBO_IDENTIFIER.fullmatch(identifier)
    return f"{OBO}{found[1]}_{found[2]}" if found else None


def obo_curie(iri: str) -> str | None:
    """The CURIE of a term of any OBO ontology; None for any other IRI.

    >>> obo_curie("http://purl.obolibrary.org/obo/BFO_0000051")
    'BFO:0000051'
    """
    found = _OBO_IDENTIFIER.fullmatch(iri.removeprefix(OBO)) if iri.startswith(OBO) else None
    return f"{found[1]}:{found[2]}" if found else None


def identifier(iri: str) -> str:
    """What an IRI is called in tables: its CURIE, or the IRI in angle brackets where no prefix of ours fits.

    >>> identifier("http://purl.obolibrary.org/obo/UBERON_0000948"), identifier("http://example.org/a b")
    ('UBERON:0000948', '<http://example.org/a%20b>')
    """
    found = obo_curie(iri)
    if found is not None and found.partition(":")[0] in _by_spelling():
        return found
    return f"<{iri.translate(_NOT_IN_IRIS)}>"


def mint(kind: str, *parts: str) -> str:
    """The CURIE of one of our own things: its kind and the parts of its key, escaped.

    >>> mint("line", "MEYZ")
    'impckg:line/MEYZ'
    >>> mint("allele", "Syt4<em2(IMPC)H>")
    'impckg:allele/Syt4%3Cem2%28IMPC%29H%3E'

    Raises KgError where a part is empty: two keys could become the same.
    """
    if not all(parts):
        raise KgError(f"a {kind} cannot be named by {parts!r}: a part of its key is empty")
    return f"{OWN_PREFIX}:{kind}/" + "/".join(part.translate(_ESCAPE_TABLE) for part in parts)


def mint_column(kind: str, *parts: pl.Expr) -> pl.Expr:
    """`mint` for a whole column; null where a part is null.

    >>> frame = pl.DataFrame({"colony": ["A/1", None]})
    >>> frame.select(mint_column("line", pl.col("colony"))).to_series().to_list()
    ['impckg:line/A%2F1', None]
    """
    # A present but empty part is data like any other here; tables hold null for what is missing.
    escaped = [
        part.cast(pl.String).str.replace_many(list(_ESCAPES), list(_ESCAPES.values())) for part in parts
    ]
    joined = [piece for part in escaped for piece in (pl.lit("/"), part)]
    return pl.concat_str(pl.lit(f"{OWN_PREFIX}:{kind}"), *joined)


def standard_curies(column: pl.Expr) -> pl.Expr:
    """The same CURIEs with the spelling of their prefixes that this table prefers.

    >>> pl.select(standard_curies(pl.lit("Orphanet:558"))).item()
    'ORPHA:558'
    """
    aliases = {alias: p.prefix for p in PREFIXES for alias in p.aliases}
    prefix = column.str.extract(r"^([^:]*):", 1)
    return (
        pl.when(prefix.is_in(list(aliases)))
        .then(prefix.replace(aliases) + column.str.slice(prefix.str.len_chars().cast(pl.Int64)))
        .otherwise(column)
    )


def curie_pattern(prefixes: Iterable[str] = ()) -> str:
    """A regular expression that whole CURIEs of the given prefixes match; of all known ones where none are given."""
    chosen = set(prefixes) or {p.prefix for p in PREFIXES} | {OWN_PREFIX}
    patterns = [f"{p.prefix}:(?:{p.pattern})" for p in PREFIXES if p.prefix in chosen]
    if OWN_PREFIX in chosen:
        patterns.append(f"{OWN_PREFIX}:(?:{_OWN_PATTERN})")
    return f"^(?:{'|'.join(patterns)})$"


@cache
def _by_spelling() -> dict[str, Prefix]:
    return {spelling: p for p in PREFIXES for spelling in (p.prefix, *p.aliases)}
