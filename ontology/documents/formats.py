"""Which format an ontology file is in."""

import re

from impckg.graph.errors import DamagedFile

OBO, FUNCTIONAL, OWL_XML, MANCHESTER, RDF_XML, TURTLE, N_TRIPLES, OBO_GRAPHS = (
    "obo",
    "ofn",
    "owx",
    "omn",
    "owl",
    "ttl",
    "nt",
    "json",
)

# The names under which py-horned-owl knows them, and people.
FORMATS = {
    OBO: "OBO",
    FUNCTIONAL: "OWL functional syntax",
    OWL_XML: "OWL/XML",
    MANCHESTER: "Manchester syntax",
    RDF_XML: "RDF/XML",
    TURTLE: "Turtle",
    N_TRIPLES: "N-Triples",
    OBO_GRAPHS: "OBO Graphs JSON",
}
RDF = (RDF_XML, TURTLE, N_TRIPLES)

_COMMENTS = re.compile(
    r"\A(?:\s+|#[^\n]*\n|![^\n]*\n|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^\[>]*(?:\[.*?\]\s*)?>)*", re.DOTALL
)
# How a file begins once comments are passed over, in the order in which they are tried.
_BEGINNINGS = (
    (FUNCTIONAL, re.compile(r"(?:Prefix|Ontology)\s*\(")),
    (MANCHESTER, re.compile(r"(?:Prefix|Ontology|Class|ObjectProperty|AnnotationProperty):\s")),
    (OBO, re.compile(r"(?:format-version|ontology|data-version|\[Term\]|\[Typedef\])\s*(?::|\n|\r)")),
    (OBO_GRAPHS, re.compile(r"\{")),
    (OWL_XML, re.compile(r"<(?:\w+:)?Ontology[\s>]")),
    (RDF_XML, re.compile(r"<(?:\w+:)?RDF[\s>]")),
    (
        N_TRIPLES,
        re.compile(r"(?:<[^>\s]*>|_:\S+)\s+<[^>\s]*>\s+(?:<[^>\s]*>|_:\S+|\"[^\n]*)\s*\.\s*(?:\n|\Z)"),
    ),
    (TURTLE, re.compile(r"(?:@prefix|@base|PREFIX|BASE|<|_:|\[|\w*:\w*\s)", re.IGNORECASE)),
)
_ENDINGS = {
    "obo": OBO,
    "ofn": FUNCTIONAL,
    "omn": MANCHESTER,
    "owx": OWL_XML,
    "ttl": TURTLE,
    "nt": N_TRIPLES,
    "json": OBO_GRAPHS,
}


def recognise(text: str, name: str) -> str:
    """Tell the format of an ontology by how it begins; by the ending of its name where it begins like none.

    Raises DamagedFile where neither tells.
    """
    begins = _COMMENTS.match(text, 0, 100_000)
    at = begins.end() if begins else 0
    for format_, beginning in _BEGINNINGS:
        if beginning.match(text, at):
            return format_
    for ending, format_ in _ENDINGS.items():
        if name.removesuffix(".gz").endswith(f".{ending}"):
            return format_
    line = text.count("\n", 0, at) + 1
    raise DamagedFile(
        f"{name}:{line}: {text[at : at + 40].strip()!r} does not begin an ontology; expected {', '.join(FORMATS.values())}"
    )
