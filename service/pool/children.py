"""What the processes of the pool have in common, workers and the writer: how they begin, what bounds them, how they end."""

import multiprocessing
import os
import resource
import signal
import sys
import threading
from collections.abc import Callable
from multiprocessing.connection import wait
from multiprocessing.reduction import DupFd
from pathlib import Path
from socket import socketpair
from typing import Any

# A process that imports all that is needed, has no threads, and forks the others: 10 to 60 ms each. Forking this process
# would not do, since it has threads and an event loop; starting a new Python takes 90 to 120 ms.
FORKSERVER = multiprocessing.get_context("forkserver")
FORKSERVER.set_forkserver_preload(["__main__", "impckg.service.pool.worker", "impckg.service.pool.writer"])

OUT_OF_MEMORY = "MemoryError"
"""The kind of error that such a process tells of where Python itself got no memory."""

LAST_WORDS_BYTES = 4_096
"""So much of what a process said on standard error is looked at; what matters comes first."""

# The engine recurses while it parses and plans. On this stack it survives whatever the guard lets pass (49,000 nested
# groups, 90,000 "!"), where the usual 8 MB end at 2,240 groups.
_STACK_BYTES = 256 * 1024 * 1024
_MIB = 1024 * 1024
_SIGNS_OF_NO_MEMORY = (b"memory allocation", b"bad_alloc", b"MemoryError", b"Cannot allocate memory")


class Descriptor:
    """A file descriptor that can be handed to a process while it is started."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __reduce__(self) -> tuple[Any, ...]:
        return _received, (DupFd(self.number),)


def _received(handed: Any) -> Descriptor:
    return Descriptor(handed.detach())


def live(work: Callable[[], None], errors: int) -> None:
    """Do the work of a process until it is done, or until the service is gone, which ends it at once.

    work: is done in a thread, because only a thread can be given a larger stack than the process has.
    errors: a file descriptor for what the engine says when it dies.
    """
    # Ctrl-C reaches all processes of a terminal; the service ends its own itself.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Nor is it for them when the whole group of the service is told to end.
    os.setsid()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.dup2(errors, sys.stderr.fileno())
    # What the engine says when it dies is read by the service; a list of its functions is of no use there.
    os.environ["RUST_BACKTRACE"] = "0"
    done, end = socketpair()

    def work_and_end() -> None:
        with end:
            work()

    threading.stack_size(_STACK_BYTES)
    threading.Thread(target=work_and_end, daemon=True).start()
    service = multiprocessing.parent_process()
    assert service is not None
    # In the middle of its work nothing else would notice that the service is gone. The signal that Linux sends at the death
    # of a parent is of no use: the parent is the fork server, which lives as long as any of its children.
    if service.sentinel in wait([service.sentinel, done]):
        os.kill(os.getpid(), signal.SIGKILL)


def limit_memory(memory_mib: int) -> None:
    """Allow this process so much address space beyond what it uses now."""
    if sys.platform != "linux":
        return  # macOS counts shared libraries of the whole system and refuses any useful limit
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    most = pages * resource.getpagesize() + memory_mib * _MIB
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def ran_out_of_memory(last_words: bytes) -> bool:
    """Whether a process died for want of memory, by what it said last.

    >>> ran_out_of_memory(b"memory allocation of 65536000 bytes failed")
    True
    """
    return any(sign in last_words for sign in _SIGNS_OF_NO_MEMORY)
