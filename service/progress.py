"""How a build shows its progress: bars on a terminal, plain lines elsewhere; on standard error either way."""

import sys
from collections.abc import Callable
from types import TracebackType
from typing import Self

import click
from rich.console import Console
from rich.filesize import decimal
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from impckg.loaders.steps import SilentWatcher


class Lines(SilentWatcher):
    """One line for each file that was fetched and each step that is done."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def finished(self, name: str) -> None:
        """Say that a file is there."""
        click.echo(f"fetch {name}: there", err=True)

    def step_finished(self, step: str, seconds: float, skipped: bool) -> None:
        """Say that a step is done."""
        click.echo(_done(step, seconds, skipped), err=True)


class Bars:
    """A bar for each file that is being fetched and for the step at work; what is done stays as a line."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True)
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            TextColumn("{task.fields[detail]}"),
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
        )
        self._tasks: dict[str, TaskID] = {}
        self._amounts: dict[str, int] = {}

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def started(self, name: str, total_bytes: int | None) -> None:
        """Show a bar for a file; from the start again where its download begins again."""
        self._begin(f"fetch {name}", total_bytes)

    def advanced(self, name: str, bytes: int) -> None:  # noqa: A002 - the word of fetch.Progress
        """Move the bar of a file."""
        self._advance(f"fetch {name}", bytes, decimal)

    def finished(self, name: str) -> None:
        """Leave a line for a file that is there."""
        self._end(f"fetch {name}", f"fetch {name}: there")

    def step_started(self, step: str) -> None:
        """Show a step; how long it takes is not known, so its bar swings."""
        self._begin(step, None)

    def step_advanced(self, step: str, rows: int) -> None:
        """Count rows of a step."""
        self._advance(step, rows, "{:,} rows".format)

    def step_finished(self, step: str, seconds: float, skipped: bool) -> None:
        """Leave a line for a step that is done."""
        self._end(step, _done(step, seconds, skipped))

    def _begin(self, what: str, total: int | None) -> None:
        if what in self._tasks:
            self._progress.remove_task(self._tasks[what])
        self._tasks[what] = self._progress.add_task(what, total=total, detail="")
        self._amounts[what] = 0

    def _advance(self, what: str, amount: int, words: Callable[[int], str]) -> None:
        self._amounts[what] += amount
        done = self._amounts[what]
        self._progress.update(self._tasks[what], completed=done, detail=words(done))

    def _end(self, what: str, line: str) -> None:
        if what in self._tasks:
            self._progress.remove_task(self._tasks.pop(what))
        self._console.print(line, highlight=False)


def progress() -> Lines | Bars:
    """What suits standard error: bars where it is a terminal, lines where it is not. A context manager and a Watcher."""
    return Bars() if sys.stderr.isatty() else Lines()


def _done(step: str, seconds: float, skipped: bool) -> str:
    return f"{step}: {'done before' if skipped else f'{seconds:.1f} s'}"
