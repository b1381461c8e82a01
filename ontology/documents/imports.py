"""Documents with everything that they import, found in a catalogue on disk; never on the network."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from impckg.graph.errors import OntologyError
from impckg.ontology.documents.document import Document, Limits, read_document


def read_closure(
    paths: Iterable[Path], catalogue: Mapping[str, Path], limits: Limits = Limits()
) -> tuple[Document, ...]:
    """Read documents, and those that they import, each once; a circle of imports is no harm.

    catalogue: the file of each IRI that may be imported.

    Returns the documents in the order in which they are met. Raises OntologyError where an import is not in the
    catalogue, and where two files call themselves the same ontology; for the rest, as `read_document()`.
    """
    waiting = list(paths)
    by_path: dict[Path, Document] = {}
    by_iri: dict[str, str] = {}
    while waiting:
        path = waiting.pop(0)
        place = path.resolve()
        if place in by_path:
            continue
        found = by_path[place] = read_document(path, limits)
        _refuse_second(found, by_iri)
        for imported in found.imports:
            if imported in by_iri:
                continue
            if imported not in catalogue:
                known = ", ".join(sorted(catalogue)) or "none"
                raise OntologyError(
                    f"{found.name}: imports {imported}, of which no file is known; expected one of the catalogue's: {known}"
                )
            waiting.append(catalogue[imported])
    return tuple(by_path.values())


def _refuse_second(found: Document, by_iri: dict[str, str]) -> None:
    if found.iri is None:
        return
    if found.iri in by_iri:
        raise OntologyError(
            f"{found.name}: is {found.iri}, and so is {by_iri[found.iri]}; expected one file for each ontology"
        )
    for iri in (found.iri, found.version_iri):
        if iri is not None:
            by_iri[iri] = found.name
