"""Questions as files: what a header must say, and what may be filled in."""

import pytest

from impckg.graph.errors import BadParameter, QueryError, UnknownQuestion
from impckg.queries.catalog import bind, parse_question, parse_value, question, questions

HEADER = """\
#+ question: Which genes?
#+ keywords: [gene]
#+ columns: [gene]
"""
SPARQL = "SELECT ?gene WHERE { ?gene a kg:Gene }\n"


def a_question(parameters=""):
    return parse_question("genes", HEADER + parameters + SPARQL)


def a_parameter(body):
    return a_question(f"#+ parameters:\n#+   given: {body}\n").parameter("given")


def of_kind(kind, example="x"):
    return a_parameter(f"{{kind: {kind}, example: '{example}', description: Something.}}")


# ---------------------------------------------------------------- headers


def test_a_question_is_read_from_its_header_and_its_sparql():
    parsed = parse_question(
        "genes",
        HEADER
        + "#+ remark: All of them.\n"
        + "#+ parameters:\n"
        + '#+   gene: {kind: MGI, example: "MGI:1", description: A gene.}\n'
        + "#+   sex: {kind: Sex, example: male, description: A sex., required: false}\n"
        + SPARQL,
    )

    assert (parsed.name, parsed.question, parsed.remark) == ("genes", "Which genes?", "All of them.")
    assert (parsed.keywords, parsed.columns, parsed.text) == (("gene",), ("gene",), SPARQL)
    assert [(p.name, p.kind, p.required) for p in parsed.parameters] == [
        ("gene", "MGI", True),
        ("sex", "Sex", False),
    ]
    assert parsed.example == {"gene": "MGI:1", "sex": "male"}


def test_a_comment_of_the_sparql_is_no_header():
    parsed = parse_question("genes", HEADER + "# Not a header.\n" + SPARQL)

    assert parsed.text == "# Not a header.\n" + SPARQL


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (SPARQL, "genes.rq: there is no header of '#+' lines; expected at least a question"),
        (
            "#+ a question\n" + SPARQL,
            "genes.rq: there is no header of '#+' lines; expected at least a question",
        ),
        (
            "#+ question: What?\n" + SPARQL,
            "genes.rq: header keys: unknown [], missing ['columns', 'keywords']",
        ),
        (HEADER + "#+ colour: red\n" + SPARQL, "genes.rq: header keys: unknown ['colour'], missing []"),
        (
            HEADER.replace("[gene]", "gene", 1) + SPARQL,
            "genes.rq: keywords: 'gene'; expected words in square brackets",
        ),
        (
            HEADER.replace("columns: [gene]", "columns: [1]") + SPARQL,
            "genes.rq: columns: [1]; expected words in square brackets",
        ),
        (
            HEADER + "#+ parameters: [gene]\n" + SPARQL,
            "genes.rq: parameters: ['gene']; expected what each of them is, by its name",
        ),
    ],
)
def test_a_header_that_does_not_say_what_it_must_is_refused(text, message):
    with pytest.raises(QueryError) as refused:
        parse_question("genes", text)

    assert str(refused.value) == message


def test_a_header_that_is_not_yaml_is_refused():
    with pytest.raises(QueryError, match=r"^genes\.rq: the header is not YAML: "):
        parse_question("genes", "#+ question: [\n" + SPARQL)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("MGI", "'MGI'; expected kind, example and description in curly brackets"),
        ("{kind: MGI}", "unknown [], missing ['description', 'example']"),
        (
            "{kind: MGI, example: x, description: y, unit: g}",
            "unknown ['unit'], missing []",
        ),
        ("{kind: Colour, example: x, description: y}", "'Colour' is not a kind of value"),
        ("{kind: MGI|Sex, example: x, description: y}", "'MGI|Sex' is not a kind of value"),
        (
            "{kind: MGI, example: x, description: y, required: sometimes}",
            "required: 'sometimes'; expected true or false",
        ),
    ],
)
def test_a_parameter_that_is_not_described_is_refused(body, message):
    with pytest.raises(QueryError) as refused:
        a_parameter(body)

    assert str(refused.value).removeprefix("genes.rq: parameter given: ") == message


# ---------------------------------------------------------------- values


@pytest.mark.parametrize(
    ("kind", "text", "term"),
    [
        ("MGI", "MGI:97487", "<https://identifiers.org/MGI:97487>"),
        ("MGI", "  mgi:97487 ", "<https://identifiers.org/MGI:97487>"),
        ("MGI", "https://identifiers.org/MGI:97487", "<https://identifiers.org/MGI:97487>"),
        ("MP|HP", "HP:0001097", "<http://purl.obolibrary.org/obo/HP_0001097>"),
        (
            "MP|HP",
            "<http://purl.obolibrary.org/obo/MP_0003631>",
            "<http://purl.obolibrary.org/obo/MP_0003631>",
        ),
        ("ORPHA", "Orphanet:558", "<https://identifiers.org/orphanet:558>"),
        ("Sex", "Female", "<https://w3id.org/impckg/ontology#female>"),
        ("LifeStage", "late_adult", "<https://w3id.org/impckg/ontology#late_adult>"),
        ("LifeStage", "late adult", "<https://w3id.org/impckg/ontology#late_adult>"),
        ("LethalityWindow", "no data", "<https://w3id.org/impckg/ontology#window_no_data>"),
        ("integer", "+007", '"7"^^<http://www.w3.org/2001/XMLSchema#integer>'),
        ("number", "1e-3", '"0.001"^^<http://www.w3.org/2001/XMLSchema#double>'),
        ("string", ' say "no"\\ ', '"say \\"no\\"\\\\"'),
    ],
)
def test_a_value_becomes_the_term_of_its_kind(kind, text, term):
    assert str(parse_value(of_kind(kind), text)) == term


@pytest.mark.parametrize(
    ("kind", "text", "message"),
    [
        (
            "MGI",
            "Pax3",
            "'Pax3' is not an identifier; expected MGI and a colon, such as x"
            "; the question find_gene finds it by symbol=Pax3",
        ),
        (
            "MGI",
            "https://example.org/Pax3",
            "'https://example.org/Pax3' is not an identifier; expected MGI and a colon, such as x",
        ),
        ("MGI", "MP:0003631", "'MP:0003631' is not of the right sort; expected MGI and a colon, such as x"),
        ("MP|HP", "gene:1", "'gene:1' is not of the right sort; expected MP or HP and a colon, such as x"),
        (
            "MP",
            "MP:1",
            "'MP:1' is not a well-formed identifier: after MP: we expect [0-9]{7}; expected MP and a colon, such as x",
        ),
        ("Sex", "both", "'both' is none of female, male"),
        ("integer", "1.5", "'1.5' is not a whole number; such as x"),
        ("number", "many", "'many' is not a number; such as x"),
        ("number", "nan", "'nan' is not a number; such as x"),
        ("number", "-inf", "'-inf' is not a number; such as x"),
    ],
)
def test_a_value_of_another_kind_is_refused(kind, text, message):
    with pytest.raises(BadParameter) as refused:
        parse_value(of_kind(kind), text)

    assert str(refused.value) == f"given: {message}"


def test_a_required_parameter_that_is_missing_is_refused():
    asked = question("state_of_gene_for_phenotype")

    with pytest.raises(BadParameter) as refused:
        bind(asked, {"gene": "MGI:97487", "phenotype": " "})

    assert str(refused.value) == (
        "state_of_gene_for_phenotype: parameter 'phenotype' is missing; such as phenotype=MP:0003631"
    )


def test_an_optional_parameter_may_be_left_open():
    bound = bind(question("mouse_phenotypes_of_human_gene"), {"humanGene": "HGNC:7605", "within": ""})

    assert list(bound) == ["humanGene"]


def test_a_parameter_that_the_question_does_not_have_is_refused():
    with pytest.raises(BadParameter) as refused:
        bind(question("genes_of_phenotype"), {"gene": "MGI:97487"})

    assert str(refused.value) == "genes_of_phenotype: there is no parameter 'gene'; expected phenotype"


def test_a_question_without_parameters_takes_none():
    with pytest.raises(BadParameter) as refused:
        bind(question("sources_of_release"), {"gene": "MGI:97487"})

    assert str(refused.value) == "sources_of_release: there is no parameter 'gene'; expected none"


# ---------------------------------------------------------------- names


def test_a_question_is_found_by_its_name():
    assert question("genes_of_phenotype").name == "genes_of_phenotype"


def test_an_unknown_question_is_refused_with_the_nearest_names():
    with pytest.raises(UnknownQuestion) as refused:
        question("gene_of_phenotypes")

    assert str(refused.value).startswith(
        "there is no question 'gene_of_phenotypes'; did you mean genes_of_phenotype or "
    )
    assert str(refused.value).endswith(f"? `impckg queries` lists all {len(questions())}")


def test_a_name_that_is_like_none_is_refused_without_a_guess():
    with pytest.raises(UnknownQuestion) as refused:
        question("xyz")

    assert str(refused.value) == f"there is no question 'xyz'; `impckg queries` lists all {len(questions())}"


def test_questions_come_in_the_order_of_their_names():
    names = [question.name for question in questions()]

    assert names == sorted(names)
    assert len(names) == len(set(names))
