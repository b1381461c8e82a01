"""One ontology file as axioms, whatever its format.

py-horned-owl reads OBO, OWL functional syntax, OWL/XML, Manchester syntax, RDF/XML, Turtle and N-Triples; OBO Graphs JSON is
read by obographs.py. What py-horned-owl leaves out of a file without a word is put back where that can be done (property
chains of OBO), and told otherwise (`Document.left_out`).
"""

import codecs
import gzip
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from pyhornedowl import PyIndexedOntology, open_ontology_from_string
from pyhornedowl import model as owl

from impckg.graph.errors import DamagedFile, OntologyError, SourceError
from impckg.ontology.documents import formats, obo, obographs, triples

_GZIP_MAGIC = b"\x1f\x8b"
_MIB = 1024 * 1024
_BLOCK = 1 * _MIB


@dataclass(frozen=True)
class Limits:
    """What a file may need. mebibytes: its length when unpacked; reading takes some 8 to 25 times as much memory."""

    mebibytes: int = 1024


@dataclass(frozen=True, eq=False)
class Document:
    """An ontology as one file says it.

    name: of the file, as messages name it. format: as in `formats.FORMATS`.
    iri, version_iri: what the ontology calls itself; None where it does not say.
    imports: IRIs of ontologies that it asks for.
    components: its axioms and annotations, sorted by their text in functional syntax.
    left_out: RDF statements that are no part of any axiom: (predicate, how many).
    """

    name: str
    format: str
    iri: str | None
    version_iri: str | None
    imports: tuple[str, ...]
    components: tuple[owl.AnnotatedComponent, ...]
    left_out: tuple[tuple[str, int], ...] = ()


def read_document(path: Path, limits: Limits = Limits()) -> Document:
    """Read an ontology file: OBO, OBO Graphs JSON, OWL functional, OWL/XML, Manchester, RDF/XML, Turtle or N-Triples.

    The file may be gzipped, whatever its name. Its format is told by how it begins, or by its name where that is not enough.

    Raises SourceError if it cannot be opened or is longer than it may be; DamagedFile if it is empty, truncated, not UTF-8
    or of no known format; OntologyError, with line and column, if it breaks the rules of its format.
    """
    text = _text(path, limits)
    found = formats.recognise(text, path.name)
    if found == formats.OBO_GRAPHS:
        components = obographs.components(text, path.name)
        return document(path.name, found, components)
    try:
        ontology = open_ontology_from_string(text, found)
    except ValueError as error:
        raise _syntax_error(path.name, found, text, str(error)) from error
    components = ontology.get_components()
    if found == formats.OBO:
        components = _mended(text, components)
    if found in formats.RDF:
        sets = triples.disjoint_sets(text, found)
        return document(path.name, found, [*components, *sets], triples.left_out(text, found, ontology, sets))
    return document(path.name, found, components)


def _mended(text: str, components: list[owl.AnnotatedComponent]) -> list[owl.AnnotatedComponent]:
    """The components of an OBO document, with what py-horned-owl leaves out."""
    found = [*components, *obo.chains(text, components)]
    for place, component in enumerate(found):
        identity = component.component
        if isinstance(identity, owl.OntologyID) and identity.viri is None:
            version = obo.version(text, str(identity.iri) if identity.iri is not None else None)
            if version is not None:
                found[place] = owl.AnnotatedComponent(
                    owl.OntologyID(identity.iri, owl.IRI.parse(version)), set()
                )
    return found


def document(
    name: str,
    format_: str,
    components: Sequence[owl.AnnotatedComponent],
    left_out: tuple[tuple[str, int], ...] = (),
) -> Document:
    """Make a document of components in any order."""
    ordered = tuple(sorted(components, key=str))
    iri = version_iri = None
    imports = []
    for component in ordered:
        said = component.component
        if isinstance(said, owl.OntologyID):
            iri = str(said.iri) if said.iri is not None else None
            version_iri = str(said.viri) if said.viri is not None else None
        elif isinstance(said, owl.Import):
            imports.append(str(said.first))
    return Document(name, format_, iri, version_iri, tuple(imports), ordered, left_out)


def ontology_of(components: Sequence[owl.AnnotatedComponent]) -> PyIndexedOntology:
    """Put components into py-horned-owl's container, which writes them in any format.

    Three disjoint classes or properties become three pairs: of a longer axiom it writes some pairs only, as RDF.
    """
    ontology = PyIndexedOntology()
    for component in components:
        said = component.component
        if isinstance(said, owl.DisjointClasses | owl.DisjointObjectProperties) and len(said.first) > 2:
            for pair in combinations(said.first, 2):
                ontology.add_component(type(said)(list(pair)), component.ann)
        else:
            ontology.add_component(said, component.ann)
    return ontology


def _text(path: Path, limits: Limits) -> str:
    content = _content(path, limits.mebibytes * _MIB).removeprefix(codecs.BOM_UTF8)
    if not content.strip():
        raise DamagedFile(f"{path.name}: is empty; expected an ontology")
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        found = f"byte 0x{content[error.start]:02x} is not UTF-8"
        raise DamagedFile(f"{path.name}:{line}: {found}; expected an ontology in UTF-8") from error


def _content(path: Path, most: int) -> bytes:
    """Read and unpack, block by block, so that a file that is too long is refused before it fills memory."""
    try:
        with path.open("rb") as file:
            packed = file.read(len(_GZIP_MAGIC)) == _GZIP_MAGIC
            file.seek(0)
            blocks, length = [], 0
            reader = gzip.GzipFile(fileobj=file) if packed else file
            while block := reader.read(_BLOCK):
                blocks.append(block)
                length += len(block)
                if length > most:
                    raise SourceError(
                        f"{path.name}: is longer than {most // _MIB:,} MiB when unpacked; "
                        "expected less, or a higher limit"
                    )
    except EOFError as error:
        raise DamagedFile(f"{path.name}: is truncated; expected a whole gzip file") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise DamagedFile(f"{path.name}: is damaged; expected a whole gzip file") from error
    except OSError as error:
        raise SourceError(f"{path.name}: cannot be read: {error.strerror}") from error
    return b"".join(blocks)


# How py-horned-owl 2.0 tells where it stopped: pest's position, the RDF parsers' position, or a byte.
_PEST = re.compile(r"line_col: (?:Pos|Span)\(\(?\(?(\d+), (\d+)\)")
_EXPECTED = re.compile(r"positives: \[([^\]]*)\]")
_TURTLE = re.compile(
    r"TextPosition \{ line: (\d+), column: (\d+), offset: \d+ \}\.\.TextPosition.*?message: \"(.*?)\" \}"
)
_BYTE = re.compile(r"^Failed to open ontology: \w+\(\"(.*?)\", BytePosition\((\d+)\)")


def _syntax_error(name: str, format_: str, text: str, message: str) -> OntologyError:
    """Say what a parser said, with line and column, both counted from 1."""
    expected = formats.FORMATS[format_]
    if found := _PEST.search(message):
        line, column = int(found[1]), int(found[2])
        wanted = _EXPECTED.search(message)
        missing = f"; here: {wanted[1]}" if wanted and wanted[1] else ""
        return _error_at(name, line, column, text, f"expected {expected}{missing}")
    if found := _TURTLE.search(message):
        return _error_at(name, int(found[1]) + 1, int(found[2]) + 1, text, f"expected {expected}: {found[3]}")
    if format_ == formats.RDF_XML:
        place = triples.first_error(text)
        if place is not None:
            return OntologyError(f"{name}{place}; expected {expected}")
    if found := _BYTE.search(message):
        before = text.encode()[: int(found[2])].decode(errors="replace")
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        return _error_at(name, line, column, text, f"expected {expected}: {found[1]}")
    return OntologyError(f"{name}: cannot be read: {message[:200]}; expected {expected}")


def _error_at(name: str, line: int, column: int, text: str, expected: str) -> OntologyError:
    lines = text.splitlines()
    said = lines[line - 1].strip()[:60] if line <= len(lines) else "the end of the file"
    return OntologyError(f"{name}:{line}:{column}: cannot be read at {said!r}; {expected}")
