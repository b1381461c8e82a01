"""Fetching what the query page borrows: what is taken, what is refused, and what happens where nothing can be had."""

import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
SCRIPT = PROJECT / "vendor" / "vendor.py"
LOCK = json.loads((PROJECT / "vendor" / "package-lock.json").read_text(encoding="utf-8"))


def load_vendor():
    """The script as a module; it is no part of the package."""
    spec = importlib.util.spec_from_file_location("vendor_script", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


vendor = load_vendor()
WANTED = vendor.read_wanted(PROJECT / "vendor" / "files.toml")


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """A node_modules with two packages, of which one needs the other."""
    folder = tmp_path / "node_modules"
    for name, needs in (("chart", {"lines": "1"}), ("lines", {})):
        (folder / name / "build").mkdir(parents=True)
        described = {"name": name, "version": "1.2.3", "license": "MIT", "dependencies": needs}
        (folder / name / "package.json").write_text(json.dumps(described), encoding="utf-8")
        (folder / name / "LICENSE.md").write_text(f"what {name} allows\n", encoding="utf-8")
        (folder / name / "build" / f"{name}.min.js").write_text(f"draw('{name}')", encoding="utf-8")
    return folder


def wanted(package: str, content: str) -> "vendor.Wanted":
    return vendor.Wanted(package, f"build/{package}.min.js", hashlib.sha256(content.encode()).hexdigest())


def test_a_file_is_put_in_place_with_its_licences_and_a_manifest(packages, tmp_path):
    vendor.place([wanted("chart", "draw('chart')")], packages, tmp_path / "vendor")

    assert sorted(path.name for path in (tmp_path / "vendor").iterdir()) == [
        "chart.licences.txt",
        "chart.min.js",
        "manifest.json",
    ]
    (entry,) = json.loads((tmp_path / "vendor" / "manifest.json").read_text(encoding="utf-8"))
    assert entry == {
        "name": "chart",
        "version": "1.2.3",
        "licence": "MIT",
        "licences": "chart.licences.txt",
        "file": "chart.min.js",
        "sha256": hashlib.sha256(b"draw('chart')").hexdigest(),
    }
    licences = (tmp_path / "vendor" / "chart.licences.txt").read_text(encoding="utf-8")
    assert "==== chart 1.2.3, MIT\n\nwhat chart allows" in licences
    assert "==== lines 1.2.3, MIT\n\nwhat lines allows" in licences


def test_a_file_with_another_checksum_is_refused_and_what_was_there_stays(packages, tmp_path):
    vendor.place([wanted("chart", "draw('chart')")], packages, tmp_path / "vendor")
    (packages / "lines" / "build" / "lines.min.js").write_text("steal()", encoding="utf-8")

    with pytest.raises(
        vendor.Refused, match=r"^lines/build/lines\.min\.js: SHA-256 is \w{64}; files\.toml expects \w{64}$"
    ):
        vendor.place(
            [wanted("chart", "draw('chart')"), wanted("lines", "draw('lines')")],
            packages,
            tmp_path / "vendor",
        )

    assert (tmp_path / "vendor" / "chart.min.js").read_text(encoding="utf-8") == "draw('chart')"
    assert not (tmp_path / "vendor" / "lines.min.js").exists()


def test_a_file_that_a_package_lacks_is_refused(packages, tmp_path):
    with pytest.raises(vendor.Refused, match=r"^chart: has no file build/gone\.js$"):
        vendor.place([vendor.Wanted("chart", "build/gone.js", "")], packages, tmp_path / "vendor")


def test_a_file_that_is_gone_from_the_list_is_gone_from_the_folder(packages, tmp_path):
    vendor.place([wanted("chart", "draw('chart')")], packages, tmp_path / "vendor")

    vendor.place([wanted("lines", "draw('lines')")], packages, tmp_path / "vendor")

    assert not (tmp_path / "vendor" / "chart.min.js").exists()


def test_a_package_that_needs_another_release_has_it_in_a_folder_of_its_own(packages):
    nested = packages / "chart" / "node_modules" / "lines"
    shutil.copytree(packages / "lines", nested)

    assert list(vendor.closure(packages, "chart")) == [packages / "chart", nested]


@pytest.mark.parametrize(("flags", "code"), [([], 3), (["--optional"], 0)])
def test_where_no_registry_answers_it_says_what_is_missing(tmp_path, flags, code):
    if shutil.which("npm") is None:
        pytest.skip("npm is not on this machine")
    project = tmp_path / "project"
    shutil.copytree(PROJECT / "vendor", project / "vendor")
    # Port 9 of this machine: nobody listens there. Whatever npm has kept from before must not help either.
    nowhere = {
        "npm_config_registry": "http://127.0.0.1:9/",
        "npm_config_cache": str(tmp_path / "cache"),
        "npm_config_fetch_retries": "0",
    }

    done = subprocess.run(
        [sys.executable, project / "vendor" / "vendor.py", *flags],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **nowhere},
    )

    assert done.returncode == code
    assert "vendor: npm could not fetch its packages" in done.stderr
    assert "`make vendor` tries again" in done.stderr
    assert not (project / "service").exists()


# ---------------------------------------------------------------- what is pinned


def test_every_package_is_pinned_by_a_checksum_and_names_no_address():
    for name, package in LOCK["packages"].items():
        if name:
            assert re.fullmatch(r"sha512-[A-Za-z0-9+/]+=*", package["integrity"]), name
        assert "resolved" not in package, name


def test_the_lock_file_is_of_the_releases_that_are_asked_for():
    asked = json.loads((PROJECT / "vendor" / "package.json").read_text(encoding="utf-8"))

    for kind in ("dependencies", "devDependencies"):
        assert LOCK["packages"][""][kind] == asked[kind]
        for name, version in asked[kind].items():
            assert re.fullmatch(r"\d+\.\d+\.\d+", version), "an exact release"
            assert LOCK["packages"][f"node_modules/{name}"]["version"] == version


def test_every_file_that_is_taken_is_of_a_package_that_is_asked_for():
    asked = json.loads((PROJECT / "vendor" / "package.json").read_text(encoding="utf-8"))["dependencies"]

    assert {file.package for file in WANTED} == set(asked)
    assert all(re.fullmatch(r"[0-9a-f]{64}", file.sha256) for file in WANTED)
    assert len({file.name for file in WANTED}) == len(WANTED)


def test_what_is_in_place_is_what_is_pinned():
    folder = PROJECT / "service" / "static" / "vendor"
    if not folder.is_dir():
        pytest.skip("nothing was vendored here: `make vendor`")
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))

    assert {entry["file"]: entry["sha256"] for entry in manifest} == {
        file.name: file.sha256 for file in WANTED
    }
    for entry in manifest:
        assert hashlib.sha256((folder / entry["file"]).read_bytes()).hexdigest() == entry["sha256"]
        assert (folder / entry["licences"]).read_text(encoding="utf-8").count("====") >= 1
