"""Rules that all sources and all modules keep. A new one is picked up by itself."""

import ast
import re
from pathlib import Path

import pytest

from impckg.graph.errors import RecipeError
from impckg.graph.schema import schema
from impckg.loaders.sources import find_source, sources

PROJECT = Path(__file__).resolve().parents[1]
PACKAGES = ("impckg", "graph", "loaders", "ontology", "queries", "service")
MODULES = sorted(path for package in PACKAGES for path in (PROJECT / package).rglob("*.py"))
SOURCE_MODULES = sorted(
    path.stem for path in (PROJECT / "loaders" / "sources").glob("*.py") if path.stem != "__init__"
)

LONGEST_FUNCTION_LINES = 80


# ---------------------------------------------------------------- sources


def test_every_module_of_the_sources_is_a_source():
    assert sorted(sources()) == SOURCE_MODULES


@pytest.mark.parametrize("reader", SOURCE_MODULES)
def test_a_source_says_what_it_is_whose_and_under_which_licence(reader):
    source = find_source(reader)

    assert source.reader == reader, "recipes name the module"
    assert re.fullmatch(r"\S.*[^\s.]", source.title)
    assert re.fullmatch(r"\S.*[^\s.]", source.publisher)
    assert re.fullmatch(r"https://[^\s<>\"{}|\\^`]+", source.licence)


@pytest.mark.parametrize("reader", SOURCE_MODULES)
def test_a_source_fills_kinds_that_exist(reader):
    source = find_source(reader)

    assert source.kinds
    assert set(source.kinds) <= set(schema().kinds)
    assert len(source.kinds) == len(set(source.kinds))


@pytest.mark.parametrize("reader", SOURCE_MODULES)
def test_a_source_needs_others_that_exist_and_never_itself(reader):
    needed, waiting = set(), list(find_source(reader).needs)
    while waiting:
        other = waiting.pop()
        if other not in needed:
            needed.add(other)
            waiting += find_source(other).needs

    assert needed <= set(SOURCE_MODULES)
    assert reader not in needed


@pytest.mark.parametrize("reader", SOURCE_MODULES)
def test_a_source_has_a_fixture_that_says_of_each_odd_line_what_it_is_there_for(reader):
    folder = PROJECT / "tests" / "fixtures" / "sources" / reader
    readme = (folder / "README.md").read_text(encoding="utf-8")
    files = [path.name for path in folder.iterdir() if path.name != "README.md"]

    assert files
    assert [name for name in files if f"# {name}\n" not in readme] == []


@pytest.mark.parametrize("reader", SOURCE_MODULES)
def test_a_source_has_tests(reader):
    module = PROJECT / "tests" / "loaders" / "sources" / f"test_{reader}.py"

    tests = [node.name for node in ast.parse(module.read_text(encoding="utf-8")).body if _is_test(node)]

    assert len(tests) >= 2


@pytest.mark.parametrize("reader", SOURCE_MODULES)
def test_a_source_is_documented_with_the_kinds_that_it_fills(reader):
    section = sections().get(reader)

    assert section is not None, f"docs/sources.md has no section {reader}"
    missing = [kind for kind in find_source(reader).kinds if not re.search(rf"\b{kind}\b", section)]
    assert missing == []


def test_no_section_of_the_documentation_is_of_a_source_that_is_gone():
    assert sorted(sections()) == SOURCE_MODULES


@pytest.mark.parametrize("reader", SOURCE_MODULES)
def test_a_section_says_what_has_to_be_read_before(reader):
    section = sections()[reader]

    assert [name for name in find_source(reader).needs if f"[{name}](#{name})" not in section] == []


def test_an_unknown_reader_is_refused():
    with pytest.raises(RecipeError, match=r"^there is no reader 'nobody'; there are "):
        find_source("nobody")


def sections():
    """The text of each section of docs/sources.md that is about one source, by its reader."""
    text = (PROJECT / "docs" / "sources.md").read_text(encoding="utf-8")
    return dict(re.findall(r"^### (\w+)\n(.*?)(?=^##|\Z)", text, re.MULTILINE | re.DOTALL))


def _is_test(node):
    return isinstance(node, ast.FunctionDef) and node.name.startswith("test_")


# ---------------------------------------------------------------- modules


def every_module():
    return [pytest.param(path, id=str(path.relative_to(PROJECT))) for path in MODULES]


def parsed(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def functions(tree):
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def test_there_are_modules_in_every_package():
    assert {path.relative_to(PROJECT).parts[0] for path in MODULES} == set(PACKAGES)


@pytest.mark.parametrize("path", every_module())
def test_no_function_is_too_long_to_be_read_at_once(path):
    long = {
        node.name: node.end_lineno - node.lineno + 1
        for node in functions(parsed(path))
        if node.end_lineno - node.lineno + 1 > LONGEST_FUNCTION_LINES
    }

    assert long == {}


@pytest.mark.parametrize("path", every_module())
def test_no_error_is_caught_that_was_not_expected(path):
    handlers = [node for node in ast.walk(parsed(path)) if isinstance(node, ast.ExceptHandler)]
    too_wide = [
        node.lineno for node in handlers if {"everything", "Exception", "BaseException"} & caught(node)
    ]

    assert too_wide == []


def caught(handler):
    """The names of the errors that an `except` is for."""
    if handler.type is None:
        return {"everything"}
    return {node.id for node in ast.walk(handler.type) if isinstance(node, ast.Name)}


@pytest.mark.parametrize("path", every_module())
def test_everything_public_has_a_docstring(path):
    tree = parsed(path)

    assert ast.get_docstring(tree), "the module itself"
    assert [node.name for node in public(tree) if not ast.get_docstring(node)] == []


def public(node):
    """The public classes and functions of a module, and the public functions of those classes."""
    for child in node.body:
        if isinstance(
            child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
        ) and not child.name.startswith("_"):
            yield child
            if isinstance(child, ast.ClassDef):
                yield from public(child)


@pytest.mark.parametrize("path", every_module())
def test_no_module_is_a_drawer_for_odds_and_ends(path):
    assert path.stem not in {"utils", "util", "helpers", "helper", "common", "misc", "manager", "tools"}


@pytest.mark.parametrize("path", every_module())
def test_nothing_is_left_to_be_done(path):
    assert re.findall(r"\b(?:TODO|FIXME|XXX)\b", path.read_text(encoding="utf-8")) == []
