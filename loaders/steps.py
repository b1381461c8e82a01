"""Steps of a build: done once for the same inputs, told to whoever watches, and found again after a crash."""

import hashlib
import json
import os
import re
import resource
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

DONE = "steps.json"


class Watcher(Protocol):
    """Is told how a build goes on. Also serves as `fetch.Progress`."""

    def started(self, name: str, total_bytes: int | None) -> None:
        """A file is being fetched."""

    def advanced(self, name: str, bytes: int) -> None:  # noqa: A002 - the word of fetch.Progress
        """So many bytes more were fetched."""

    def finished(self, name: str) -> None:
        """A file is there."""

    def step_started(self, step: str) -> None:
        """A step begins."""

    def step_advanced(self, step: str, rows: int) -> None:
        """So many rows more were read."""

    def step_finished(self, step: str, seconds: float, skipped: bool) -> None:
        """A step is done, or needed not be done again."""


class SilentWatcher:
    """Watches and says nothing."""

    def started(self, name: str, total_bytes: int | None) -> None:
        """Say nothing."""

    def advanced(self, name: str, bytes: int) -> None:  # noqa: A002
        """Say nothing."""

    def finished(self, name: str) -> None:
        """Say nothing."""

    def step_started(self, step: str) -> None:
        """Say nothing."""

    def step_advanced(self, step: str, rows: int) -> None:
        """Say nothing."""

    def step_finished(self, step: str, seconds: float, skipped: bool) -> None:
        """Say nothing."""


@dataclass(frozen=True)
class StepRecord:
    """One step as the report tells it. peak_mib: the most memory that the process had used by its end."""

    step: str
    seconds: float
    peak_mib: int
    skipped: bool


class Steps:
    """The steps of one build in one folder: which are done, and for which inputs.

    A step is done when its fingerprint stands in `steps.json`, which is written after its outputs and in one piece. A
    step that was cut off has left half an output and no fingerprint; it is done again from the start.
    """

    def __init__(self, folder: Path, watcher: Watcher) -> None:
        self._file = folder / DONE
        self._watcher = watcher
        self._done: dict[str, dict[str, Any]] = (
            json.loads(self._file.read_text()) if self._file.exists() else {}
        )
        self.records: list[StepRecord] = []

    def run(self, step: str, inputs: object, work: Callable[[], None]) -> str:
        """Do a step unless it was done for the same inputs; return the fingerprint of its inputs.

        inputs: whatever the outputs depend on, as plain values.
        """
        mark = fingerprint(step, inputs)
        before = self._done.pop(step, None)
        skipped = before is not None and before["inputs"] == mark
        started = time.perf_counter()
        self._watcher.step_started(step)
        if not skipped:
            self._save()
            work()
            before = {
                "inputs": mark,
                "seconds": round(time.perf_counter() - started, 3),
                "peak_mib": peak_mib(),
            }
        assert before is not None
        self._done[step] = before
        self._save()
        # What a step cost is told of the time when it was done.
        self.records.append(StepRecord(step, before["seconds"], before["peak_mib"], skipped))
        self._watcher.step_finished(step, before["seconds"], skipped)
        return mark

    def _save(self) -> None:
        write_atomically(self._file, json.dumps(self._done, indent=1, sort_keys=True))


def fingerprint(*parts: object) -> str:
    """A checksum of plain values: the same values, the same text, on every machine."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def write_atomically(path: Path, text: str) -> None:
    """Write a small file so that it is either the old or the new one, never half of one."""
    beside = path.with_name(f"{path.name}.tmp")
    beside.write_text(text, encoding="utf-8")
    os.replace(beside, path)  # noqa: PTH105 - the name says that it replaces


@contextmanager
def fresh_folder(folder: Path) -> Iterator[Path]:
    """A folder to write into that takes its place only when all is written; what was there before goes."""
    beside = folder.with_name(f"{folder.name}.tmp")
    shutil.rmtree(beside, ignore_errors=True)
    yield beside
    shutil.rmtree(folder, ignore_errors=True)
    beside.rename(folder)


def peak_mib() -> int:
    """The most memory that this process has had resident so far, in MiB."""
    status = Path("/proc/self/status")
    if status.exists():
        # Linux hands getrusage's figure down from the process that started this one; this figure it does not.
        return int(re.search(r"VmHWM:\s+(\d+) kB", status.read_text())[1]) // 1024  # type: ignore[index]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # macOS counts bytes, other systems kibibytes.
    return peak // (1024 * 1024) if sys.platform == "darwin" else peak // 1024


def as_json(value: Any) -> str:
    """A dataclass or plain value as readable JSON."""
    return json.dumps(
        asdict(value) if hasattr(value, "__dataclass_fields__") else value, indent=1, default=str
    )
