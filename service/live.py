"""The live service: the store it serves, the pool that answers from it, and what changes when the store does."""

import asyncio
import hashlib
import hmac
import logging
import secrets
from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path

import pyoxigraph as ox

from impckg.graph.errors import KgError, StoreError
from impckg.graph.sparql import keyword
from impckg.graph.store import RELEASE_QUERY, Bindings, QueryResult, Release, find_store, release_of
from impckg.service.description import DESCRIPTION_QUERY, stored_description
from impckg.service.errors import LimitReached, NotAuthorised, QueryCancelled, ReadOnly, ServiceBusy
from impckg.service.federation.call import CallLimits
from impckg.service.federation.endpoints import AllowList
from impckg.service.federation.forwarder import Forwarder
from impckg.service.federation.query import FederatedQuery
from impckg.service.metrics import Metrics
from impckg.service.pool.frames import Task
from impckg.service.pool.pool import Pool, PoolLimits
from impckg.service.pool.worker import WorkerLimits
from impckg.service.pool.writer import Change, Outcome, Writer
from impckg.service.settings import Settings
from impckg.service.vocabulary_warnings import KnownTerms, known_terms

_log = logging.getLogger(__name__)

_LOOK_SECONDS = 2.0
_MIB = 1024 * 1024
_ANY_LENGTH = 1 << 62
_RESULT_FORMATS = {"json": ox.QueryResultsFormat.JSON, "tsv": ox.QueryResultsFormat.TSV}
OWN_CLIENT = "service"
"""The client that the service's own queries are counted under."""


class LiveService:
    """All that requests are answered from. Made in the event loop that serves them."""

    def __init__(self, settings: Settings, metrics: Metrics) -> None:
        self.settings = settings
        self.metrics = metrics
        self.release: Release | None = None
        self.edition: str | None = None
        """What validators of answers are made from: changes when the store does; none where it may change unseen."""
        self._allowed = AllowList.of(settings.service_allow, settings.service_allow_private)
        self._forwarder: Forwarder | None = None
        self._pool: Pool | None = None
        self.known = KnownTerms(frozenset(), frozenset())
        """The classes and properties of the graph, as far as it says."""
        self._place = ""
        self._stale: set[Path] = set()
        self._token = _read_token(settings.update_token)
        self._writer = self._make_writer() if self._token is not None else None
        self._looking: asyncio.Task[None] | None = None
        self._stopped = False

    async def start(self) -> None:
        """Open the store and begin to answer. Raises StoreError where there is none."""
        if self.federated:
            self._forwarder = Forwarder(self._allowed, CallLimits(seconds=self.settings.service_seconds))
            await self._forwarder.start()
        self._pool = self._make_pool()
        if self._writer is not None:
            await self._writer.start()
            return
        await self._open(self._find())
        if not self._is_remote:
            self._looking = asyncio.create_task(self._look_for_releases())

    async def stop(self) -> None:
        """Let queries and changes end, then end the workers. May be called again."""
        if self._stopped:
            return
        self._stopped = True
        if self._looking is not None:
            self._looking.cancel()
        seconds = self.settings.stop_seconds
        stops = [self._writer.stop(seconds)] if self._writer is not None else []
        if self._pool is not None:
            stops.append(self._pool.stop(seconds))
        await asyncio.gather(*stops)
        if self._forwarder is not None:
            await self._forwarder.stop()

    @property
    def pool(self) -> Pool:
        """The workers."""
        assert self._pool is not None, "the service is not started"
        return self._pool

    @property
    def federated(self) -> bool:
        """Whether SERVICE may ask someone."""
        return bool(self._allowed.endpoints) and not self._is_remote

    def federate(self, text: str) -> FederatedQuery | None:
        """What looks after a query that may have SERVICE in it; None for all others."""
        if self._forwarder is None or "service" not in text.casefold():
            return None
        return FederatedQuery(text, self._allowed, self._forwarder)

    async def fetch(
        self,
        text: str,
        bindings: Bindings | None = None,
        default_graphs: Sequence[str] = (),
        named_graphs: Sequence[str] = (),
        base_iri: str | None = None,
        visit: "Visit | None" = None,
        most_rows: int | None = None,
        own: bool = True,
    ) -> "Fetched":
        """What a query finds, all of it, for pages and for the service's own use.

        visit: for whom a page is made; it can be ended.
        most_rows: fetch no more than so many rows or triples.
        own: whether it is a query of ours, which no guard need look at, and whose answer may have any length.
        """
        visit = visit or Visit(OWN_CLIENT)
        judge = self.federate(text)
        form = keyword(text)
        solutions = "tsv" if most_rows is not None and form == "SELECT" else "json"
        settings = self.settings
        task = Task(
            text,
            "nt" if form in ("CONSTRUCT", "DESCRIBE") else solutions,
            _ANY_LENGTH if own else settings.result_rows,
            _ANY_LENGTH if own else settings.result_bytes,
            tuple(default_graphs),
            tuple(named_graphs),
            bindings or {},
            base_iri,
            guard=None if own else (settings.query_depth, settings.query_operators),
            forwarder=judge.address if judge is not None else None,
            cut=most_rows,
        )
        answer = self.pool.ask(task, visit.client, visit.next_id(), judge)
        try:
            await answer.begun(patient=True)
            parts = []
            while part := await answer.read():
                parts.append(part)
            visit.notes += answer.notes
        finally:
            answer.close()
        return Fetched(b"".join(parts), task.format_name)

    async def change(self, change: Change) -> Outcome:
        """Change the graph; who asks for it must have shown the token. Raises what `Writer.apply` does."""
        assert self._writer is not None
        return await self._writer.apply(change)

    def check_token(self, authorization: str | None) -> None:
        """Refuse an update that may not be made.

        authorization: the header of that name.

        Raises ReadOnly where updates are off, and NotAuthorised where the token is not the right one.
        """
        if self._token is None:
            raise ReadOnly(
                "this service answers queries only; whoever runs it can allow updates with --update-token"
            )
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(token.strip().encode(), self._token):
            raise NotAuthorised(
                "an update needs the header 'Authorization: Bearer <token>' with the right token"
            )

    @property
    def _is_remote(self) -> bool:
        return str(self.settings.store).startswith(("http://", "https://"))

    def _find(self) -> str:
        """The store to open, with links followed: they may point elsewhere tomorrow."""
        if self._is_remote:
            return str(self.settings.store)
        return str(find_store(Path(self.settings.store)).resolve())

    def _make_pool(self) -> Pool:
        settings = self.settings
        limits = PoolLimits(
            settings.workers,
            settings.long_queries,
            settings.time_seconds,
            settings.client_queries,
            settings.queue_length,
            settings.spool_mib * _MIB,
        )
        port = self._forwarder.port if self._forwarder is not None else None
        bounds = WorkerLimits(
            settings.cpu_seconds,
            settings.memory_mib,
            self._is_remote,
            port,
            self._allowed,
            settings.time_seconds,
        )
        return Pool(limits, bounds, settings.default_graph == "union", self._count_lost_worker)

    def _count_lost_worker(self, error: KgError) -> None:
        if isinstance(error, LimitReached):
            reason = error.limit
        elif isinstance(error, QueryCancelled):
            reason = "cancelled"
        else:
            reason = "busy" if isinstance(error, ServiceBusy) else "crash"
        self.metrics.count_ended_worker(reason)

    def _make_writer(self) -> Writer:
        settings = self.settings
        if self._is_remote:
            raise StoreError(f"{settings.store}: only a store on disk can be changed through this service")
        return Writer(Path(settings.store), settings.time_seconds, settings.memory_mib, self._publish)

    async def _publish(self, snapshot: Path) -> None:
        """Answer from a snapshot of the store that is being changed, and drop those that nobody reads any more."""
        before = self._place
        await self._open(str(snapshot))
        if before:
            self._stale.add(Path(before))
        in_use = self.pool.places()
        for stale in [stale for stale in self._stale if str(stale) not in in_use]:
            self._stale.discard(stale)
            assert self._writer is not None
            await self._writer.release(stale)

    async def _open(self, place: str) -> None:
        await self.pool.switch(place)
        self._place = place
        self.edition = None if self._is_remote else _edition(Path(place))
        self.release = release_of((await self.fetch(RELEASE_QUERY)).result())
        if self.release is not None:
            self.metrics.name_release(self.release.name)
        self.known = known_terms(stored_description((await self.fetch(DESCRIPTION_QUERY)).result()))

    async def _look_for_releases(self) -> None:
        """Switch to a new release as soon as it is the live one."""
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            try:
                place = self._find()
                if place != self._place:
                    await self._open(place)
            except KgError as error:
                # Between two releases there may be a moment without one. What is open goes on; it is tried again.
                _log.warning("the release at %s cannot be opened: %s", self.settings.store, error)


@dataclass
class Visit:
    """Someone for whom a page is made, the queries that it takes, and what was done to them."""

    client: str
    chosen_id: str | None = None
    query_ids: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def next_id(self) -> str:
        """What the next query is called: the first as the visitor has chosen, if so."""
        chosen = self.chosen_id if not self.query_ids else None
        self.query_ids.append(chosen or secrets.token_urlsafe())
        return self.query_ids[-1]

    def cancel(self, pool: Pool) -> None:
        """End the queries: the visitor has left."""
        for query_id in self.query_ids:
            pool.cancel(query_id)


VISIT: ContextVar[Visit | None] = ContextVar("visit", default=None)
"""For whom the page of this thread is made."""


class PoolStore:
    """The pool for code that runs in threads, such as pages: a store like any other."""

    def __init__(
        self, service: LiveService, loop: asyncio.AbstractEventLoop, most_rows: int | None = None
    ) -> None:
        """Make a face of the pool.

        loop: the event loop of the service.
        most_rows: how many rows or triples it gives of an answer; None for all, which is for queries of our own.
        """
        self._service = service
        self._loop = loop
        self._most_rows = most_rows

    def query(
        self,
        text: str,
        bindings: Bindings | None = None,
        default_graphs: Sequence[str] = (),
        named_graphs: Sequence[str] = (),
        base_iri: str | None = None,
    ) -> QueryResult:
        """What a query finds; as `GraphStore.query`."""
        asked = self._service.fetch(
            text,
            bindings,
            default_graphs,
            named_graphs,
            base_iri,
            VISIT.get(),
            self._most_rows,
            own=self._most_rows is None,
        )
        return asyncio.run_coroutine_threadsafe(asked, self._loop).result().result()

    def release(self) -> Release | None:
        """What the store says of itself; None where it says nothing."""
        return self._service.release


@dataclass(frozen=True)
class Fetched:
    """An answer as the bytes that a worker sent."""

    body: bytes
    format_name: str

    def result(self) -> QueryResult:
        """The answer as the engine gives it, to be read in the thread that calls this."""
        if self.format_name != "nt":
            return ox.parse_query_results(self.body, format=_RESULT_FORMATS[self.format_name])
        triples = ox.Store()
        triples.bulk_load(self.body, format=ox.RdfFormat.N_TRIPLES)
        return triples.query("CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }")


def _edition(folder: Path) -> str:
    """What tells this store from any other, and from itself at another time."""
    written = (folder / "CURRENT").stat().st_mtime_ns
    return hashlib.sha256(f"{folder}:{written}".encode()).hexdigest()


def _read_token(file: Path | None) -> bytes | None:
    if file is None:
        return None
    try:
        token = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        told = getattr(error, "strerror", None) or error
        raise KgError(f"{file}: the token cannot be read: {told}") from error
    if not token:
        raise KgError(f"{file}: there is no token in it; expected one line")
    return token.encode()
