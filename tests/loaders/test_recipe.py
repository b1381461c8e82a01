"""Recipes: what is read from them, and what each mistake in one is told."""

import datetime
import re
from pathlib import Path

import pytest

from impckg.graph.errors import RecipeError
from impckg.loaders.recipe import address_file_name, find_recipe, official_recipes, read_recipe

REPOSITORY = Path(__file__).resolve().parents[2]
REAL_DATA = REPOSITORY / "benchmarks" / "real-data.toml"

SHA256 = "0cccd1e5038e85ae351dd0761bc5ed7030b925f6ebb14435ab15c3e5bd32dbed"

RELEASE = """\
[release]
name = "impckg-2026.1"
title = "A small release"
date = 2026-11-25
simulated = false
"""

BY_PATH = """
[[source]]
name = "mp"
path = "mp.obo"
version = "2025-08-27"
licence = "https://creativecommons.org/licenses/by/4.0/"
"""

BY_ADDRESS = f"""
[[source]]
name = "hp-2"
reader = "hp"
address = "https://example.org/v2025-01-16/hp.obo"
version = "2025-01-16"
sha256 = "{SHA256.upper()}"
licence = "https://hpo.jax.org/app/license"
citation = "Gargano et al. 2024"
"""


@pytest.fixture
def write(tmp_path):
    """Writes a recipe beside an `mp.obo`, for BY_PATH to find."""
    (tmp_path / "mp.obo").write_text("format-version: 1.2\n", encoding="utf-8")

    def _write(text):
        path = tmp_path / "recipe.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return _write


def refusal(path):
    with pytest.raises(RecipeError) as caught:
        read_recipe(path)
    return str(caught.value)


def test_a_recipe_says_what_a_release_is_made_of(write, tmp_path):
    path = write(RELEASE + BY_PATH + BY_ADDRESS)

    recipe = read_recipe(path)

    assert recipe.path == path
    assert (recipe.name, recipe.title, recipe.simulated) == ("impckg-2026.1", "A small release", False)
    assert recipe.date == datetime.date(2026, 11, 25)
    by_path, by_address = recipe.sources
    assert (by_path.name, by_path.reader) == ("mp", "mp")
    assert (by_path.path, by_path.address) == (tmp_path / "mp.obo", None)
    assert (by_path.sha256, by_path.unpinned, by_path.citation) == (None, None, None)
    assert (by_address.name, by_address.reader) == ("hp-2", "hp")
    assert (by_address.path, by_address.address) == (None, "https://example.org/v2025-01-16/hp.obo")
    assert by_address.sha256 == SHA256
    assert (by_address.version, by_address.citation) == ("2025-01-16", "Gargano et al. 2024")


def test_a_path_counts_from_the_recipe_and_not_from_the_working_directory(write, tmp_path, monkeypatch):
    path = write(RELEASE + BY_PATH)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)

    recipe = read_recipe(Path("..") / path.name)

    assert recipe.path == path
    assert recipe.sources[0].path == tmp_path / "mp.obo"


def test_an_address_may_go_without_a_checksum_if_it_says_why(write):
    unpinned = BY_ADDRESS.replace(f'sha256 = "{SHA256.upper()}"', 'unpinned = "not seen yet"')

    recipe = read_recipe(write(RELEASE + unpinned))

    assert recipe.sources[0].sha256 is None
    assert recipe.sources[0].unpinned == "not seen yet"


def test_a_mistake_is_told_with_file_table_and_name(write):
    path = write(RELEASE + BY_PATH + BY_ADDRESS.replace("licence", "license"))

    message = refusal(path)

    assert message.startswith(f"{path}: [[source]] 2 ('hp-2'): unknown key 'license'; expected one of name, ")
    assert message.endswith("(did you mean 'licence'?)")


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ('name = "impckg-2026.1"', 'name = "a/b"', "name 'a/b'; expected letters, digits, '.', '_' and '-'"),
        ('name = "impckg-2026.1"', 'name = ".."', "name '..'; expected letters"),
        ('name = "impckg-2026.1"\n', "", "no 'name' among title, date, simulated; expected one"),
        ('title = "A small release"', 'title = " "', "title ' '; expected text"),
        ('title = "A small release"', "title = 7", "title 7; expected text"),
        ("date = 2026-11-25", 'date = "2026-11-25"', "date '2026-11-25'; expected a date without quotes"),
        ("date = 2026-11-25", "date = 2026-11-25T10:00:00", "date 2026-11-25 10:00:00; expected a date"),
        ("date = 2026-11-25\n", "", "no 'date' among"),
        ("simulated = false", 'simulated = "no"', "simulated 'no'; expected true or false"),
        ("simulated = false", "simulated = 0", "simulated 0; expected true or false"),
        ("simulated = false\n", "", "no 'simulated' among"),
        ("simulated", "simulate", "unknown key 'simulate'; expected one of name, title, date, simulated"),
    ],
)
def test_a_release_table_is_refused(write, before, after, told):
    path = write(RELEASE.replace(before, after) + BY_PATH)

    message = refusal(path)

    assert message.startswith(f"{path}: [release]: ")
    assert told in message


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ('name = "mp"', 'name = "MP"', "name 'MP'; expected a-z, digits, '_' and '-'"),
        ('name = "mp"\n', "", "[[source]] 1: no 'name' among"),
        ('name = "mp"', 'name = ["mp"]', "[[source]] 1: name ['mp']; expected text"),
        ('name = "mp"', 'name = "mp"\nreader = "os.path"', "reader 'os.path'; expected a-z"),
        ('version = "2025-08-27"\n', "", "no 'version' among"),
        ('version = "2025-08-27"', 'version = "Latest"', "version 'Latest' is another one tomorrow"),
        ("licence", "#", "no 'licence' among"),
        ("https://creativecommons.org/licenses/by/4.0/", "CC BY 4.0", "licence 'CC BY 4.0'; expected an IRI"),
        ('path = "mp.obo"\n', "", "found neither 'path' nor 'address'; expected exactly one of them"),
        (
            'path = "mp.obo"',
            'path = "mp.obo"\naddress = "https://example.org/mp.obo"',
            "found both 'path' and 'address'; expected exactly one of them",
        ),
        ('path = "mp.obo"', 'path = "mp.owl"', "mp.owl does not exist; expected the file of this source"),
        ('path = "mp.obo"', 'path = "."', "is not a file; expected the file of this source"),
        ('path = "mp.obo"', r'path = "mp\u0000.obo"', "expected the path of a file"),
        ('path = "mp.obo"', 'path = "mp.obo"\nsha256 = "abc"', "sha256 'abc'; expected 64 hex digits"),
        ('path = "mp.obo"', 'path = "mp.obo"\nunpinned = "lazy"', "'unpinned' beside a path"),
        ('path = "mp.obo"', 'path = "mp.obo"\ncitation = ""', "citation ''; expected text"),
    ],
)
def test_a_source_with_a_path_is_refused(write, before, after, told):
    message = refusal(write(RELEASE + BY_PATH.replace(before, after)))

    assert told in message


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("https://example.org", "ftp://example.org", "expected an http or https address"),
        ("https://example.org/v2025-01-16/hp.obo", "hp.obo", "expected an http or https address"),
        ("https://example.org", "https://", "expected an http or https address"),
        ("https://example.org", "https://example.org:port", "expected an http or https address"),
        ("https://example.org", "https://[::1", "expected an http or https address"),
        ("https://example.org", "https://me:secret@example.org", "the address holds a user name"),
        ("v2025-01-16/hp.obo", "v2025-01-16/", "'' cannot be the name of a file"),
        ("v2025-01-16/hp.obo", "v2025-01-16/..%2fhp.obo", "'../hp.obo' cannot be the name of a file"),
        ("v2025-01-16/hp.obo", "LATEST/hp.obo", "'LATEST' is another file tomorrow"),
        ("v2025-01-16/hp.obo", "v1/hp-latest.obo", "'hp-latest.obo' is another file tomorrow"),
        ("v2025-01-16/hp.obo", "hp.obo?release=l%61test", "is another file tomorrow"),
        (f'sha256 = "{SHA256.upper()}"\n', "", "an address without 'sha256'; expected 64 hex digits, or"),
        (SHA256.upper(), SHA256[:-1], "expected 64 hex digits"),
        (SHA256.upper(), SHA256[:-1] + "g", "expected 64 hex digits"),
        ("citation =", "unpinned =", "found both 'sha256' and 'unpinned'; expected one of them"),
        (f'sha256 = "{SHA256.upper()}"', 'unpinned = ""', "unpinned ''; expected text"),
    ],
)
def test_a_source_with_an_address_is_refused(write, before, after, told):
    message = refusal(write(RELEASE + BY_ADDRESS.replace(before, after)))

    assert "[[source]] 1 ('hp-2')" in message
    assert told in message


def test_a_password_in_an_address_is_not_repeated(write):
    path = write(RELEASE + BY_ADDRESS.replace("https://example.org", "https://me:secret@example.org"))

    assert "secret" not in refusal(path)


def test_a_host_may_be_called_latest(write):
    path = write(RELEASE + BY_ADDRESS.replace("example.org", "latest.example.org"))

    assert read_recipe(path).sources[0].address == "https://latest.example.org/v2025-01-16/hp.obo"


def test_two_sources_of_one_name_are_refused(write):
    message = refusal(write(RELEASE + BY_PATH + BY_ADDRESS + BY_PATH))

    assert "[[source]] 3 ('mp'): name 'mp' is taken by [[source]] 1" in message


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (BY_PATH, "nothing under 'release'; expected one [release] table"),
        ('release = "1"\n' + BY_PATH, "'1' under 'release'; expected one [release] table"),
        (RELEASE, "nothing under 'source'; expected one or more [[source]] tables"),
        (RELEASE + BY_PATH.replace("[[source]]", "[source]"), "expected one or more [[source]] tables"),
        ("source = []\n" + RELEASE, "[] under 'source'; expected one or more [[source]] tables"),
        ("source = [1]\n" + RELEASE, "[1] under 'source'; expected one or more [[source]] tables"),
        (RELEASE + BY_PATH.replace("source", "sources"), "unknown table 'sources'"),
    ],
)
def test_a_recipe_without_its_tables_is_refused(write, text, told):
    assert told in refusal(write(text))


def test_what_is_not_toml_is_refused_with_its_line_and_column(write):
    path = write(RELEASE + '\n[[source]]\nname = "mp\n')

    assert re.search(re.escape(str(path)) + r":8:\d+: not TOML: [A-Z]", refusal(path))


def test_a_file_that_stops_in_the_middle_is_refused_with_its_last_line(write):
    path = write(RELEASE + '\n[[source]]\nname = """mp\n')

    assert f"{path}:8: not TOML: " in refusal(path)


def test_what_is_not_utf_8_is_refused_with_its_line(tmp_path):
    path = tmp_path / "recipe.toml"
    path.write_bytes(RELEASE.encode() + "\n# Ort: Köln\n".encode("latin-1"))

    assert refusal(path) == f"{path}:7: byte 0xf6 is not UTF-8; TOML is"


def test_a_recipe_that_is_not_there_is_refused(tmp_path):
    message = refusal(tmp_path / "none.toml")

    assert (
        message
        == f"{tmp_path}/none.toml: cannot be read (No such file or directory); expected a recipe in TOML"
    )


def test_an_official_recipe_is_found_by_its_name():
    path = find_recipe("impc-21.1")

    assert path == official_recipes()["impc-21.1"]
    assert path.is_file()


def test_a_recipe_of_ones_own_is_found_by_its_path(write):
    path = write(RELEASE + BY_PATH)

    assert find_recipe(str(path)) == path


def test_an_unknown_recipe_is_told_the_official_ones():
    with pytest.raises(RecipeError, match=r"impc-21\.2: neither .* one of .*impc-21\.1.*did you mean"):
        find_recipe("impc-21.2")


@pytest.mark.parametrize("name", official_recipes())
def test_an_official_recipe_is_fetched_from_fixed_addresses(name):
    recipe = read_recipe(official_recipes()[name])

    assert recipe.name == name
    assert not recipe.simulated
    assert all(source.address and source.address.startswith("https://") for source in recipe.sources)
    assert all(source.citation for source in recipe.sources)


def test_the_file_of_an_address_keeps_its_name():
    assert address_file_name("https://example.org/a/b%20c.txt?x=/d#e") == "b c.txt"


def test_the_recipe_of_the_real_files_reads_them_all():
    if not (REPOSITORY.parent / "shared" / "data").is_dir():
        pytest.skip("the real files are not beside this repository")

    recipe = read_recipe(REAL_DATA)

    assert len(recipe.sources) == 28
    assert all(source.sha256 and source.path for source in recipe.sources)
    assert {source.reader for source in recipe.sources if source.reader != source.name} == {
        "ontology",
        "sssom",
    }
