"""Prefixes, CURIEs and IRIs, checked against Bioregistry and against each other."""

import re

import bioregistry
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from impckg.graph.errors import KgError
from impckg.graph.identifiers import (
    BASE,
    IDENTIFIERS_ORG,
    OBO,
    OWN_PREFIX,
    PREFIXES,
    VOCABULARY,
    converter,
    curie_pattern,
    iri,
    mint,
    mint_column,
    namespaces,
    standard_curies,
)

EXAMPLES = {
    "MP": "0001262", "HP": "0001250", "MONDO": "0007739", "MGI": "1920145", "HGNC": "5", "NCBIGene": "64170",
    "ENSEMBL": "ENSG00000121410", "UniProtKB": "P04217", "OMIM": "138670", "OMIMPS": "183600", "ORPHA": "558",
    "DECIPHER": "16", "PMID": "31675180", "MPATH": "458", "MA": "0000003", "EMAPA": "16039", "UBERON": "0000955",
    "CL": "0000000", "GO": "0008150", "CHEBI": "24431", "PR": "000000001", "NBO": "0000313", "BFO": "0000050",
    "GENO": "0000136", "PATO": "0000383", "ECO": "0000203", "STATO": "0000073", "OBI": "0000272",
    "SEPIO": "0000174", "IAO": "0000115", "RO": "HOM0000017", "SO": "0000704", "UPHENO": "0001003", "NCIT": "C2991",
    "DOID": "4", "kg": "pValue", "rdf": "type", "rdfs": "label", "owl": "Class", "xsd": "double", "skos": "exactMatch",
    "dcterms": "source", "dcat": "Dataset", "void": "triples", "prov": "Plan", "foaf": "Image", "sh": "path",
    "schema": "Product", "sssom": "Mapping", "semapv": "LexicalMatching", "biolink": "Gene", "oban": "association",
    "oboInOwl": "hasExactSynonym",
}  # fmt: skip

OTHERS_PROVIDER = {
    # Bioregistry sends readers to the Biolink model's website; its RDF has another start.
    "biolink": "get_rdf_uri_prefix",
}

# Whatever a published file may hold: control characters, what delimits IRIs, letters of any script.
TEXT = st.text(min_size=1)
# White space beyond ASCII is left as it is by mint and refused by iri (see the last test but one).
PLAIN_TEXT = TEXT.filter(lambda text: not re.search(r"[^\S\x00-\x20]", text))


def local_examples():
    return [pytest.param(p, EXAMPLES[p.prefix], id=p.prefix) for p in PREFIXES]


def test_every_prefix_of_the_table_has_an_example_here():
    assert {p.prefix for p in PREFIXES} == set(EXAMPLES)


@pytest.mark.parametrize(("prefix", "local"), local_examples())
def test_an_identifier_becomes_an_iri_and_comes_back(prefix, local):
    curie = f"{prefix.prefix}:{local}"

    made = iri(curie)

    assert made == prefix.namespace + local
    assert converter().compress(made) == curie
    assert converter().expand(curie) == made


@pytest.mark.parametrize(("prefix", "local"), local_examples())
def test_bioregistry_knows_the_same_resource_under_the_same_iri(prefix, local):
    # given
    if prefix.prefix == "kg":
        assert prefix.bioregistry is None, "our own vocabulary is registered nowhere"
        return

    # when
    resource = bioregistry.get_resource(prefix.bioregistry)
    if prefix.namespace.startswith(IDENTIFIERS_ORG):
        theirs = bioregistry.get_identifiers_org_iri(prefix.bioregistry, local)
    elif prefix.namespace.startswith(OBO):
        theirs = resource.get_obofoundry_uri_prefix() + local
    else:
        theirs = getattr(resource, OTHERS_PROVIDER.get(prefix.prefix, "get_uri_prefix"))() + local

    # then
    assert iri(f"{prefix.prefix}:{local}") == theirs


@pytest.mark.parametrize(("prefix", "local"), local_examples())
def test_what_we_take_for_an_identifier_is_one_to_bioregistry(prefix, local):
    theirs = bioregistry.get_pattern(prefix.bioregistry) if prefix.bioregistry else None

    assert theirs is None or re.fullmatch(theirs, local)
    assert re.fullmatch(prefix.pattern, local)


@pytest.mark.parametrize(
    "prefix", [p for p in PREFIXES if p.bioregistry], ids=[p.prefix for p in PREFIXES if p.bioregistry]
)
def test_other_spellings_mean_the_same_resource_to_bioregistry(prefix):
    key = bioregistry.normalize_prefix(prefix.bioregistry)

    assert [bioregistry.normalize_prefix(alias) for alias in prefix.aliases] == [key] * len(prefix.aliases)


@pytest.mark.parametrize(
    ("spelling", "curie"),
    [
        ("Orphanet:558", "ORPHA:558"),
        ("ORPHANET:C1234", "ORPHA:C1234"),
        ("ORPHA:558", "ORPHA:558"),
        ("MIM:138670", "OMIM:138670"),
        ("mgi:1", "MGI:1"),
        ("UniProt:P04217", "UniProtKB:P04217"),
        ("oio:consider", "oboInOwl:consider"),
        ("nobody:5", "nobody:5"),
        ("Orphanet", "Orphanet"),
        ("Orphanet:Orphanet:5", "ORPHA:Orphanet:5"),
        ("", ""),
        (None, None),
    ],
)
def test_spellings_of_a_prefix_become_the_one_that_we_prefer(spelling, curie):
    column = pl.DataFrame({"curie": [spelling]}, schema={"curie": pl.String})

    assert column.select(standard_curies(pl.col("curie"))).item() == curie


def test_an_alias_leads_to_the_same_iri():
    assert iri("Orphanet:558") == iri("ORPHA:558") == "https://identifiers.org/orphanet:558"


@pytest.mark.parametrize(
    ("curie", "message"),
    [
        ("", "'' is not an identifier that we know: its prefix is none of "),
        ("MP", "'MP' is not an identifier that we know: its prefix is none of "),
        ("nobody:5", "'nobody:5' is not an identifier that we know: its prefix is none of "),
        ("mp:0001262", "'mp:0001262' is not an identifier that we know: its prefix is none of "),
        (
            "MP:1262",
            r"'MP:1262' is not a well-formed identifier: after MP: we expect [0-9]{7}",
        ),
        ("MP:", r"'MP:' is not a well-formed identifier: after MP: we expect [0-9]{7}"),
        ("MP:0001262\n", r"'MP:0001262\n' is not a well-formed identifier: after MP: we expect [0-9]{7}"),
        ("MP:MP:0001262", r"'MP:MP:0001262' is not a well-formed identifier: after MP: we expect [0-9]{7}"),
        ("impckg:", "'impckg:' is not a well-formed identifier: after impckg: we expect "),
        ("impckg:line/a b", "'impckg:line/a b' is not a well-formed identifier: after impckg: we expect "),
        ("impckg:line/<a>", "'impckg:line/<a>' is not a well-formed identifier: after impckg: we expect "),
    ],
)
def test_what_is_no_identifier_is_refused_with_its_name(curie, message):
    with pytest.raises(KgError) as refused:
        iri(curie)

    assert str(refused.value).startswith(message)


def test_an_unknown_prefix_is_told_which_ones_are_known():
    with pytest.raises(KgError) as refused:
        iri("nobody:5")

    assert str(refused.value).endswith(", ".join(sorted(namespaces())))


@pytest.mark.parametrize(("prefix", "local"), local_examples())
def test_the_pattern_for_columns_agrees_with_iri(prefix, local):
    # given
    good = f"{prefix.prefix}:{local}"
    bad = [
        f"{good} ",
        f" {good}",
        f"{good}\n",
        f"{prefix.prefix}:",
        prefix.prefix,
        f"x{good}",
        good.lower() + "!",
    ]
    column = pl.DataFrame({"curie": [good, *bad]})

    # when
    matches = (
        column.select(pl.col("curie").str.contains(curie_pattern([prefix.prefix]))).to_series().to_list()
    )
    anything = column.select(pl.col("curie").str.contains(curie_pattern())).to_series().to_list()

    # then
    assert matches == anything == [True] + [False] * len(bad)


def test_a_pattern_for_some_prefixes_admits_no_others():
    pattern = curie_pattern(["MP", "HP"])

    assert [bool(re.fullmatch(pattern, curie)) for curie in ("MP:0000001", "HP:0000001", "MA:0000001")] == [
        True,
        True,
        False,
    ]


def test_things_of_ours_live_below_the_base_of_their_release():
    assert iri("impckg:line/MEYZ") == f"{BASE}line/MEYZ"
    assert iri("impckg:line/MEYZ", "http://example.org/kg/") == "http://example.org/kg/line/MEYZ"
    assert namespaces("http://example.org/kg/")[OWN_PREFIX] == "http://example.org/kg/"
    assert converter("http://example.org/kg/").expand("impckg:line/MEYZ") == "http://example.org/kg/line/MEYZ"
    assert iri("kg:pValue", "http://example.org/kg/") == f"{VOCABULARY}pValue"


def test_names_of_ours_can_be_read():
    assert mint("call", "H-CCNB1-E11-TM1B", "IMPC_VIA_001", "MP:0011100") == (
        "impckg:call/H-CCNB1-E11-TM1B/IMPC_VIA_001/MP:0011100"
    )
    assert mint("allele", "NOT-RELEASED-f54a0cb5a5") == "impckg:allele/NOT-RELEASED-f54a0cb5a5"


@pytest.mark.parametrize(
    ("part", "escaped"),
    [
        ("C3H.Cg-Fbxo11<Jf>/H", "C3H.Cg-Fbxo11%3CJf%3E%2FH"),
        ("100%", "100%25"),
        ("%25", "%2525"),
        ("a b", "a%20b"),
        ("a\tb\nc\rd", "a%09b%0Ac%0Dd"),
        ("#?", "%23%3F"),
        ("{|}\\^`\"'", "%7B%7C%7D%5C%5E%60%22%27"),
        ("\x00\x7f", "%00%7F"),
        ("Müller", "Müller"),
        ("マウス", "マウス"),
    ],
)
def test_what_may_not_stand_in_an_iri_is_escaped(part, escaped):
    assert mint("line", part) == f"impckg:line/{escaped}"


@pytest.mark.parametrize("parts", [("",), ("a", ""), ("", "a")])
def test_a_name_with_an_empty_part_is_refused(parts):
    with pytest.raises(KgError) as refused:
        mint("line", *parts)

    assert str(refused.value) == f"a line cannot be named by {parts!r}: a part of its key is empty"


@given(st.lists(st.lists(TEXT, min_size=2, max_size=2), min_size=1, max_size=5))
def test_a_column_is_named_as_each_of_its_cells_would_be(rows):
    frame = pl.DataFrame(rows, schema=["a", "b"], orient="row")

    named = frame.select(mint_column("line", pl.col("a"), pl.col("b"))).to_series().to_list()

    assert named == [mint("line", a, b) for a, b in rows]


@given(TEXT, TEXT, TEXT, TEXT)
def test_different_keys_have_different_names(a, b, c, d):
    assert (mint("line", a, b) == mint("line", c, d)) == ((a, b) == (c, d))
    assert mint("line", a, b) != mint("line", a + b)


@given(PLAIN_TEXT, PLAIN_TEXT)
def test_a_name_of_ours_is_an_identifier_and_its_iri_comes_back(first, second):
    # given
    curie = mint("line", first, second)

    # when
    made = iri(curie)

    # then
    assert made == BASE + curie.removeprefix("impckg:")
    assert converter().compress(made) == curie
    assert not re.search(r"""[\x00-\x20<>"{}|\\^`]""", made)


def test_a_no_break_space_in_a_name_of_ours_is_escaped():
    iri(mint("line", "JR\u00a025849"))


def test_digits_of_other_scripts_make_no_identifier():
    with pytest.raises(KgError):
        iri("MP:٠٠٠١٢٦٢")


def test_missing_parts_name_nothing():
    frame = pl.DataFrame({"a": ["x", None], "b": [1, 2]})

    assert frame.select(mint_column("line", pl.col("a"), pl.col("b"))).to_series().to_list() == [
        "impckg:line/x/1",
        None,
    ]
