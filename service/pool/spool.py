"""Bytes on their way from a fast writer to a slow reader: in memory first, then in a file without a name.

So a worker is free as soon as it has written its answer, however slowly the client reads, and the memory of the service does
not grow with the answer. All spools of a service share one allowance of disk; where it is used up, a worker is made to wait.
"""

from collections import deque
from tempfile import TemporaryFile
from typing import IO

_MEMORY_BYTES = 512 * 1024
_READ_BYTES = 256 * 1024


class Allowance:
    """How much disk all spools may take together, in bytes."""

    def __init__(self, most_bytes: int) -> None:
        self.most_bytes = most_bytes
        self.used = 0

    @property
    def exhausted(self) -> bool:
        """Whether writers should wait."""
        return self.used >= self.most_bytes


class Spool:
    """A queue of bytes. What does not fit into memory waits in a file."""

    def __init__(self, allowance: Allowance) -> None:
        self._allowance = allowance
        self._memory: deque[bytes] = deque()
        self._in_memory = 0
        self._file: IO[bytes] | None = None
        self._read_at = self._write_at = 0

    def __len__(self) -> int:
        return self._in_memory + self._write_at - self._read_at

    @property
    def full(self) -> bool:
        """Whether this spool takes disk and there is none left."""
        return self._write_at > 0 and self._allowance.exhausted

    def write(self, content: bytes) -> None:
        """Add bytes at the end."""
        # Once something waits in the file, what follows must wait behind it.
        if self._write_at == self._read_at and self._in_memory + len(content) <= _MEMORY_BYTES:
            self._memory.append(content)
            self._in_memory += len(content)
            return
        if self._file is None:
            self._file = TemporaryFile(prefix="impckg-answer-")  # noqa: SIM115 - closed by close()
        self._file.seek(self._write_at)
        self._file.write(content)
        self._write_at += len(content)
        self._allowance.used += len(content)

    def read(self) -> bytes:
        """Some bytes from the beginning; none where nothing waits."""
        if self._memory:
            content = self._memory.popleft()
            self._in_memory -= len(content)
            return content
        if self._file is None or self._read_at == self._write_at:
            return b""
        self._file.seek(self._read_at)
        content = self._file.read(min(_READ_BYTES, self._write_at - self._read_at))
        self._read_at += len(content)
        if self._read_at == self._write_at:
            self._empty_file()
        return content

    def close(self) -> None:
        """Forget what waits, and give the disk back."""
        self._memory.clear()
        self._in_memory = 0
        if self._file is not None:
            self._empty_file()
            self._file.close()
            self._file = None

    def _empty_file(self) -> None:
        assert self._file is not None
        self._file.truncate(0)
        self._allowance.used -= self._write_at
        self._read_at = self._write_at = 0
