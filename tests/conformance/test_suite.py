"""The W3C's SPARQL 1.1 suite, where it is on this machine: docs/conformance.md says how to get it and run it by hand."""

import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
# All of them take minutes where the machine is busy, as every case writes its data to disk. `make conformance` runs all.
EVERY = 6


@pytest.fixture
def suite(shared_data: Path) -> Path:
    folder = shared_data / "w3c" / "sparql11"
    if not folder.is_dir():
        pytest.skip(f"the W3C's suite is not on this machine: {folder} is not a folder")
    return folder


def test_the_service_does_with_a_sample_of_the_suite_what_is_known_of_it(suite):
    ended = subprocess.run(
        [sys.executable, str(HERE), str(suite), "--every", str(EVERY)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    assert ended.returncode == 0, f"{ended.stdout}\n{ended.stderr}"
