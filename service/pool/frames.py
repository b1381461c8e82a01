"""What the service and a worker say to each other: frames over a stream socket.

A frame is one byte for its kind, four for the length of its content (big-endian), and the content. The service sends TASK
frames; a worker answers each with any number of NOTE frames, then DATA frames, and then one END or ERROR, and says READY
once, when it has opened the store. Contents are JSON, those of DATA are bytes of the answer. Nothing is pickled: a worker
that a query has taken over could send anything.
"""

import json
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

import pyoxigraph as ox

from impckg.graph.store import Bindings, Term

_HEAD = struct.Struct("!BI")
HEAD_BYTES = _HEAD.size


class FrameKind(IntEnum):
    """What a frame holds."""

    READY = 1
    TASK = 2
    DATA = 3
    END = 4
    ERROR = 5
    NOTE = 6


@dataclass(frozen=True)
class Task:
    """A query for a worker, and how its answer is written.

    format_name: one of `graph.results.FORMATS`.
    bindings: values for variables that the query selects.
    base_iri: what its relative IRIs are relative to.
    most_rows, most_bytes: an answer that is longer is an error.
    head_only: only find out whether there would be an answer; nothing is written.
    packed: compress the answer with gzip, unless it is short.
    guard: how deep it may nest and how many operators it may have, as `guard.check_query` has it; None for our own queries.
    forwarder: where its SERVICE clauses are sent; None where it may have none.
    cut: stop after so many rows or triples; for formats that have one on each line (tsv, nt).
    """

    text: str
    format_name: str
    most_rows: int
    most_bytes: int
    default_graphs: tuple[str, ...] = ()
    named_graphs: tuple[str, ...] = ()
    bindings: Bindings = field(default_factory=dict)
    base_iri: str | None = None
    head_only: bool = False
    packed: bool = False
    guard: tuple[int, int] | None = None
    forwarder: str | None = None
    cut: int | None = None


def frame(kind: FrameKind, content: bytes) -> bytes:
    """A frame as it is sent."""
    return _HEAD.pack(kind, len(content)) + content


def head(data: bytes) -> tuple[FrameKind, int]:
    """The kind and the length of the content from the first HEAD_BYTES of a frame. Raises ValueError for no kind."""
    kind, length = _HEAD.unpack(data)
    return FrameKind(kind), length


class Frames:
    """Cuts what arrives on a socket into frames."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[FrameKind, bytes]]:
        """The frames that are complete with this data. Raises ValueError where it is no frame."""
        buffer = self._buffer
        buffer += data
        while len(buffer) >= HEAD_BYTES:
            kind, length = head(bytes(buffer[:HEAD_BYTES]))
            end = HEAD_BYTES + length
            if len(buffer) < end:
                return
            content = bytes(buffer[HEAD_BYTES:end])
            del buffer[:end]
            yield kind, content


def write_task(task: Task) -> bytes:
    """A task as a frame."""
    fields = {**vars(task), "bindings": {name: _write_term(term) for name, term in task.bindings.items()}}
    return frame(FrameKind.TASK, json.dumps(fields).encode())


def read_task(content: bytes) -> Task:
    """A task from the content of its frame.

    >>> task = Task("ASK {}", "json", 1, 100, bindings={"g": ox.NamedNode("urn:a")})
    >>> read_task(write_task(task)[HEAD_BYTES:]) == task
    True
    """
    fields = json.loads(content)
    fields["bindings"] = {name: _read_term(term) for name, term in fields["bindings"].items()}
    fields["default_graphs"] = tuple(fields["default_graphs"])
    fields["named_graphs"] = tuple(fields["named_graphs"])
    fields["guard"] = tuple(fields["guard"]) if fields["guard"] is not None else None
    return Task(**fields)


def write_json(kind: FrameKind, content: Mapping[str, Any]) -> bytes:
    """A frame with JSON in it."""
    return frame(kind, json.dumps(content).encode())


def _write_term(term: Term) -> list[str | None]:
    if isinstance(term, ox.NamedNode):
        return [term.value]
    return [term.value, term.datatype.value, term.language]


def _read_term(parts: list[Any]) -> Term:
    if len(parts) == 1:
        return ox.NamedNode(parts[0])
    value, datatype, language = parts
    if language is not None:
        return ox.Literal(value, language=language)
    return ox.Literal(value, datatype=ox.NamedNode(datatype))
