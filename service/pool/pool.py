"""The pool of workers: which query runs where, for how long, and who is next.

Queries start in the fast lane, which has `workers` places. One that takes more than LONG_SECONDS moves to the slow lane,
if that has a seat left, and its process gets the lowest priority; a fresh worker takes its place, so a short query waits for
another short query at most. A long query that finds no seat is ended. Queries wait in a queue for each client address, and
clients take turns.

All of this happens in one event loop; nothing here blocks.
"""

import asyncio
import logging
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from impckg.graph.errors import KgError
from impckg.service.errors import LimitReached, QueryCancelled, QueryIdTaken, ServiceBusy, TooManyQueries
from impckg.service.pool.answer import Answer, Judge, Lane
from impckg.service.pool.frames import Task
from impckg.service.pool.process import WorkerProcess
from impckg.service.pool.spool import Allowance
from impckg.service.pool.worker import WorkerLimits

_log = logging.getLogger(__name__)

LONG_SECONDS = 0.25
"""A query that takes more CPU time than this is a long one."""

# On a busy machine a short query may wait for the processor; one that waits this long for whatever is long.
_LONG_WAIT_SECONDS = 2.0
# Without a seat, a long query may go on for so long.
_SEAT_SECONDS = 1.0
_TICK_SECONDS = 0.05
# A worker is replaced after so many queries, so that nothing that the engine keeps can pile up.
_QUERIES_OF_A_LIFE = 20_000
_STARTS_IN_VAIN = 5


@dataclass(frozen=True)
class PoolLimits:
    """What the pool allows. Names and units are those of the settings."""

    workers: int
    long_queries: int
    time_seconds: float
    client_queries: int
    queue_length: int
    spool_bytes: int


class Pool:
    """Workers that have one store open, and the queries they are at."""

    def __init__(
        self,
        limits: PoolLimits,
        worker_limits: WorkerLimits,
        union: bool = True,
        lost: Callable[[KgError], None] = lambda error: None,
    ) -> None:
        """Make a pool; `switch` gives it a store.

        union: whether the default graph of a query is the union of all graphs.
        lost: told of each worker that was ended or died, and why.
        """
        self.limits = limits
        self._union = union
        self._worker_limits = worker_limits
        self._lost = lost
        self._allowance = Allowance(limits.spool_bytes)
        self._place = ""
        self._generation = 0
        self._workers: set[WorkerProcess] = set()
        self._idle: list[WorkerProcess] = []
        self._starting: set[asyncio.Task[None]] = set()
        self._waiting: OrderedDict[str, deque[tuple[Task, Answer]]] = OrderedDict()
        self._queued = 0
        self._answers: dict[str, Answer] = {}
        self._running: dict[Answer, WorkerProcess] = {}
        self._by_client: Counter[str] = Counter()
        self._long = 0
        self._ticking: asyncio.TimerHandle | None = None
        self._news = asyncio.Event()
        self._in_vain = 0
        self._closing = False

    # What a service does with a pool.

    async def switch(self, place: str) -> None:
        """Open a store, and from now on give queries to workers that have it open; what runs is left to end.

        Raises StoreError where there is none, and then goes on with the store it had.
        """
        generation = self._generation + 1
        pioneer = WorkerProcess(place, generation, self._worker_limits, self._changed)
        self._workers.add(pioneer)
        await pioneer.start(self._union)
        while not pioneer.ready:
            if pioneer.dead:
                raise pioneer.failure or ServiceBusy("a worker ended before it was ready")
            self._news.clear()
            await self._news.wait()
        self._place, self._generation = place, generation
        for worker in self._idle:
            if worker.generation != generation:
                worker.retire()
        self._idle = [worker for worker in self._idle if worker.generation == generation]
        self._go_on()

    def ask(self, task: Task, client: str, query_id: str, judge: Judge | None = None) -> Answer:
        """Begin a query, or have it wait for its turn.

        client: whose turn it takes.
        query_id: by which it can be cancelled.
        judge: has the last word on what becomes of it.

        Raises TooManyQueries, ServiceBusy, and QueryIdTaken.
        """
        refusal = self._refusal(client, query_id)
        if refusal is not None:
            if judge is not None:
                judge.close()
            raise refusal
        answer = Answer(query_id, client, task.packed, self._allowance, self._left, judge)
        self._answers[query_id] = answer
        self._by_client[client] += 1
        self._waiting.setdefault(client, deque()).append((task, answer))
        self._queued += 1
        self._go_on()
        self._tick_later()
        return answer

    def _refusal(self, client: str, query_id: str) -> KgError | None:
        """Why a query is not taken; None where it is."""
        limits = self.limits
        if self._by_client[client] >= limits.client_queries:
            return TooManyQueries(
                f"there are {limits.client_queries} queries from your address already; wait for one to end"
            )
        if self._queued >= limits.queue_length or self._closing:
            return ServiceBusy(f"{self._queued} queries are waiting already; try again later")
        if query_id in self._answers:
            return QueryIdTaken(f"a query with the id {query_id} is running; choose another id")
        return None

    def cancel(self, query_id: str) -> bool:
        """End a query. False where there is none of that id that has not ended."""
        answer = self._answers.get(query_id)
        if answer is None or answer.ended:
            return False
        self._end(answer, QueryCancelled("the query was cancelled"))
        return True

    async def stop(self, patience_seconds: float) -> None:
        """Take no more queries, give those that run some time to end, then end them all."""
        self._closing = True
        deadline = time.monotonic() + patience_seconds
        while self._answers and time.monotonic() < deadline:
            await asyncio.sleep(_TICK_SECONDS)
        if self._ticking is not None:
            self._ticking.cancel()
        for answer in list(self._answers.values()):
            answer.fail(ServiceBusy("the service is stopping; try again later"))
        for worker in list(self._workers):
            worker.kill(ServiceBusy("the service is stopping; try again later"))
        # Those that are just being started end themselves.
        while self._starting or any(worker.started for worker in self._workers):
            self._news.clear()
            await self._news.wait()

    @property
    def ready(self) -> bool:
        """Whether a worker has the store open."""
        return any(worker.ready for worker in self._workers if not worker.dead)

    def places(self) -> set[str]:
        """The stores that workers have open."""
        return {worker.place for worker in self._workers}

    def counts(self) -> dict[str, int]:
        """How many workers and queries there are, by state."""
        return {
            "workers": len(self._workers),
            "idle": len(self._idle),
            "fast": len(self._running) - self._long,
            "long": self._long,
            "waiting": self._queued,
            "spooled_bytes": self._allowance.used,
        }

    # How queries come to workers.

    def _go_on(self) -> None:
        """Give waiting queries to idle workers, and see to it that there will be enough of those."""
        while self._queued and self._has_place():
            worker = self._idle.pop()
            if not worker.idle:
                continue
            task, answer = self._next()
            answer.lane = Lane.FAST
            answer.started = time.monotonic()
            self._running[answer] = worker
            worker.ask(task, answer)
        self._start_workers()

    def _has_place(self) -> bool:
        return bool(self._idle) and len(self._running) - self._long < self.limits.workers

    def _next(self) -> tuple[Task, Answer]:
        """The query that waits longest, of the client whose turn it is."""
        client, queue = next(iter(self._waiting.items()))
        task, answer = queue.popleft()
        self._queued -= 1
        del self._waiting[client]
        if queue:
            self._waiting[client] = queue
        return task, answer

    def _start_workers(self) -> None:
        """Start as many as are missing, so that each place of the fast lane has a worker."""
        if self._closing or not self._generation:
            return
        fast = len(self._running) - self._long
        missing = self.limits.workers - len(self._idle) - fast - len(self._starting)
        # After some that ended before they were ready, one at a time: the store may be gone.
        most = missing if self._in_vain < _STARTS_IN_VAIN else min(missing, 1 - len(self._starting))
        for _ in range(most):
            starting = asyncio.get_running_loop().create_task(self._start_one())
            self._starting.add(starting)
            starting.add_done_callback(self._started)

    async def _start_one(self) -> None:
        if self._in_vain >= _STARTS_IN_VAIN:
            await asyncio.sleep(1)
        if self._closing:
            return
        worker = WorkerProcess(self._place, self._generation, self._worker_limits, self._changed)
        self._workers.add(worker)
        try:
            await worker.start(self._union)
        except OSError as error:
            # The system has no room for another process now. Those that are there go on; it is tried again.
            _log.warning("a worker cannot be started: %s", error)
            self._workers.discard(worker)
            self._in_vain += 1
            return
        if self._closing:
            worker.kill(ServiceBusy("the service is stopping; try again later"))
        while not (worker.ready or worker.dead):
            self._news.clear()
            await self._news.wait()

    def _started(self, starting: asyncio.Task[None]) -> None:
        self._starting.discard(starting)
        self._news.set()

    def _changed(self, worker: WorkerProcess) -> None:
        """A worker has become ready, has ended its query, or is dead."""
        self._news.set()
        for answer in [
            answer for answer, at in self._running.items() if at is worker and worker.answer is None
        ]:
            self._forget(answer)
        if worker.dead:
            self._bury(worker)
        elif worker.idle and worker not in self._idle:
            self._in_vain = 0
            self._keep_or_retire(worker)
        self._go_on()

    def _bury(self, worker: WorkerProcess) -> None:
        self._workers.discard(worker)
        if worker in self._idle:
            self._idle.remove(worker)
        if not worker.ready:
            self._in_vain += 1
        if worker.failure is not None:
            self._lost(worker.failure)

    def _keep_or_retire(self, worker: WorkerProcess) -> None:
        stale = self._generation and worker.generation < self._generation
        if stale or worker.slowed or worker.queries >= _QUERIES_OF_A_LIFE:
            worker.retire()
        elif worker.generation >= self._generation:
            self._idle.append(worker)

    # How queries end.

    def _end(self, answer: Answer, why: KgError) -> None:
        """End a query that runs or waits."""
        answer.fail(why)
        worker = self._running.get(answer)
        if worker is not None:
            worker.kill(why)
            # A process of the lowest priority takes its time to die; its place is free all the same.
            self._forget(answer)
            self._go_on()
            return
        queue = self._waiting.get(answer.client)
        if queue is not None:
            kept = deque(item for item in queue if item[1] is not answer)
            self._queued -= len(queue) - len(kept)
            if kept:
                self._waiting[answer.client] = kept
            else:
                del self._waiting[answer.client]

    def _forget(self, answer: Answer) -> None:
        """A query no longer has a worker."""
        if self._running.pop(answer, None) is not None and answer.lane is Lane.LONG:
            self._long -= 1

    def _left(self, answer: Answer) -> None:
        """A request is over: its query need not go on."""
        if not answer.ended:
            self._end(answer, QueryCancelled("the client has left"))
        if self._answers.pop(answer.query_id, None) is not None:
            self._by_client[answer.client] -= 1
            if not self._by_client[answer.client]:
                del self._by_client[answer.client]

    # What time does.

    def _tick_later(self) -> None:
        if self._ticking is None:
            self._ticking = asyncio.get_running_loop().call_later(_TICK_SECONDS, self._tick)

    def _tick(self) -> None:
        self._ticking = None
        now = time.monotonic()
        for answer, worker in list(self._running.items()):
            self._watch(answer, worker, now)
        for answer in self._in_queue():
            waited = now - answer.asked
            if waited > LONG_SECONDS:
                answer.is_slow()
            if waited > self.limits.time_seconds:
                self._end(answer, ServiceBusy("the query waited for its turn until its time was over"))
        if self._running or self._queued:
            self._tick_later()

    def _in_queue(self) -> Iterator[Answer]:
        for queue in list(self._waiting.values()):
            for _, answer in list(queue):
                yield answer

    def _watch(self, answer: Answer, worker: WorkerProcess, now: float) -> None:
        assert answer.started is not None
        seconds = now - answer.started
        limits = self.limits
        if seconds > limits.time_seconds:
            self._end(
                answer,
                LimitReached(
                    f"the query took more than {limits.time_seconds:g} s", "time_seconds", limits.time_seconds
                ),
            )
        elif seconds > LONG_SECONDS and answer.lane is Lane.FAST:
            answer.is_slow()
            if not self._takes_long(worker, seconds):
                return
            if self._long < limits.long_queries:
                self._move_to_slow_lane(answer, worker)
            elif seconds > _SEAT_SECONDS:
                self._end(
                    answer, ServiceBusy(f"{limits.long_queries} long queries run already; try again later")
                )

    def _takes_long(self, worker: WorkerProcess, seconds: float) -> bool:
        """Whether a query takes much time of the machine, and does not only wait for its share of it."""
        used = worker.cpu_seconds_of_query()
        return used is None or used > LONG_SECONDS or seconds > _LONG_WAIT_SECONDS

    def _move_to_slow_lane(self, answer: Answer, worker: WorkerProcess) -> None:
        answer.lane = Lane.LONG
        self._long += 1
        worker.slow_down()
        self._go_on()
