"""What is built from this tree, and what it holds once installed.

Nothing here reaches the network: the build back end is the one that requirements.txt has installed.
"""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import venv
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import impckg

PROJECT = Path(__file__).resolve().parents[1]
PYPROJECT = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))

# Where each top-level folder lies once installed: {"graph": "impckg/graph", ...}.
INSTALLED_FOLDERS = {
    folder: package.replace(".", "/")
    for package, folder in PYPROJECT["tool"]["setuptools"]["package-dir"].items()
}


@dataclass(frozen=True)
class Built:
    """The archives made from one copy of the tree."""

    sdist: Path
    wheel_from_tree: Path
    wheel_from_sdist: Path


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what a build reads, so that nothing is written into the project's own folder."""
    copy = tmp_path_factory.mktemp("tree")
    for name in ("pyproject.toml", PYPROJECT["project"]["readme"], *PYPROJECT["project"]["license-files"]):
        shutil.copy(PROJECT / name, copy)
    for folder in INSTALLED_FOLDERS:
        shutil.copytree(PROJECT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


@pytest.fixture(scope="module")
def built(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Built:
    from_sdist = tmp_path_factory.mktemp("from_sdist")
    from_tree = tmp_path_factory.mktemp("from_tree")
    # Without --wheel, build makes the sdist first and the wheel from that.
    python("-m", "build", "--no-isolation", "--outdir", from_sdist, tree, folder=from_sdist)
    python("-m", "build", "--no-isolation", "--wheel", "--outdir", from_tree, tree, folder=from_tree)
    (sdist,), (wheel_from_sdist,) = from_sdist.glob("*.tar.gz"), from_sdist.glob("*.whl")
    (wheel_from_tree,) = from_tree.glob("*.whl")
    return Built(sdist=sdist, wheel_from_tree=wheel_from_tree, wheel_from_sdist=wheel_from_sdist)


@pytest.mark.skipif(
    os.environ.get("IMPCKG_TEST_INSTALLED") != "1", reason="only `make test` runs against the installed wheel"
)
def test_the_tests_run_against_the_installed_package() -> None:
    package = Path(impckg.__file__)

    assert "site-packages" in package.parts
    assert not package.is_relative_to(PROJECT / "impckg")


def test_the_wheel_holds_every_file_of_the_package_folders(built: Built) -> None:
    expected = set(package_files(PROJECT))

    held = set(names_in(built.wheel_from_tree))

    assert "impckg/py.typed" in expected
    assert expected - held == set()


def test_the_wheel_holds_nothing_but_the_package_its_licence_and_its_metadata(built: Built) -> None:
    expected = set(package_files(PROJECT))

    others = [name for name in names_in(built.wheel_from_tree) if name not in expected]

    assert {name.split("/")[0] for name in others} == {f"impckg-{version()}.dist-info"}
    assert any(name.endswith("/LICENSE") for name in others)


def test_a_wheel_made_from_the_sdist_holds_the_same_files_as_one_made_from_the_tree(built: Built) -> None:
    assert names_in(built.wheel_from_sdist) == names_in(built.wheel_from_tree)


def test_the_sdist_has_the_licence_and_the_readme(built: Built) -> None:
    with tarfile.open(built.sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}

    assert {"LICENSE", "README.md", "pyproject.toml"} <= names


def test_an_installed_wheel_imports_and_tells_its_version(built: Built, tmp_path: Path) -> None:
    target = tmp_path / "target"
    pip("install", "--no-deps", "--no-index", "--target", target, built.wheel_from_sdist, folder=tmp_path)

    imported = python("-c", "import impckg; print(impckg.__file__)", folder=tmp_path, PYTHONPATH=target)
    told = python("-m", "impckg", "--version", folder=tmp_path, PYTHONPATH=target)

    assert Path(imported.strip()).is_relative_to(target)
    assert version() in told


def test_every_module_of_an_installed_wheel_imports(built: Built, tmp_path: Path) -> None:
    target = tmp_path / "target"
    pip("install", "--no-deps", "--no-index", "--target", target, built.wheel_from_tree, folder=tmp_path)
    modules = sorted(
        name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        for name in package_files(PROJECT)
        if name.endswith(".py") and not name.endswith("/__main__.py")
    )

    importing = f"import importlib\nfor name in {modules}: importlib.import_module(name)"

    python("-c", importing, folder=tmp_path, PYTHONPATH=target)


def test_an_editable_install_reads_the_folders_of_the_tree(tree: Path, tmp_path: Path) -> None:
    environment = an_environment_that_borrows_our_packages(tmp_path)
    pip(
        *("--python", environment),
        *("install", "--no-deps", "--no-index", "--no-build-isolation", "--editable", tree),
        folder=tmp_path,
    )

    asking = "import impckg, impckg.graph.errors as errors; print(impckg.__file__); print(errors.__file__)"
    found = run(environment / "bin" / "python", "-c", asking, folder=tmp_path)
    told = run(environment / "bin" / "impckg", "--version", folder=tmp_path)

    assert found.split() == [str(tree / "impckg" / "__init__.py"), str(tree / "graph" / "errors.py")]
    assert version() in told


@pytest.mark.parametrize("file", ["requirements.txt", "requirements-dev.txt"])
def test_the_pinned_releases_are_ones_that_pyproject_allows(file: str) -> None:
    wanted = PYPROJECT["build-system"]["requires"] + PYPROJECT["project"]["dependencies"]
    if file == "requirements-dev.txt":
        wanted += [one for extra in PYPROJECT["project"]["optional-dependencies"].values() for one in extra]

    pinned = pins(PROJECT / file)

    for requirement in map(Requirement, wanted):
        name = canonicalize_name(requirement.name)
        assert name in pinned, f"{file} does not pin {name}: run `make lock`"
        assert requirement.specifier.contains(pinned[name]), f"{file}: {pinned[name]}, not {requirement}"


def test_what_is_tested_runs_on_the_same_releases_as_what_is_installed() -> None:
    running = pins(PROJECT / "requirements.txt")
    testing = pins(PROJECT / "requirements-dev.txt")

    assert running.items() <= testing.items()


@pytest.mark.parametrize("file", ["requirements.txt", "requirements-dev.txt"])
def test_every_pinned_release_has_its_checksums_and_names_no_address(file: str) -> None:
    entries = re.split(r"\n(?=\S)", (PROJECT / file).read_text(encoding="utf-8"))

    for entry in entries:
        assert entry.startswith("#") or "--hash=sha256:" in entry, entry
        assert "://" not in entry, entry
        assert not entry.startswith("-"), entry


def test_the_citation_and_the_package_agree_on_version_and_licence() -> None:
    citation = yaml.safe_load((PROJECT / "CITATION.cff").read_text(encoding="utf-8"))

    assert citation["version"] == version()
    assert citation["license"] == PYPROJECT["project"]["license"]


def version() -> str:
    """The version that the tree states, in the file that pyproject.toml points to."""
    assert PYPROJECT["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "impckg._version.__version__"}
    stated = re.search(
        r'__version__ = "(.+)"', (PROJECT / "impckg" / "_version.py").read_text(encoding="utf-8")
    )
    assert stated is not None
    return stated[1]


def package_files(project: Path) -> Iterator[str]:
    """Each file of the package folders, by the name it has once installed."""
    for folder, installed in INSTALLED_FOLDERS.items():
        for path in sorted((project / folder).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                yield f"{installed}/{path.relative_to(project / folder).as_posix()}"


def names_in(wheel: Path) -> list[str]:
    """The files in a wheel, in the order of their names."""
    with zipfile.ZipFile(wheel) as archive:
        return sorted(name for name in archive.namelist() if not name.endswith("/"))


def pins(requirements: Path) -> dict[str, str]:
    """Each pinned package and its release."""
    found = re.findall(r"^([\w.-]+)==(\S+)", requirements.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {canonicalize_name(name): release for name, release in found}


def an_environment_that_borrows_our_packages(folder: Path) -> Path:
    """A fresh virtual environment that sees all packages of this one except impckg.

    venv's own system_site_packages would show those of the Python beneath, not those of the
    environment we run in; and an impckg that is already there would hide the editable one.
    """
    environment, borrowed = folder / "environment", folder / "borrowed"
    venv.create(environment, with_pip=False, symlinks=True)
    borrowed.mkdir()
    for path in Path(sysconfig.get_path("purelib")).iterdir():
        if "impckg" not in path.name and path.suffix != ".pth":
            (borrowed / path.name).symlink_to(path)
    base = {"base": str(environment), "platbase": str(environment)}
    site_packages = Path(sysconfig.get_path("purelib", scheme="venv", vars=base))
    (site_packages / "borrowed.pth").write_text(f"{borrowed}\n", encoding="utf-8")
    return environment


def pip(*arguments: str | Path, folder: Path) -> str:
    """What pip prints; it asks no index, so what it needs must be here."""
    return python("-m", "pip", *arguments, folder=folder, PIP_NO_INDEX="1", PIP_DISABLE_PIP_VERSION_CHECK="1")


def python(*arguments: str | Path, folder: Path, **settings: str | Path) -> str:
    """What our own Python prints when it is run in a folder."""
    return run(sys.executable, *arguments, folder=folder, **settings)


def run(*command: str | Path, folder: Path, **settings: str | Path) -> str:
    """What a command prints when it is run in a folder, with these environment variables beside ours."""
    environment = os.environ | {name: str(value) for name, value in settings.items()}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout
