"""Ontology files: what is read from them, and how a bad one is refused."""

import doctest
import gzip
from pathlib import Path

import polars as pl
import pytest

from impckg.graph.errors import DamagedFile, KgError, OntologyError, SourceError
from impckg.ontology import read
from impckg.ontology.read import TERM_SCHEMA, XREF_SCHEMA, Ontology, read_ontology

FIXTURES = Path(__file__).parents[1] / "fixtures" / "ontology"

# A file with one term, to spoil.
HEADER = "format-version: 1.2\n"
TERM = "\n[Term]\nid: MP:0000001\nname: mammalian phenotype\n"


def written(folder: Path, content: str | bytes) -> Path:
    path = folder / "mp.obo"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def refusal(kind: type[KgError], path: Path) -> str:
    with pytest.raises(kind) as refused:
        read_ontology(path, "MP")
    assert type(refused.value) is kind
    return str(refused.value)


def same(left: Ontology, right: Ontology) -> bool:
    tables = ("terms", "edges", "xrefs", "dangling")
    return (left.prefix, left.version) == (right.prefix, right.version) and all(
        getattr(left, table).equals(getattr(right, table)) for table in tables
    )


def test_the_examples_in_the_docstrings_are_true() -> None:
    assert doctest.testmod(read).failed == 0


def test_a_term_is_read_with_all_that_its_frame_says() -> None:
    ontology = read_ontology(FIXTURES / "mp.obo", "MP")

    term = ontology.terms.row(by_predicate=pl.col("id") == "MP:0000003", named=True)

    assert term == {
        "id": "MP:0000003",
        "label": "abnormal adipose tissue morphology",
        "definition": "fat that does not look like fat",
        "comment": "Made up for this file.",
        "obsolete": False,
        "replaced_by": [],
        "consider": [],
        "alternative_ids": ["MP:0000011"],
        "subsets": ["Sanger_Terms", "IMPC"],
        "exact_synonyms": ["made-up exact synonym"],
        "broad_synonyms": ["abnormality of adipose tissue", "adipose tissue abnormalities"],
        "narrow_synonyms": ["adipose tissue dysplasia"],
        "related_synonyms": [],
        "parents": ["MP:0005375"],
    }


def test_what_a_term_does_not_say_is_null_or_an_empty_list() -> None:
    ontology = read_ontology(FIXTURES / "mp.obo", "MP")

    root = ontology.terms.row(by_predicate=pl.col("id") == "MP:0000001", named=True)

    assert (root["definition"], root["comment"], root["obsolete"]) == (None, None, False)
    assert (root["parents"], root["exact_synonyms"], root["subsets"]) == ([], [], [])


def test_only_terms_of_the_prefix_are_read_and_they_are_sorted() -> None:
    ontology = read_ontology(FIXTURES / "mp.obo", "MP")

    assert (ontology.prefix, ontology.version) == ("MP", "releases/2025-08-27/mp.obo")
    assert ontology.terms["id"].to_list() == [
        "MP:0000001",
        "MP:0000003",
        "MP:0000047",
        "MP:0005375",
        "MP:0005452",
    ]


def test_an_obsolete_term_keeps_its_replacement_and_what_to_consider() -> None:
    ontology = read_ontology(FIXTURES / "mp.obo", "MP")

    retired = ontology.terms.filter("obsolete").row(0, named=True)

    assert retired["id"] == "MP:0000047"
    assert retired["replaced_by"] == ["MP:0000003"]
    assert retired["consider"] == ["MP:0005452", "MP:0000001"]


def test_the_edges_are_is_a_between_live_terms() -> None:
    ontology = read_ontology(FIXTURES / "mp.obo", "MP")

    assert ontology.edges.rows() == [
        ("MP:0000003", "MP:0005375"),
        ("MP:0005375", "MP:0000001"),
        ("MP:0005452", "MP:0000003"),
    ]
    assert ontology.dangling.is_empty()


def test_the_tables_have_the_same_columns_whatever_the_file_says(tmp_path: Path) -> None:
    ontology = read_ontology(written(tmp_path, HEADER + TERM), "MP")

    assert ontology.terms.schema == pl.Schema(TERM_SCHEMA)
    assert ontology.xrefs.schema == pl.Schema(XREF_SCHEMA)
    assert ontology.edges.schema == ontology.dangling.schema == {"child": pl.String, "parent": pl.String}


def test_escapes_qualifiers_and_trailing_comments_do_not_reach_the_texts() -> None:
    ontology = read_ontology(FIXTURES / "odd.obo", "MP")

    odd = ontology.terms.row(0, named=True)

    assert odd["label"] == 'Sjögren, β "quoted": 5%'
    assert odd["definition"] == 'first line\nsays "naïve", {not a qualifier} ! and not a comment'
    assert odd["comment"] == "half \\ half"
    assert odd["parents"] == ["MP:9000002"]


def test_a_synonym_said_twice_counts_once_in_its_scope() -> None:
    ontology = read_ontology(FIXTURES / "odd.obo", "MP")

    odd = ontology.terms.row(0, named=True)

    assert odd["exact_synonyms"] == ["said twice"]
    assert odd["related_synonyms"] == ["said twice"]


def test_a_cross_reference_is_an_identifier_without_escapes_and_description() -> None:
    ontology = read_ontology(FIXTURES / "odd.obo", "MP")

    assert ontology.xrefs["xref"].to_list() == [
        "Wikipedia:Talk:Mouse,_house",
        "http://example.org/a#b",
        "plain",
    ]


def test_a_term_without_a_label_and_a_file_without_a_version_have_null() -> None:
    ontology = read_ontology(FIXTURES / "odd.obo", "MP")

    assert ontology.version is None
    assert ontology.terms.row(1, named=True)["label"] is None
    assert ontology.terms.row(1, named=True)["obsolete"] is False


def test_is_a_that_leads_to_no_live_term_is_set_aside() -> None:
    ontology = read_ontology(FIXTURES / "odd.obo", "MP")

    assert ontology.edges.rows() == [("MP:9000001", "MP:9000002"), ("MP:9000003", "MP:9000002")]
    assert ontology.dangling.rows() == [
        ("MP:9000003", "MP:9000004"),
        ("MP:9000003", "MP:9999999"),
        ("MP:9000003", "PATO:0000001"),
    ]


def test_a_cross_reference_is_equivalent_where_mondo_says_so() -> None:
    ontology = read_ontology(FIXTURES / "mondo.obo", "MONDO")

    assert ontology.xrefs.rows() == [
        ("MONDO:0000001", "DOID:4", True),
        ("MONDO:0000001", "EFO:0000408", True),
        ("MONDO:0000001", "ICD9:799.9", False),
        ("MONDO:0000001", "NCIT:C2991", True),
        ("MONDO:0000001", "UMLS:C0012634", False),
        ("MONDO:0000002", "OMIM:1", True),
    ]


def test_the_same_file_always_gives_the_same_tables() -> None:
    first, second = (read_ontology(FIXTURES / "odd.obo", "MP") for _ in range(2))

    assert same(first, second)


@pytest.mark.parametrize("name", ["mp.obo", "mp.obo.gz", "mp"])
def test_gzip_is_told_by_its_first_bytes_not_by_the_name(tmp_path: Path, name: str) -> None:
    plain = (FIXTURES / "mp.obo").read_bytes()
    packed = tmp_path / name
    packed.write_bytes(gzip.compress(plain, mtime=0))

    assert same(read_ontology(packed, "MP"), read_ontology(FIXTURES / "mp.obo", "MP"))


def test_a_byte_order_mark_and_crlf_change_nothing(tmp_path: Path) -> None:
    plain = (FIXTURES / "odd.obo").read_bytes()
    path = written(tmp_path, b"\xef\xbb\xbf" + plain.replace(b"\n", b"\r\n"))

    assert same(read_ontology(path, "MP"), read_ontology(FIXTURES / "odd.obo", "MP"))


def test_a_comment_may_stand_on_a_line_of_its_own_anywhere(tmp_path: Path) -> None:
    lines = (FIXTURES / "odd.obo").read_text(encoding="utf-8").splitlines()
    path = written(tmp_path, "".join(f"! a comment\n{line}\n" for line in lines))

    assert same(read_ontology(path, "MP"), read_ontology(FIXTURES / "odd.obo", "MP"))


def test_an_absent_file_is_refused(tmp_path: Path) -> None:
    assert refusal(SourceError, tmp_path / "mp.obo") == "mp.obo: cannot be read: No such file or directory"


def test_a_folder_is_refused(tmp_path: Path) -> None:
    assert refusal(SourceError, tmp_path) == f"{tmp_path.name}: cannot be read: Is a directory"


@pytest.mark.parametrize(
    "content",
    [b"", b"\n \r\n", b"\xef\xbb\xbf", gzip.compress(b"", mtime=0)],
    ids=["nothing", "blanks", "mark", "gzip"],
)
def test_an_empty_file_is_refused(tmp_path: Path, content: bytes) -> None:
    assert refusal(DamagedFile, written(tmp_path, content)) == "mp.obo: is empty; expected an OBO file"


def test_a_truncated_gzip_file_is_refused(tmp_path: Path) -> None:
    packed = gzip.compress((FIXTURES / "mp.obo").read_bytes(), mtime=0)

    told = refusal(DamagedFile, written(tmp_path, packed[:-20]))

    assert told == "mp.obo: is truncated; expected a whole gzip file"


def test_a_gzip_file_with_changed_bytes_is_refused(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress((HEADER + TERM).encode(), mtime=0))
    packed[-8:-4] = b"\0\0\0\0"

    told = refusal(DamagedFile, written(tmp_path, bytes(packed)))

    assert told == "mp.obo: is damaged; expected a whole gzip file"


def test_a_gzip_file_that_cannot_be_unpacked_is_refused(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress((HEADER + TERM).encode(), mtime=0))
    packed[10:14] = b"\xff\xff\xff\xff"

    told = refusal(DamagedFile, written(tmp_path, bytes(packed)))

    assert told == "mp.obo: is damaged; expected a whole gzip file"


def test_a_file_cut_inside_a_line_is_refused(tmp_path: Path) -> None:
    told = refusal(DamagedFile, written(tmp_path, HEADER + TERM + "is_a: MP:00"))

    assert told == "mp.obo:6: ends inside a line; expected a line end as the last character"


def test_latin_1_is_refused_because_its_letters_would_be_guessed(tmp_path: Path) -> None:
    content = (HEADER + TERM + "comment: Sjögren\n").encode("latin-1")

    told = refusal(DamagedFile, written(tmp_path, content))

    assert told == "mp.obo:6: byte 0xf6 is not UTF-8; expected OBO in UTF-8"


def test_a_web_page_is_refused(tmp_path: Path) -> None:
    told = refusal(DamagedFile, written(tmp_path, "<!DOCTYPE html>\n<html>Not found</html>\n"))

    assert told == "mp.obo:1: '<!DOCTYPE html>' does not begin an OBO file; expected 'format-version: 1.2'"


def test_owl_is_refused(tmp_path: Path) -> None:
    told = refusal(DamagedFile, written(tmp_path, '<?xml version="1.0"?>\n<rdf:RDF/>\n'))

    assert told == (
        "mp.obo:1: '<?xml version=\"1.0\"?>' does not begin an OBO file; expected 'format-version: 1.2'"
    )


def test_wrong_syntax_is_refused_with_its_line(tmp_path: Path) -> None:
    told = refusal(OntologyError, written(tmp_path, HEADER + "! noted\n" + TERM + "is a: MP:0000002\n"))

    assert told == "mp.obo:7: 'is a: MP:0000002' is not OBO: expected EOI, Comment, or TermClause"


def test_a_file_cut_inside_a_term_is_refused(tmp_path: Path) -> None:
    told = refusal(OntologyError, written(tmp_path, HEADER + TERM + "\n[Term]\n"))

    assert told == "mp.obo:8: '' is not OBO: expected Comment"


def test_a_term_defined_twice_is_refused_with_both_lines(tmp_path: Path) -> None:
    told = refusal(OntologyError, written(tmp_path, HEADER + TERM + TERM.replace("1", "11") + TERM))

    assert told == "mp.obo:12: MP:0000001 is defined again; expected once (the first is on line 4)"


@pytest.mark.parametrize("tag", ["name", "def", "comment", "is_obsolete"])
def test_a_term_that_says_twice_what_can_be_said_once_is_refused(tmp_path: Path, tag: str) -> None:
    value = {"name": "a", "def": '"a" []', "comment": "a", "is_obsolete": "true"}[tag]
    path = written(tmp_path, HEADER + "\n[Term]\nid: MP:0000001\n" + f"{tag}: {value}\n" * 2)

    assert refusal(OntologyError, path) == f"mp.obo: MP:0000001 has more than one {tag}; expected one"


def test_the_file_of_another_ontology_is_refused(tmp_path: Path) -> None:
    content = HEADER + "\n[Term]\nid: HP:0000001\n\n[Term]\nid: CL:0000001\n"

    told = refusal(OntologyError, written(tmp_path, content))

    assert told == "mp.obo: holds terms of CL, HP; expected terms of MP"


def test_a_file_without_terms_is_refused(tmp_path: Path) -> None:
    assert refusal(OntologyError, written(tmp_path, HEADER)) == "mp.obo: holds no terms; expected terms of MP"


def test_a_prefix_is_not_the_beginning_of_another(tmp_path: Path) -> None:
    content = HEADER + TERM + "\n[Term]\nid: MPATH:1\n"

    assert read_ontology(written(tmp_path, content), "MP").terms["id"].to_list() == ["MP:0000001"]


@pytest.mark.parametrize(
    ("file", "prefix", "counts"),
    [
        ("mp/mp-2025-08-27.obo.gz", "MP", {"live": 14451, "obsolete": 454, "edges": 18995}),
        ("hp/hp-2025-01-16.obo.gz", "HP", {"live": 19034, "obsolete": 450, "edges": 23392}),
        (
            "mondo/mondo-2026-05-05-reconstructed.obo.gz",
            "MONDO",
            {"live": 27990, "obsolete": 3968, "edges": 41908},
        ),
    ],
    ids=["mp", "hp", "mondo"],
)
def test_a_release_is_read_whole(shared_data: Path, file: str, prefix: str, counts: dict[str, int]) -> None:
    ontology = read_ontology(shared_data / "ontology" / file, prefix)

    obsolete = ontology.terms["obsolete"].sum()

    assert counts == {
        "live": ontology.terms.height - obsolete,
        "obsolete": obsolete,
        "edges": ontology.edges.height,
    }
    assert ontology.dangling.is_empty()
    assert ontology.terms["label"].null_count() == 0
