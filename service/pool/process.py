"""A worker as the service sees it: a process, the socket to it, and the query it is at."""

import asyncio
import contextlib
import json
import logging
import os
import signal
import socket
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from impckg.graph.errors import AnswerTooLong, AnswerTooSlow, KgError, SparqlSyntaxError
from impckg.service.errors import EngineCrashed, LimitReached
from impckg.service.pool.answer import Answer
from impckg.service.pool.children import (
    FORKSERVER,
    LAST_WORDS_BYTES,
    OUT_OF_MEMORY,
    Descriptor,
    ran_out_of_memory,
)
from impckg.service.pool.frames import FrameKind, Frames, Task, write_task
from impckg.service.pool.worker import WorkerLimits, work

_log = logging.getLogger(__name__)

_LOWEST_PRIORITY = 19
# Fields of /proc/PID/stat behind the name of the program.
_USER_TIME, _SYSTEM_TIME = 11, 12


class WorkerProcess(asyncio.Protocol):
    """One worker. `changed` is called when it becomes ready, idle or dead; `dead` and `idle` say which."""

    def __init__(
        self, place: str, generation: int, limits: WorkerLimits, changed: Callable[["WorkerProcess"], None]
    ) -> None:
        self.place = place
        self.generation = generation
        self.ready = False
        self.dead = False
        self.answer: Answer | None = None
        self.queries = 0
        self.slowed = False
        self.retired = False
        self.failure: KgError | None = None
        """Why it was never ready, or what ended it."""
        self._cpu_before: float | None = None
        self._limits = limits
        self._changed = changed
        self._why: KgError | None = None
        self._frames = Frames()
        self._transport: asyncio.Transport | None = None
        self._process: Any = None
        self._errors: Any = None

    @property
    def idle(self) -> bool:
        """Whether it can take a query."""
        return self.ready and not self.dead and self.answer is None

    @property
    def started(self) -> bool:
        """Whether its process runs and can be spoken to."""
        return self._transport is not None

    @property
    def pid(self) -> int:
        """The number of its process."""
        return int(self._process.pid)

    async def start(self, union: bool) -> None:
        """Start the process. It is ready once `changed` is called with `ready` true."""
        ours, theirs = socket.socketpair()
        self._errors = tempfile.TemporaryFile(prefix="impckg-worker-")  # noqa: SIM115 - closed when it is dead
        self._process = FORKSERVER.Process(
            target=_work,
            args=(theirs, self.place, union, self._limits, Descriptor(self._errors.fileno())),
            daemon=True,
        )
        loop = asyncio.get_running_loop()
        # Talking to the fork server takes some milliseconds, in which requests go on.
        await loop.run_in_executor(None, self._process.start)
        theirs.close()
        ours.setblocking(False)
        await loop.create_connection(lambda: self, sock=ours)

    def ask(self, task: Task, answer: Answer) -> None:
        """Give it a query."""
        assert self._transport is not None
        assert self.idle
        self.answer = answer
        self.queries += 1
        self._cpu_before = None
        self._transport.write(write_task(task))

    def kill(self, why: KgError) -> None:
        """End it at once, whatever it does, once it is started; the query it is at ends with this error."""
        if self._why is None and self._transport is not None:
            self._why = why
            self._process.kill()

    def cpu_seconds_of_query(self) -> float | None:
        """The CPU time that its query has taken since this was first asked; None where the system does not tell.

        It is asked of queries that take some time only, so short ones do not pay for it.
        """
        try:
            fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        except OSError:
            return None
        used = (int(fields[_USER_TIME]) + int(fields[_SYSTEM_TIME])) / os.sysconf("SC_CLK_TCK")
        if self._cpu_before is None:
            self._cpu_before = used
        return used - self._cpu_before

    def slow_down(self) -> None:
        """Give it what time others leave. It stays so: only a privileged process could take that back."""
        self.slowed = True
        # It may have ended by itself just now, before we hear of it.
        with contextlib.suppress(ProcessLookupError):
            os.setpriority(os.PRIO_PROCESS, self.pid, _LOWEST_PRIORITY)

    def retire(self) -> None:
        """Let it end by itself; it must be idle or starting."""
        self.retired = True
        if self._transport is not None:
            self._transport.close()

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is there."""
        # uvloop's transports are not of asyncio's classes, but do the same.
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Something came from the worker."""
        assert self._transport is not None
        try:
            for kind, content in self._frames.feed(data):
                self._frame_received(kind, content)
        except ValueError:
            # What is no frame comes from a process that no longer is what it was.
            self.kill(EngineCrashed("the query made the engine write nonsense"))

    def connection_lost(self, error: Exception | None) -> None:
        """The worker is gone, or has been let go."""
        self.dead = True
        asyncio.get_running_loop().add_reader(self._process.sentinel, self._ended)

    def _frame_received(self, kind: FrameKind, content: bytes) -> None:
        assert self._transport is not None
        if kind is FrameKind.DATA:
            if self.answer is not None:
                self.answer.take(content, self._transport.pause_reading, self._transport.resume_reading)
            return
        if kind is FrameKind.NOTE:
            if self.answer is not None:
                self.answer.notes.append(json.loads(content)["note"])
            return
        if kind is FrameKind.READY:
            self.ready = True
        elif kind is FrameKind.END:
            if self.answer is not None:
                self.answer.finish(**json.loads(content))
            self.answer = None
        elif not self.ready:
            self.failure = _error(json.loads(content))
        else:
            if self.answer is not None:
                self.answer.fail(self._told(json.loads(content)))
            self.answer = None
        self._changed(self)

    def _told(self, content: dict[str, Any]) -> KgError:
        if content["kind"] == OUT_OF_MEMORY:
            return self._memory_error()
        return _error(content)

    def _ended(self) -> None:
        asyncio.get_running_loop().remove_reader(self._process.sentinel)
        self._process.join()
        if not self.retired:
            self.failure = self._why or self.failure or self._cause_of_death(self._process.exitcode)
            if self.answer is not None:
                self.answer.fail(self.failure)
        self.answer = None
        self._errors.close()
        self._process.close()
        self._changed(self)

    def _cause_of_death(self, exit_code: int) -> KgError:
        if exit_code == -signal.SIGXCPU:
            seconds = self._limits.cpu_seconds
            return LimitReached(f"the query took more than {seconds} s of CPU time", "cpu_seconds", seconds)
        self._errors.seek(0)
        last_words = self._errors.read(LAST_WORDS_BYTES)
        if ran_out_of_memory(last_words):
            return self._memory_error()
        _log.warning("worker %d ended with %d: %s", self.pid, exit_code, last_words.decode(errors="replace"))
        return EngineCrashed("the query made the engine crash; it was ended, the service goes on")

    def _memory_error(self) -> LimitReached:
        mib = self._limits.memory_mib
        return LimitReached(f"the query took more than {mib:,} MiB of memory", "memory_mib", mib)


def _work(channel: socket.socket, place: str, union: bool, limits: WorkerLimits, errors: Descriptor) -> None:
    work(channel, place, union, limits, errors.number)


def _error(content: dict[str, Any]) -> KgError:
    """The error that a worker tells of; of a kind that this process knows, or else a plain one."""
    kind = _kinds().get(content["kind"], KgError)
    if kind is AnswerTooLong:
        limit = "result_bytes" if content["unit"] == "bytes" else "result_rows"
        return LimitReached(content["message"], limit, content["most"])
    if kind is AnswerTooSlow:
        return LimitReached(content["message"], "time_seconds", content["seconds"])
    if issubclass(kind, SparqlSyntaxError):
        return kind(content["message"], content.get("line"), content.get("column"))
    return kind(content["message"])


def _kinds() -> dict[str, type[KgError]]:
    known: dict[str, type[KgError]] = {}
    todo = [KgError]
    while todo:
        kind = todo.pop()
        known[kind.__name__] = kind
        todo += kind.__subclasses__()
    return known
