"""What a release is made of: the recipe, a TOML file that lists every source.

::

    [release]
    name = "impckg-2026.1"               # used in IRIs: letters, digits, '.', '_', '-'
    title = "IMPC 24.0 with MP, HP and MONDO"
    date = 2026-11-25                    # the date the release carries
    simulated = false                    # true if any of its data were made up

    [[source]]
    name = "mp"                          # unique: a-z, digits, '_', '-'; names the graph of the source
    reader = "mp"                        # optional, else the name: which module of loaders/sources it is
    path = "mp.obo.gz"                   # a file, relative to the recipe; or
    address = "https://..."              # where to fetch it: one of the two, never both
    version = "2025-08-27"               # never "latest"
    sha256 = "..."                       # of the file as it is published, 64 hex digits
    unpinned = "why there is no sha256"  # for an address without sha256
    licence = "https://creativecommons.org/licenses/by/4.0/"
    citation = "..."                     # optional

Nothing else in a build reads a clock or asks for the newest of anything, so the same recipe and the same
files give the same bytes. A recipe is refused as a whole at its first mistake.
"""

import datetime
import difflib
import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from impckg.graph.errors import RecipeError

RELEASE_KEYS = ("name", "title", "date", "simulated")
SOURCE_KEYS = (
    "name",
    "reader",
    "path",
    "address",
    "version",
    "sha256",
    "unpinned",
    "licence",
    "citation",
)

# A name of dots alone would vanish from an IRI: `.` and `..` are steps, not names.
_RELEASE_NAME = re.compile(r"(?!\.+$)[A-Za-z0-9._-]+")
_SOURCE_NAME = re.compile(r"[a-z0-9_-]+")
_SHA256 = re.compile(r"[0-9A-Fa-f]{64}")
_IRI = re.compile(r'[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>"{}|\\^`]+')
_TOML_POSITION = re.compile(r" ?\(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)$")


@dataclass(frozen=True)
class RecipeSource:
    """One source of a release: one published file.

    path: absolute; None if the file has to be fetched.
    sha256: lower case; None if nothing pins the file, which for an address needs a reason in `unpinned`.
    """

    name: str
    reader: str
    path: Path | None
    address: str | None
    version: str
    sha256: str | None
    unpinned: str | None
    licence: str
    citation: str | None


@dataclass(frozen=True)
class Recipe:
    """A release before it is built; `path` is the absolute path of the recipe itself."""

    path: Path
    name: str
    title: str
    date: datetime.date
    simulated: bool
    sources: tuple[RecipeSource, ...]


def official_recipes() -> Mapping[str, Path]:
    """List the recipes that come with the package, by name, in alphabetical order."""
    folder = resources.files("impckg.loaders.recipes")
    files = (Path(str(entry)) for entry in folder.iterdir() if entry.name.endswith(".toml"))
    return MappingProxyType({file.stem: file for file in sorted(files)})


def find_recipe(name_or_path: str) -> Path:
    """Find the file of an official recipe, or the file at that path.

    An official name wins over a file of the same name in the working directory; `./name` means the file.
    Raises RecipeError, with the official names, if there is neither.
    """
    official = official_recipes()
    if name_or_path in official:
        return official[name_or_path]
    path = Path(name_or_path)
    if path.is_file():
        return path
    raise RecipeError(
        f"{name_or_path}: neither a recipe file nor an official recipe; expected a path or one of "
        f"{_listed(official)}{_nearest(name_or_path, official)}"
    )


def read_recipe(path: Path) -> Recipe:
    """Read the recipe in a TOML file.

    Raises RecipeError if the file, or a file that it lists by path, is missing, is not TOML, or breaks a rule
    of the format.
    """
    path = path.resolve()
    tables = _parse(path)
    _refuse_unknown_keys(str(path), tables, ("release", "source"), "table")
    release = tables.get("release")
    if not isinstance(release, dict):
        raise RecipeError(f"{path}: {_found(release)} under 'release'; expected one [release] table")
    listed = tables.get("source")
    if not isinstance(listed, list) or not listed or not all(isinstance(table, dict) for table in listed):
        raise RecipeError(f"{path}: {_found(listed)} under 'source'; expected one or more [[source]] tables")

    where = f"{path}: [release]"
    _refuse_unknown_keys(where, release, RELEASE_KEYS, "key")
    return Recipe(
        path=path,
        name=_matching(where, release, "name", _RELEASE_NAME, "letters, digits, '.', '_' and '-'"),
        title=_text(where, release, "title"),
        date=_date(where, release),
        simulated=_boolean(where, release, "simulated"),
        sources=_sources(path, listed),
    )


def address_file_name(address: str) -> str:
    """Give the name under which a fetched file is kept: the last segment of its address, decoded.

    Raises ValueError if that segment cannot be the name of a file.

    >>> address_file_name("https://example.org/release-21.1/results/viability.csv.gz?download=1")
    'viability.csv.gz'
    """
    name = unquote(urlsplit(address).path.rpartition("/")[2])
    if name in ("", ".", "..") or any(character in '/\\:*?"<>|' or character < " " for character in name):
        raise ValueError(f"{name!r} cannot be the name of a file")
    return name


def _parse(path: Path) -> dict[str, Any]:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise RecipeError(f"{path}: cannot be read ({error.strerror}); expected a recipe in TOML") from error
    try:
        return tomllib.loads(content.decode("utf-8"))
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise RecipeError(f"{path}:{line}: byte {content[error.start]:#04x} is not UTF-8; TOML is") from error
    except ValueError as error:
        # TOMLDecodeError, which knows its place only in words before Python 3.14, or a number of 4300 digits.
        message = str(error)
        position = _TOML_POSITION.search(message)
        line = int((position and position["line"]) or content.rstrip().count(b"\n") + 1)
        column = f":{position['column']}" if position and position["column"] else ""
        reason = _TOML_POSITION.sub("", message)
        raise RecipeError(f"{path}:{line}{column}: not TOML: {reason}") from error


def _sources(path: Path, tables: list[dict[str, Any]]) -> tuple[RecipeSource, ...]:
    numbers: dict[str, int] = {}
    sources = []
    for number, table in enumerate(tables, start=1):
        where = f"{path}: [[source]] {number}"
        if isinstance(table.get("name"), str):
            where += f" ({table['name']!r})"
        source = _source(where, path.parent, table)
        if source.name in numbers:
            raise RecipeError(
                f"{where}: name {source.name!r} is taken by [[source]] {numbers[source.name]}; "
                "expected a name of its own"
            )
        numbers[source.name] = number
        sources.append(source)
    return tuple(sources)


def _source(where: str, folder: Path, table: Mapping[str, Any]) -> RecipeSource:
    _refuse_unknown_keys(where, table, SOURCE_KEYS, "key")
    name = _matching(where, table, "name", _SOURCE_NAME, "a-z, digits, '_' and '-'")
    if ("path" in table) == ("address" in table):
        found = "both 'path' and 'address'" if "path" in table else "neither 'path' nor 'address'"
        raise RecipeError(f"{where}: found {found}; expected exactly one of them")
    sha256 = _optional_matching(where, table, "sha256", _SHA256, "64 hex digits")
    unpinned = _optional_text(where, table, "unpinned")
    _check_pin(where, table, sha256, unpinned)
    reader = _optional_matching(where, table, "reader", _SOURCE_NAME, "a-z, digits, '_' and '-'")
    return RecipeSource(
        name=name,
        reader=reader or name,
        path=_path(where, folder, table) if "path" in table else None,
        address=_address(where, table) if "address" in table else None,
        version=_version(where, table),
        sha256=sha256.lower() if sha256 else None,
        unpinned=unpinned,
        licence=_matching(where, table, "licence", _IRI, "an IRI such as that of CC BY 4.0"),
        citation=_optional_text(where, table, "citation"),
    )


def _check_pin(where: str, table: Mapping[str, Any], sha256: str | None, unpinned: str | None) -> None:
    if unpinned is not None and "path" in table:
        raise RecipeError(f"{where}: 'unpinned' beside a path; expected it only beside an address")
    if unpinned is not None and sha256 is not None:
        raise RecipeError(f"{where}: found both 'sha256' and 'unpinned'; expected one of them")
    if unpinned is None and sha256 is None and "address" in table:
        raise RecipeError(
            f"{where}: an address without 'sha256'; expected 64 hex digits, "
            "or 'unpinned' with the reason why they are not known"
        )


def _path(where: str, folder: Path, table: Mapping[str, Any]) -> Path:
    try:
        path = (folder / _text(where, table, "path")).resolve()
    except (OSError, RuntimeError, ValueError) as error:
        raise RecipeError(f"{where}: path {table['path']!r}: {error}; expected the path of a file") from error
    if not path.is_file():
        found = "is not a file" if path.exists() else "does not exist"
        raise RecipeError(
            f"{where}: path {table['path']!r}: {path} {found}; expected the file of this source"
        )
    return path


def _address(where: str, table: Mapping[str, Any]) -> str:
    address = _matching(where, table, "address", _IRI, "an http or https address")
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise RecipeError(
            f"{where}: address {address!r}: {error}; expected an http or https address"
        ) from error
    if parts.scheme.lower() not in ("http", "https") or not host:
        raise RecipeError(f"{where}: address {address!r}; expected an http or https address")
    if parts.username is not None or parts.password is not None:
        # Addresses are published with the release, and so would the password be.
        raise RecipeError(f"{where}: the address holds a user name; expected an address that anyone can use")
    _refuse_latest_in_address(where, address, parts)
    try:
        address_file_name(address)
    except ValueError as error:
        raise RecipeError(
            f"{where}: address {address!r}: {error}; expected an address that ends with one"
        ) from error
    return address


def _refuse_latest_in_address(where: str, address: str, parts: SplitResult) -> None:
    for segment in (*parts.path.split("/"), parts.query):
        if "latest" in unquote(segment).lower():
            raise RecipeError(
                f"{where}: address {address!r}: {segment!r} is another file tomorrow; "
                "expected the address of one version"
            )


def _version(where: str, table: Mapping[str, Any]) -> str:
    version = _text(where, table, "version")
    if "latest" in version.lower():
        raise RecipeError(f"{where}: version {version!r} is another one tomorrow; expected a fixed version")
    return version


def _date(where: str, table: Mapping[str, Any]) -> datetime.date:
    value = _required(where, table, "date")
    # A TOML date with a time is a datetime, which Python takes for a date too.
    if not isinstance(value, datetime.date) or isinstance(value, datetime.datetime):
        raise RecipeError(
            f"{where}: date {_shown(value)}; expected a date without quotes or time, such as 2026-11-25"
        )
    return value


def _boolean(where: str, table: Mapping[str, Any], key: str) -> bool:
    value = _required(where, table, key)
    if not isinstance(value, bool):
        raise RecipeError(f"{where}: {key} {_shown(value)}; expected true or false")
    return value


def _required(where: str, table: Mapping[str, Any], key: str) -> object:
    if key not in table:
        raise RecipeError(f"{where}: no {key!r} among {_listed(table) or 'no keys'}; expected one")
    value: object = table[key]
    return value


def _text(where: str, table: Mapping[str, Any], key: str) -> str:
    value = _required(where, table, key)
    if not isinstance(value, str) or not value.strip():
        raise RecipeError(f"{where}: {key} {_shown(value)}; expected text")
    return value


def _matching(where: str, table: Mapping[str, Any], key: str, pattern: re.Pattern[str], expected: str) -> str:
    value = _text(where, table, key)
    if not pattern.fullmatch(value):
        raise RecipeError(f"{where}: {key} {value!r}; expected {expected}")
    return value


def _optional_text(where: str, table: Mapping[str, Any], key: str) -> str | None:
    return _text(where, table, key) if key in table else None


def _optional_matching(
    where: str, table: Mapping[str, Any], key: str, pattern: re.Pattern[str], expected: str
) -> str | None:
    return _matching(where, table, key, pattern, expected) if key in table else None


def _refuse_unknown_keys(where: str, table: Mapping[str, Any], known: Collection[str], kind: str) -> None:
    for key in table:
        if key not in known:
            raise RecipeError(
                f"{where}: unknown {kind} {key!r}; expected one of {_listed(known)}{_nearest(key, known)}"
            )


def _nearest(word: str, known: Collection[str]) -> str:
    nearest = difflib.get_close_matches(word, known, n=1)
    return f" (did you mean {nearest[0]!r}?)" if nearest else ""


def _listed(names: Collection[str]) -> str:
    return ", ".join(names)


def _shown(value: object) -> str:
    """Show a TOML value as its author would know it again, cut where it is long."""
    shown = str(value).lower() if isinstance(value, bool) else str(value)
    if isinstance(value, str | list | dict):
        shown = repr(value)
    return shown if len(shown) <= 60 else shown[:57] + "..."


def _found(value: object) -> str:
    return "nothing" if value is None else _shown(value)
