"""The questions that this folder holds, and what may be filled in.

A question is a file `<name>.rq`: SPARQL that any tool can open, below a header of ``#+`` lines in YAML::

    #+ question: Which phenotypes was a mouse gene called for?
    #+ keywords: [gene, phenotype]
    #+ parameters:
    #+   gene: {kind: MGI, example: "MGI:101759", description: A mouse gene.}
    #+ columns: [gene, phenotype, label]
    SELECT ?gene ?phenotype ?label WHERE { ... }

A parameter is a variable that the query selects. Its kind is one or more prefixes of identifiers (``MGI``, ``MP|HP``), the
name of an enumeration of the schema (``Sex``), or string, integer or number. `required: false` lets it be left open.
"""

import difflib
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

import pyoxigraph as ox

from impckg.graph.errors import BadParameter, KgError, QueryError, UnknownQuestion
from impckg.graph.identifiers import PREFIXES, converter, iri
from impckg.graph.rq import parse_header
from impckg.graph.schema import Enumeration, schema
from impckg.graph.store import Term

_XSD = "http://www.w3.org/2001/XMLSchema#"
_HEADER_KEYS = {"question", "keywords", "parameters", "columns", "remark"}
_PARAMETER_KEYS = {"kind", "example", "description", "required"}
_LITERAL_KINDS = ("string", "integer", "number")


@dataclass(frozen=True)
class Parameter:
    """Something to fill in. kind as in the module's docstring; example is text that `parse` takes."""

    name: str
    kind: str
    description: str
    example: str
    required: bool

    @property
    def prefixes(self) -> tuple[str, ...]:
        """The prefixes of identifiers that it takes; none where it takes something else."""
        names = tuple(self.kind.split("|"))
        return names if all(name in _known_prefixes() for name in names) else ()

    @property
    def enumeration(self) -> Enumeration | None:
        """The values that it takes, where they are a closed list."""
        return schema().enumerations.get(self.kind)


@dataclass(frozen=True)
class Question:
    """A question in words, its SPARQL, what can be filled in and what comes out."""

    name: str
    question: str
    text: str
    parameters: tuple[Parameter, ...]
    columns: tuple[str, ...]
    keywords: tuple[str, ...]
    remark: str | None = None

    def parameter(self, name: str) -> Parameter:
        """The parameter of that name. Raises BadParameter where there is none."""
        for parameter in self.parameters:
            if parameter.name == name:
                return parameter
        expected = ", ".join(parameter.name for parameter in self.parameters) or "none"
        raise BadParameter(f"{self.name}: there is no parameter {name!r}; expected {expected}")

    @property
    def example(self) -> Mapping[str, str]:
        """The values of its own example."""
        return {parameter.name: parameter.example for parameter in self.parameters}


@cache
def questions() -> tuple[Question, ...]:
    """Every question, by name."""
    files = [entry for entry in resources.files("impckg.queries").iterdir() if entry.name.endswith(".rq")]
    return tuple(
        parse_question(file.name.removesuffix(".rq"), file.read_text(encoding="utf-8"))
        for file in sorted(files, key=lambda file: file.name)
    )


def question(name: str) -> Question:
    """The question of that name. Raises UnknownQuestion, with the nearest that exist, where there is none."""
    known = {question.name: question for question in questions()}
    if name in known:
        return known[name]
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.4)
    hint = f" did you mean {' or '.join(near)}?" if near else ""
    raise UnknownQuestion(f"there is no question {name!r};{hint} `impckg queries` lists all {len(known)}")


def parse_question(name: str, text: str) -> Question:
    """A question from the text of its file. Raises QueryError where the header does not say what it must."""
    header, sparql = parse_header(f"{name}.rq", text)
    unknown = header.keys() - _HEADER_KEYS
    missing = {"question", "keywords", "columns"} - header.keys()
    if unknown or missing:
        raise QueryError(f"{name}.rq: header keys: unknown {sorted(unknown)}, missing {sorted(missing)}")
    parameters = header.get("parameters") or {}
    if not isinstance(parameters, dict):
        raise QueryError(f"{name}.rq: parameters: {parameters!r}; expected what each of them is, by its name")
    return Question(
        name=name,
        question=str(header["question"]),
        text=sparql,
        parameters=tuple(_parameter(name, parameter, body) for parameter, body in parameters.items()),
        columns=_words(name, "columns", header["columns"]),
        keywords=_words(name, "keywords", header["keywords"]),
        remark=header.get("remark"),
    )


def bind(asked: Question, values: Mapping[str, str]) -> dict[str, Term]:
    """The values of parameters as RDF terms.

    Raises BadParameter for a parameter that the question does not have, a required one that is missing, and a value that
    does not fit.
    """
    terms = {
        name: parse_value(asked.parameter(name), value) for name, value in values.items() if value.strip()
    }
    missing = [p.name for p in asked.parameters if p.required and p.name not in terms]
    if missing:
        example = asked.parameter(missing[0]).example
        raise BadParameter(
            f"{asked.name}: parameter {missing[0]!r} is missing; such as {missing[0]}={example}"
        )
    return terms


def parse_value(parameter: Parameter, text: str) -> Term:
    """What someone typed for a parameter as an RDF term. Raises BadParameter where it does not fit."""
    text = text.strip()
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise BadParameter(f"{parameter.name}: the value is not UTF-8")
    if parameter.prefixes:
        return _identifier(parameter, text)
    if parameter.enumeration is not None:
        return _one_of(parameter, parameter.enumeration, text)
    if parameter.kind == "integer":
        if not re.fullmatch(r"[+-]?\d+", text):
            raise BadParameter(
                f"{parameter.name}: {text!r} is not a whole number; such as {parameter.example}"
            )
        return ox.Literal(str(int(text)), datatype=ox.NamedNode(f"{_XSD}integer"))
    if parameter.kind == "number":
        return _number(parameter, text)
    return ox.Literal(text)


def _number(parameter: Parameter, text: str) -> ox.Literal:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise BadParameter(f"{parameter.name}: {text!r} is not a number; such as {parameter.example}")
    return ox.Literal(number)


def _identifier(parameter: Parameter, text: str) -> ox.NamedNode:
    expected = f"expected {' or '.join(parameter.prefixes)} and a colon, such as {parameter.example}"
    curie = converter().compress(text.strip("<>"), passthrough=False) if "://" in text else text
    if curie is None or ":" not in curie:
        by_symbol = set(parameter.prefixes) & {"MGI", "HGNC"}
        hint = f"; the question find_gene finds it by symbol={text}" if by_symbol and text.isalnum() else ""
        raise BadParameter(f"{parameter.name}: {text!r} is not an identifier; {expected}{hint}")
    prefix = converter().standardize_prefix(curie.partition(":")[0])
    if prefix not in parameter.prefixes:
        raise BadParameter(f"{parameter.name}: {text!r} is not of the right sort; {expected}")
    try:
        return ox.NamedNode(iri(curie))
    except KgError as error:
        raise BadParameter(f"{parameter.name}: {error}; {expected}") from error


def _one_of(parameter: Parameter, enumeration: Enumeration, text: str) -> ox.NamedNode:
    for value in enumeration.values:
        if text.casefold() in (value.key.casefold(), value.title.casefold()):
            return ox.NamedNode(value.iri)
    known = ", ".join(value.key for value in enumeration.values)
    raise BadParameter(f"{parameter.name}: {text!r} is none of {known}")


def _words(question_name: str, key: str, found: object) -> tuple[str, ...]:
    # A word alone would come out as its letters.
    if not isinstance(found, list) or not all(isinstance(word, str) for word in found):
        raise QueryError(f"{question_name}.rq: {key}: {found!r}; expected words in square brackets")
    return tuple(found)


def _parameter(question_name: str, name: str, body: object) -> Parameter:
    place = f"{question_name}.rq: parameter {name}"
    if not isinstance(body, dict):
        raise QueryError(f"{place}: {body!r}; expected kind, example and description in curly brackets")
    unknown = body.keys() - _PARAMETER_KEYS
    missing = {"kind", "example", "description"} - body.keys()
    if unknown or missing:
        raise QueryError(f"{place}: unknown {sorted(unknown)}, missing {sorted(missing)}")
    required = body.get("required", True)
    if not isinstance(required, bool):
        raise QueryError(f"{place}: required: {required!r}; expected true or false")
    parameter = Parameter(name, str(body["kind"]), str(body["description"]), str(body["example"]), required)
    if not parameter.prefixes and parameter.enumeration is None and parameter.kind not in _LITERAL_KINDS:
        raise QueryError(f"{place}: {parameter.kind!r} is not a kind of value")
    return parameter


@cache
def _known_prefixes() -> frozenset[str]:
    return frozenset(prefix.prefix for prefix in PREFIXES)
