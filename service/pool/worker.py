"""A worker: a process of its own that has the store open, read-only, and evaluates one query at a time.

It is made to be killed. A query that takes too long, too much memory or the engine's life ends this process and nothing
else; the service (pool.py) notices and starts another. What a worker limits itself is what the system enforces best from
inside: CPU time and address space. Both end the process; the service tells from the way it died which limit it was.
"""

import io
import resource
import signal
import socket
import zlib
from dataclasses import dataclass
from functools import partial
from typing import IO, Any, cast

from impckg.graph.errors import AnswerTooLong, AnswerTooSlow, KgError, SparqlSyntaxError
from impckg.graph.results import form_of, format_named, write_result
from impckg.queries.reasoned import ReasonedStore
from impckg.queries.run import AnyStore, open_any
from impckg.service.federation.endpoints import NOBODY, AllowList
from impckg.service.federation.rewriting import rewrite
from impckg.service.guard import check_query
from impckg.service.pool.children import OUT_OF_MEMORY, limit_memory, live
from impckg.service.pool.frames import HEAD_BYTES, FrameKind, Task, frame, head, read_task, write_json
from impckg.service.pool.isolation import cut_network

_CHUNK_BYTES = 65_536
# Less than this fits into one packet anyway.
_PACK_FROM_BYTES = 1_400
_GZIP_LEVEL = 1
_GZIP_WINDOW = 31  # zlib's way to say: with the head and tail of gzip


@dataclass(frozen=True)
class WorkerLimits:
    """What a query may take of a worker: CPU time, and memory beyond what the worker has when it is idle.

    networked: whether it may reach other machines; otherwise at most the port of this machine that is given.
    allowed: whom SERVICE may ask.
    time_seconds: told to an endpoint that stands for the store, which would go on when the worker is ended.
    """

    cpu_seconds: int
    memory_mib: int
    networked: bool = False
    but_port: int | None = None
    allowed: AllowList = NOBODY
    time_seconds: float | None = None


def work(channel: socket.socket, place: str, union: bool, limits: WorkerLimits, errors: int) -> None:
    """Serve tasks from a socket until it is closed. The main function of a worker process.

    place: the store, as `queries.run.open_any` takes it.
    union: whether the default graph of a query is the union of all graphs.
    errors: a file descriptor for what the engine says when it dies.
    """
    if not limits.networked:
        # Before there are threads, or they would not be bound. Where the system cannot do it, the guard stands alone.
        cut_network(limits.but_port)
    signal.signal(signal.SIGXCPU, signal.SIG_DFL)
    live(partial(_serve, channel, place, union, limits), errors)


def _serve(channel: socket.socket, place: str, union: bool, limits: WorkerLimits) -> None:
    try:
        store = open_any(place, union=union, seconds=limits.time_seconds)
    except KgError as error:
        channel.sendall(_error(error))
        return
    limit_memory(limits.memory_mib)
    channel.sendall(write_json(FrameKind.READY, {}))
    try:
        while (content := _read_frame(channel)) is not None:
            _limit_cpu(limits.cpu_seconds)
            _answer(store, read_task(content), limits.allowed, channel)
    except BrokenPipeError:
        # The service has closed its end: nobody wants the answer any more.
        return


def _limit_cpu(cpu_seconds: int) -> None:
    """Allow so much CPU time beyond what was used until now."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    most = int(used.ru_utime + used.ru_stime) + 1 + cpu_seconds
    resource.setrlimit(resource.RLIMIT_CPU, (most, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def _read_frame(channel: socket.socket) -> bytes | None:
    """The content of the next frame; None where the service has closed its end."""
    start = _read(channel, HEAD_BYTES)
    if start is None:
        return None
    _, length = head(start)
    return _read(channel, length)


def _read(channel: socket.socket, length: int) -> bytes | None:
    parts = b""
    while len(parts) < length:
        part = channel.recv(length - len(parts))
        if not part:
            return None
        parts += part
    return parts


def _answer(store: AnyStore, task: Task, allowed: AllowList, channel: socket.socket) -> None:
    writer = _AnswerWriter(channel, task)
    try:
        text, engine = _checked(task, allowed), store
        if isinstance(store, ReasonedStore):
            asked = store.rewritten(text, task.bindings, bool(task.default_graphs or task.named_graphs))
            text, engine = asked.text, store.plain
            for note in asked.notes:
                channel.sendall(write_json(FrameKind.NOTE, {"note": note}))
        result = engine.query(text, task.bindings, task.default_graphs, task.named_graphs, task.base_iri)
        if task.head_only:
            format_named(task.format_name, form_of(result))
            rows = 0
        else:
            rows = write_result(
                result, task.format_name, cast(IO[bytes], writer), task.most_rows, task.most_bytes
            )
    except _Enough:
        writer.finish(task.cut or 0)
    except KgError as error:
        channel.sendall(_error(error))
    except MemoryError:
        channel.sendall(write_json(FrameKind.ERROR, {"kind": OUT_OF_MEMORY, "message": ""}))
    else:
        writer.finish(rows)


def _checked(task: Task, allowed: AllowList) -> str:
    """The text of a query, fit for the engine. Here because it takes time that belongs to the query."""
    if task.guard is not None:
        check_query(task.text, *task.guard, federated=task.forwarder is not None)
    return task.text if task.forwarder is None else rewrite(task.text, allowed, task.forwarder)


class _Enough(Exception):
    """As many rows are written as were wanted."""


class _AnswerWriter(io.RawIOBase):
    """A file to write an answer to, that sends it in frames. What is short is sent with its END in one go."""

    def __init__(self, channel: socket.socket, task: Task) -> None:
        super().__init__()
        self._channel = channel
        self._wants_packing = task.packed
        self._packer: Any = None
        # The first line of TSV is its head.
        self._lines_left = None if task.cut is None else task.cut + (task.format_name == "tsv")
        self._parts: list[bytes] = []
        self._waiting = 0

    def write(self, content: bytes) -> int:  # type: ignore[override]
        """Take a part of the answer."""
        part = bytes(content)
        if self._lines_left is not None:
            self._write_lines(part)
        else:
            self._add(part)
        return len(part)

    def writable(self) -> bool:
        """It is."""
        return True

    def finish(self, rows: int) -> None:
        """Send what is left, and that this is all."""
        if self._packer is not None:
            self._parts.append(self._packer.flush())
        end = write_json(FrameKind.END, {"rows": rows, "packed": self._packer is not None})
        self._channel.sendall(self._take() + end)

    def _write_lines(self, content: bytes) -> None:
        assert self._lines_left is not None
        lines = content.splitlines(keepends=True) if content.count(b"\n") > self._lines_left else [content]
        if len(lines) > 1:
            self._add(b"".join(lines[: self._lines_left]))
            raise _Enough
        self._add(content)
        self._lines_left -= content.count(b"\n")
        if not self._lines_left:
            raise _Enough

    def _add(self, part: bytes) -> None:
        if self._packer is not None:
            part = self._packer.compress(part)
        self._parts.append(part)
        self._waiting += len(part)
        if self._packer is None and self._wants_packing and self._waiting >= _PACK_FROM_BYTES:
            self._packer = zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, _GZIP_WINDOW)
            self._parts = [self._packer.compress(b"".join(self._parts))]
            self._waiting = len(self._parts[0])
        if self._waiting >= _CHUNK_BYTES:
            self._channel.sendall(self._take())

    def _take(self) -> bytes:
        content = b"".join(self._parts)
        self._parts, self._waiting = [], 0
        return frame(FrameKind.DATA, content) if content else b""


def _error(error: KgError) -> bytes:
    told: dict[str, Any] = {"kind": type(error).__name__, "message": str(error)}
    if isinstance(error, SparqlSyntaxError):
        told |= {"line": error.line, "column": error.column}
    elif isinstance(error, AnswerTooLong):
        told |= {"most": error.most, "unit": error.unit}
    elif isinstance(error, AnswerTooSlow):
        told |= {"seconds": error.seconds}
    return write_json(FrameKind.ERROR, told)
