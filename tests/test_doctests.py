"""The examples in docstrings hold."""

import doctest
import importlib
import pkgutil

import pytest

FOLDERS = ("graph", "loaders", "ontology", "queries", "service")

# Folder by folder: an editable install maps each, and only a wheel has them all below one path.
MODULES = [
    module.name
    for folder in FOLDERS
    for module in pkgutil.walk_packages(
        importlib.import_module(f"impckg.{folder}").__path__, f"impckg.{folder}."
    )
]


def with_examples() -> list[str]:
    finder = doctest.DocTestFinder()
    return [
        name for name in MODULES if any(test.examples for test in finder.find(importlib.import_module(name)))
    ]


def test_there_are_examples_in_all_folders() -> None:
    folders = {name.split(".")[1] for name in with_examples()}

    assert folders == set(FOLDERS)


@pytest.mark.parametrize("name", with_examples())
def test_the_examples_of_a_module_hold(name: str) -> None:
    results = doctest.testmod(importlib.import_module(name))

    assert results.attempted > 0
    assert results.failed == 0
