"""How a build shows its progress."""

import io
import sys

import pytest
from rich.console import Console

from impckg.service.progress import Bars, Lines, progress


def test_elsewhere_than_on_a_terminal_each_step_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    with progress() as shown:
        shown.step_started("merge")
        shown.step_advanced("merge", 1000)
        shown.step_finished("merge", 1.25, skipped=False)
        shown.step_finished("load", 0.0, skipped=True)
        shown.finished("mp")

    assert isinstance(shown, Lines)
    assert capsys.readouterr() == ("", "merge: 1.2 s\nload: done before\nfetch mp: there\n")


def test_on_a_terminal_there_are_bars(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)

    assert isinstance(progress(), Bars)


def test_bars_count_rows_and_bytes_and_leave_lines() -> None:
    output = io.StringIO()
    console = Console(file=output, force_terminal=True, width=100)

    with Bars(console) as shown:
        shown.started("mp", 4_000_000)
        shown.advanced("mp", 2_000_000)
        shown.started("mp", 4_000_000)
        shown.advanced("mp", 3_000_000)
        shown._progress.refresh()
        shown.finished("mp")
        shown.step_started("read mp")
        shown.step_advanced("read mp", 1_500)
        shown._progress.refresh()
        shown.step_finished("read mp", 2.0, skipped=False)

    text = output.getvalue()
    assert "3.0 MB" in text
    assert "1,500 rows" in text
    assert "fetch mp: there" in text
    assert "read mp: 2.0 s" in text
