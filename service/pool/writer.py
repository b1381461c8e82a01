"""The one process that writes: SPARQL updates and whole graphs, one after the other, each with a snapshot for the readers.

    apply(change) -> the writing process changes the store -> it makes a snapshot -> the readers are told where -> done

The process holds the store open for as long as it lives; nobody else may open that folder meanwhile (graph/writable.py). The
workers read the newest snapshot. Snapshots are folders with numbers in `<store>.snapshots`, beside the store, because links
do not reach another file system; they are cleared away when a writer starts and when it stops.

A change that takes too long or too much memory ends the process, which is then started anew: every change is a transaction,
so all of it is there or nothing. What came in time is never undone: where the process dies after it has written and before
its snapshot, the new process makes the snapshot.

Messages are JSON, over a pipe; what documents say follows as it is. Nothing is pickled.
"""

import asyncio
import contextlib
import json
import multiprocessing
import shutil
import tempfile
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Literal

from impckg.graph.errors import KgError, QueryError, SparqlSyntaxError, StoreError
from impckg.graph.store import find_store
from impckg.graph.updates import GraphsSaidTwice, RefusedUpdate
from impckg.graph.writable import Document, RdfSyntaxError, WritableStore, open_writable
from impckg.service.errors import EngineCrashed, LimitReached, RefusedQuery
from impckg.service.pool.children import (
    FORKSERVER,
    LAST_WORDS_BYTES,
    OUT_OF_MEMORY,
    Descriptor,
    limit_memory,
    live,
    ran_out_of_memory,
)
from impckg.service.pool.isolation import cut_network

# Opening a store that was not closed reads its log again; a snapshot waits for the disk.
_OPEN_SECONDS = 300.0
_SNAPSHOT_SECONDS = 300.0
_END_SECONDS = 30.0
_STOPPING = "the service is stopping; it takes no more changes"


@dataclass(frozen=True)
class Update:
    """A SPARQL update request; its fields are the arguments of `WritableStore.update`."""

    text: str
    using_graphs: tuple[str, ...] = ()
    using_named_graphs: tuple[str, ...] = ()
    base_iri: str | None = None
    union: bool = False


@dataclass(frozen=True)
class GraphChange:
    """A graph to put, to add to (post) or to delete. `graph` is None for the one without a name."""

    kind: Literal["put", "post", "delete"]
    graph: str | None
    documents: tuple[Document, ...] = ()


Change = Update | GraphChange


@dataclass(frozen=True)
class Outcome:
    """What became of a change.

    snapshot: the newest snapshot, in which it can be seen.
    created: whether there was no such graph before and is one now.
    existed: whether there was the graph that was to be deleted.
    """

    snapshot: Path
    created: bool = False
    existed: bool = True


class Writer:
    """The writing process, as the service sees it. Made in the event loop that uses it.

    time_seconds: how long one change may take; memory_mib: how much memory, beyond what the process has when it is idle.
    published: is told of each new snapshot and awaited, before the change that it shows is answered; also of the one that a
    process makes that had to be started anew.
    """

    def __init__(
        self,
        path: Path,
        time_seconds: float,
        memory_mib: int,
        published: Callable[[Path], Awaitable[None]] | None = None,
    ) -> None:
        self.path = find_store(path).resolve()
        self.folder = self.path.with_name(f"{self.path.name}.snapshots")
        self.snapshot: Path | None = None
        """The newest one; None before the start and after the end."""
        self.restarts = 0
        self._time_seconds = time_seconds
        self._memory_mib = memory_mib
        self._published = published
        self._snapshots = 0
        self._turn = asyncio.Lock()
        self._going_on: set[asyncio.Task[Outcome]] = set()
        self._process: _Process | None = None
        self._stopped = False
        self._owns_folder = False
        # Waiting for the process blocks; this is the thread that waits.
        self._thread = ThreadPoolExecutor(1, "writer")

    @property
    def pid(self) -> int | None:
        """The number of the process; None where there is none now."""
        return self._process.pid if self._process is not None else None

    async def start(self) -> Path:
        """Open the store for writing and make the first snapshot. Raises StoreError where another has it open."""
        async with self._turn:
            await self._open()
            # Only now: these could be another writer's, if it had the store.
            self._owns_folder = True
            await asyncio.to_thread(shutil.rmtree, self.folder, ignore_errors=True)
            self.folder.mkdir()
            return await self._publish()

    async def apply(self, change: Change) -> Outcome:
        """Make a change when it is its turn, and wait until it is done and can be read.

        It goes on where the waiting is cancelled.
        Raises what `WritableStore` does; LimitReached where it took too long or too much memory, and EngineCrashed where it
        ended the process: then nothing of it is written, unless it ended in the very moment of the commit.
        """
        if self._stopped:
            raise StoreError(_STOPPING)
        task = asyncio.get_running_loop().create_task(self._apply(change))
        self._going_on.add(task)
        task.add_done_callback(self._forget)
        return await asyncio.shield(task)

    async def release(self, snapshot: Path) -> None:
        """Remove a snapshot that nobody reads any more. The newest one stays."""
        if snapshot != self.snapshot and snapshot.parent == self.folder:
            await asyncio.to_thread(shutil.rmtree, snapshot, ignore_errors=True)

    async def stop(self, grace_seconds: float = 10.0) -> None:
        """End the process, after the changes that wait have been made, or after so long; then remove the snapshots."""
        self._stopped = True
        if self._going_on:
            await asyncio.wait(self._going_on, timeout=grace_seconds)
        if self._process is not None:
            await self._end(kill=bool(self._going_on))
        for task in list(self._going_on):
            with contextlib.suppress(KgError):
                await task
        self._thread.shutdown()
        self.snapshot = None
        if self._owns_folder:
            await asyncio.to_thread(shutil.rmtree, self.folder, ignore_errors=True)

    async def _apply(self, change: Change) -> Outcome:
        async with self._turn:
            if self._process is not None and not self._process.alive:
                # Whoever ended it did so while it was idle; this change is not to blame.
                await self._end(kill=True)
            if self._process is None:
                if self._stopped:
                    raise StoreError(_STOPPING)
                await self._restart()
            try:
                done = await self._ask(_message(change), self._time_seconds)
            except _ProcessGone as gone:
                error = self._cause(gone, change)
                if not self._stopped:
                    await self._restart()
                raise error from gone
            if done.get("changed"):
                try:
                    await self._publish()
                except _ProcessGone:
                    # It is written; a new process can show it.
                    await self._restart()
            assert self.snapshot is not None
            return Outcome(self.snapshot, done.get("created", False), done.get("existed", True))

    async def _open(self) -> None:
        loop = asyncio.get_running_loop()
        self._process = await loop.run_in_executor(None, _Process, self.path, self._memory_mib)
        try:
            await self._ask(None, _OPEN_SECONDS)
        except _ProcessGone as gone:
            raise StoreError(
                f"{self.path}: the process that writes ended while it opened the store"
            ) from gone
        except StoreError:
            await self._end(kill=False)
            raise

    async def _restart(self) -> None:
        self.restarts += 1
        await self._open()
        try:
            await self._publish()
        except _ProcessGone as gone:
            raise StoreError(f"{self.path}: the process that writes ended while it made a snapshot") from gone

    async def _publish(self) -> Path:
        self._snapshots += 1
        snapshot = self.folder / f"{self._snapshots:06}"
        await self._ask(_Message({"kind": "snapshot", "folder": str(snapshot)}), _SNAPSHOT_SECONDS)
        self.snapshot = snapshot
        if self._published is not None:
            await self._published(snapshot)
        return snapshot

    async def _ask(self, message: "_Message | None", most_seconds: float) -> dict[str, Any]:
        """What the process says to a message, or first of all. Raises its error, or _ProcessGone; then it is gone."""
        process = self._process
        if process is None:
            raise _ProcessGone(b"")
        answer = asyncio.get_running_loop().run_in_executor(self._thread, process.ask, message)
        try:
            async with asyncio.timeout(most_seconds):
                said = await asyncio.shield(answer)
        except TimeoutError as error:  # an OSError, too
            last_words = await self._end(kill=True)
            try:
                # What was said in the last moment counts.
                said = await answer
            except (EOFError, OSError):
                raise _ProcessGone(last_words, timed_out=True) from error
        except (EOFError, OSError) as error:
            raise _ProcessGone(await self._end(kill=True)) from error
        if "error" in said:
            raise self._error(said)
        return said

    def _error(self, said: dict[str, Any]) -> KgError:
        """The error that the process tells of; of a kind that this one knows, or else a plain one."""
        if said["error"] == OUT_OF_MEMORY:
            return self._memory_error("the change")
        kind = _KINDS.get(said["error"], KgError)
        if issubclass(kind, (SparqlSyntaxError, RdfSyntaxError)):
            return kind(said["message"], said["line"], said["column"])
        return kind(said["message"])

    def _memory_error(self, what: str) -> LimitReached:
        mib = self._memory_mib
        return LimitReached(
            f"{what} took more than {mib:,} MiB of memory; nothing of it is written", "memory_mib", mib
        )

    async def _end(self, kill: bool) -> bytes:
        """End the process; its last words."""
        process, self._process = self._process, None
        if process is None:
            return b""
        return await asyncio.get_running_loop().run_in_executor(None, process.end, kill)

    def _cause(self, gone: "_ProcessGone", change: Change) -> KgError:
        what = "the update" if isinstance(change, Update) else "the graph"
        if gone.timed_out:
            return LimitReached(
                f"{what} took longer than {self._time_seconds:g} s; nothing of it is written",
                "time_seconds",
                self._time_seconds,
            )
        if ran_out_of_memory(gone.last_words):
            return self._memory_error(what)
        if self._stopped:
            return StoreError(f"the service stopped before {what} was written")
        return EngineCrashed(f"{what} made the engine crash; nothing of it is written")

    def _forget(self, task: asyncio.Task[Outcome]) -> None:
        self._going_on.discard(task)
        if not task.cancelled():
            # Nobody may be left to ask; then the error is not one of the program.
            task.exception()


_KINDS: dict[str, type[KgError]] = {
    **{
        kind.__name__: kind
        for kind in (QueryError, SparqlSyntaxError, GraphsSaidTwice, RdfSyntaxError, StoreError)
    },
    # What a client is told of a query that could harm the service holds for an update.
    RefusedUpdate.__name__: RefusedQuery,
}


class _ProcessGone(Exception):
    """The process has ended, by itself or because it was killed."""

    def __init__(self, last_words: bytes, timed_out: bool = False) -> None:
        super().__init__("the process that writes has ended")
        self.last_words = last_words
        self.timed_out = timed_out


@dataclass(frozen=True)
class _Message:
    """What the process is told: a head in JSON, and contents that follow it."""

    head: dict[str, Any]
    contents: tuple[bytes, ...] = ()


def _message(change: Change) -> _Message:
    if isinstance(change, Update):
        return _Message({"kind": "update", **vars(change)})
    documents = [
        {
            "media_type": document.media_type,
            "base_iri": document.base_iri,
            "name": document.name,
            "file": None if isinstance(document.content, bytes) else str(document.content),
        }
        for document in change.documents
    ]
    contents = tuple(d.content for d in change.documents if isinstance(d.content, bytes))
    return _Message({"kind": change.kind, "graph": change.graph, "documents": documents}, contents)


class _Process:
    """The process and the pipe to it. Its methods block; they are called from threads."""

    def __init__(self, path: Path, memory_mib: int) -> None:
        self._channel, theirs = multiprocessing.Pipe()
        self._errors = tempfile.TemporaryFile(prefix="impckg-writer-")  # noqa: SIM115 - closed when it has ended
        self._process = FORKSERVER.Process(
            target=_write,
            args=(theirs, str(path), memory_mib, Descriptor(self._errors.fileno())),
            daemon=True,
        )
        self._process.start()
        theirs.close()

    @property
    def pid(self) -> int | None:
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it is there; asked while it has nothing to say, so all there can be to read is that it is gone."""
        return not self._channel.poll()

    def ask(self, message: _Message | None) -> dict[str, Any]:
        """What it says to a message, or first of all. Raises EOFError or OSError where it has ended."""
        if message is not None:
            self._channel.send_bytes(json.dumps(message.head).encode())
            for content in message.contents:
                self._channel.send_bytes(content)
        said: dict[str, Any] = json.loads(self._channel.recv_bytes())
        return said

    def end(self, kill: bool) -> bytes:
        """End it; what it said on standard error."""
        if kill:
            # The pipe stays open: `ask` may be waiting on it, and hears of the end that way.
            self._process.kill()
        else:
            self._channel.close()
        self._process.join(_END_SECONDS)
        if self._process.exitcode is None:
            self._process.kill()
            self._process.join()
        self._process.close()
        with self._errors as errors:
            # Why it ends stands first; how it came to that fills the rest.
            errors.seek(0)
            return errors.read(LAST_WORDS_BYTES)


# What follows runs in the process.


def _write(channel: Connection, place: str, memory_mib: int, errors: Descriptor) -> None:
    # Nothing that it does needs the network; LOAD is refused.
    cut_network()
    live(partial(_serve, channel, Path(place), memory_mib), errors.number)


def _serve(channel: Connection, path: Path, memory_mib: int) -> None:
    def say(said: dict[str, Any]) -> None:
        channel.send_bytes(json.dumps(said).encode())

    try:
        store = open_writable(path)
    except KgError as error:
        say(_told(error))
        return
    limit_memory(memory_mib)
    say({})
    # Where the service has closed its end, or is no more, there is nothing left to do.
    with contextlib.suppress(EOFError, BrokenPipeError):
        while True:
            head = json.loads(channel.recv_bytes())
            documents = tuple(_read_document(each, channel) for each in head.pop("documents", ()))
            try:
                say(_do(store, head, documents))
            except KgError as error:
                say(_told(error))
            except MemoryError:
                say({"error": OUT_OF_MEMORY})


def _do(store: WritableStore, head: dict[str, Any], documents: tuple[Document, ...]) -> dict[str, Any]:
    kind = head.pop("kind")
    if kind == "snapshot":
        store.snapshot(Path(head["folder"]))
        return {}
    if kind == "update":
        store.update(**head)
        return {"changed": True}
    graph = head["graph"]
    if kind == "delete":
        existed = store.delete(graph)
        return {"changed": existed, "existed": existed}
    write = store.put if kind == "put" else store.post
    return {"changed": True, "created": write(graph, documents)}


def _read_document(told: dict[str, Any], channel: Connection) -> Document:
    file = told.pop("file")
    return Document(channel.recv_bytes() if file is None else Path(file), **told)


def _told(error: KgError) -> dict[str, Any]:
    place = {name: getattr(error, name, None) for name in ("line", "column")}
    return {"error": type(error).__name__, "message": str(error), **place}
