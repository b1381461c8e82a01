"""What all tests share."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

from impckg.loaders.build import build
from impckg.loaders.recipe import read_recipe
from impckg.loaders.simulate import simulate_release
from impckg.loaders.statistics import mixed_model
from impckg.ontology import reasoning

# How long an example takes depends on what else the machine does.
settings.register_profile("impckg", deadline=None)
settings.load_profile("impckg")

PROJECT = Path(__file__).resolve().parents[1]


def pytest_configure() -> None:
    """Forget compiled functions that are older than a module beside them.

    numba looks at the module of a function alone. What it calls may have changed since, and be laid out otherwise: such a
    function does not fail, it crashes.
    """
    for folder in (Path(package.__path__[0]) for package in (reasoning, mixed_model)):
        newest = max(module.stat().st_mtime for module in folder.glob("*.py"))
        for kept in folder.glob("__pycache__/*.nb[ci]"):
            if kept.stat().st_mtime < newest:
                kept.unlink()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real files of the IMPC and the ontologies, which are too large to be part of the project.

    They lie in ../shared/data beside the project's folder, or where IMPCKG_SHARED_DATA says.
    Tests that ask for them are skipped where they are absent.
    """
    folder = Path(os.environ.get("IMPCKG_SHARED_DATA", PROJECT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"real data are not on this machine: {folder} is not a folder")
    return folder


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A built release of the simulated world, with 60 genes; made once, never written to."""
    folder = tmp_path_factory.mktemp("demo")
    build(read_recipe(simulate_release(folder / "files")), folder)
    return folder
