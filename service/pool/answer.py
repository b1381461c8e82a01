"""An answer while it comes in: what the pool writes to and a request reads from."""

import asyncio
import time
from collections.abc import Callable
from enum import Enum
from typing import Protocol

from impckg.graph.errors import KgError
from impckg.service.pool.spool import Allowance, Spool

HOLD_BYTES = 512 * 1024
"""A request is told nothing before so much of its answer is there, or all of it: until then an error can still be told."""


class Lane(Enum):
    """Where a query stands: waiting for a worker, just begun, or taking long."""

    WAITING = "waiting"
    FAST = "fast"
    LONG = "long"


class Judge(Protocol):
    """Knows better than a worker what became of its query."""

    def failure(self) -> KgError | None:
        """Why an answer that looks whole is wrong; None where it is right."""

    def explain(self, error: KgError) -> KgError:
        """An error that a worker tells of, in words that the client understands."""

    def close(self) -> None:
        """The query is over."""


class Answer:
    """The answer to one query, read by one request.

    rows: known at the end.
    packed: whether it is compressed; known when it has begun.
    notes: what was done to the query; all are there when it has begun.
    """

    def __init__(
        self,
        query_id: str,
        client: str,
        packed: bool,
        allowance: Allowance,
        leave: Callable[["Answer"], None],
        judge: Judge | None = None,
    ) -> None:
        self.query_id = query_id
        self.client = client
        self.packed = packed
        self.notes: list[str] = []
        self.lane = Lane.WAITING
        self.asked = time.monotonic()
        self.started: float | None = None
        self.rows: int | None = None
        self.bytes = 0
        self.complete = False
        self._error: KgError | None = None
        self._spool = Spool(allowance)
        self._leave = leave
        self._judge = judge
        self._waiter: asyncio.Future[None] | None = None
        self._resume: Callable[[], None] | None = None
        self._slow = False

    async def begun(self, patient: bool = False) -> bool:
        """Wait until the answer can be sent; then true.

        patient: wait as long as it takes. Otherwise return false once the query takes long, so that the caller can look
        after other things, such as a client that leaves.

        Raises the error that the query ended with, if it did.
        """
        while True:
            if self._error is not None and not self.bytes_held:
                raise self._error
            if self.complete or self.bytes_held:
                return True
            if self._slow and not patient:
                return False
            await self._wait()

    @property
    def bytes_held(self) -> bool:
        """Whether so much is there that sending begins."""
        return self.bytes >= HOLD_BYTES

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""
        return self.complete or self._error is not None

    async def read(self) -> bytes:
        """The next bytes of the answer; none at its end. Raises the error that it broke off with."""
        while True:
            content = self._spool.read()
            if self._resume is not None and not len(self._spool):
                resume, self._resume = self._resume, None
                resume()
            if content:
                return content
            if self._error is not None:
                raise self._error
            if self.complete:
                return b""
            await self._wait()

    def read_all(self) -> bytes:
        """All of a complete answer that is still here."""
        parts = []
        while part := self._spool.read():
            parts.append(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def close(self) -> None:
        """The request is over, whether or not the answer is: a query that still runs is ended."""
        self._spool.close()
        self._leave(self)
        if self._judge is not None:
            self._judge.close()
            self._judge = None

    # What follows is for the pool.

    def take(self, content: bytes, pause: Callable[[], None], resume: Callable[[], None]) -> None:
        """Take a part of the answer. Where the disk is used up, `pause` is called, and `resume` once it is read."""
        self._spool.write(content)
        self.bytes += len(content)
        if self._spool.full and self._resume is None:
            self._resume = resume
            pause()
        if self.bytes_held:
            self._wake()

    def finish(self, rows: int, packed: bool) -> None:
        """Say that this was all."""
        failure = self._judge.failure() if self._judge is not None else None
        if failure is not None:
            self.fail(failure)
            return
        self.rows = rows
        self.packed = packed
        self.complete = True
        self._wake()

    def fail(self, error: KgError) -> None:
        """There is no more, and this is why."""
        if not self.ended:
            self._error = self._judge.explain(error) if self._judge is not None else error
            self._wake()

    def is_slow(self) -> None:
        """Let an impatient request go about its business."""
        if not self._slow:
            self._slow = True
            self._wake()

    async def _wait(self) -> None:
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
