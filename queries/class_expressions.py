"""Class expressions in a query, answered by the reasoner.

::

    ?term kg:subsumedBy "'has part' some ('increased size' and 'characteristic of' some heart)"^^kg:classExpression

finds the classes below an expression in Manchester syntax, equal ones among them; `kg:directlySubsumedBy` the nearest below,
`owl:equivalentClass` the equal ones, and `^kg:subsumedBy` and `^kg:directlySubsumedBy` those above. Labels, CURIEs and IRIs
may name classes and properties. `rdfs:subClassOf` means `kg:subsumedBy`, and the datatype may be owlet's
<http://purl.org/phenoscape/owlet/syntax#omn> (Balhoff and others, https://github.com/phenoscape/owlet).

The expression gives way to the classes that were found, as VALUES, before the engine sees the query.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import takewhile

from impckg.graph.errors import BadExpression, QueryError, SparqlSyntaxError
from impckg.graph.identifiers import iri
from impckg.graph.sparql import Kind, Token, tokens
from impckg.ontology.reasoning.class_query import ClassAnswer, ask
from impckg.ontology.reasoning.keeping import Kept
from impckg.ontology.reasoning.manchester import parse
from impckg.queries.patterns import Pattern, expanded, patterns
from impckg.queries.subclass_paths import Edit, at_the_end_of, prefixes_of

DATATYPE = iri("kg:classExpression")
OWLET = "http://purl.org/phenoscape/owlet/syntax#omn"

_BELOW, _DIRECT = iri("kg:subsumedBy"), iri("kg:directlySubsumedBy")
_QUOTES = ('"""', "'''", '"', "'")
_ESCAPES = {"t": "\t", "n": "\n", "r": "\r", "b": "\b", "f": "\f"}

_ANSWERS: Mapping[tuple[bool, str], Callable[[ClassAnswer], Sequence[str]]] = {
    (False, _BELOW): lambda answer: (*answer.equivalent, *answer.below),
    (False, iri("rdfs:subClassOf")): lambda answer: (*answer.equivalent, *answer.below),
    (False, _DIRECT): lambda answer: answer.direct_below,
    (False, iri("owl:equivalentClass")): lambda answer: answer.equivalent,
    (True, _BELOW): lambda answer: (*answer.equivalent, *answer.above),
    (True, _DIRECT): lambda answer: answer.direct_above,
}


def expression_edits(text: str, kept: Callable[[], Kept]) -> list[Edit]:
    """What to write instead of class expressions, in the order of the query.

    kept: the classification of the store; called where the query has an expression.

    Raises SparqlSyntaxError, with line and column, where an expression is wrong, and QueryError where it stands where none
    can be asked.
    """
    if "^^" not in text:
        return []
    prefixes = prefixes_of(text)
    found = [
        pattern
        for pattern in patterns(text)
        if pattern.datatype is not None
        and pattern.group.end is not None
        and expanded(pattern.datatype, prefixes) in (DATATYPE, OWLET)
    ]
    subjects = [pattern.subject.start for pattern in found if pattern.subject is not None]
    if len(set(subjects)) < len(subjects):
        raise QueryError(
            "two class expressions share a subject; expected it to be written again for the second"
        )
    answers: dict[str, ClassAnswer] = {}
    edits = [edit for pattern in found for edit in _edits(text, pattern, kept(), prefixes, answers)]
    return sorted(edits, key=lambda edit: edit.start)


def _edits(
    text: str, pattern: Pattern, kept: Kept, prefixes: Mapping[str, str], answers: dict[str, ClassAnswer]
) -> list[Edit]:
    subject, datatype, path = pattern.subject, pattern.datatype, pattern.path
    assert datatype is not None
    if pattern.group.in_graph:
        raise QueryError("a class expression cannot be asked of one graph; expected it outside of GRAPH")
    if subject is None or not (subject.kind is Kind.VARIABLE or expanded(subject, prefixes)):
        raise QueryError(
            "a class expression can be asked of a variable or a class; expected one as its subject"
        )
    end = datatype.start + len(datatype.text)
    behind = [token for token in tokens(text[end:]) if token.kind is not Kind.COMMENT]
    between = text[subject.start + len(subject.text) : path[0].start].strip()
    assert pattern.object is not None
    listed = text[path[-1].start + len(path[-1].text) : pattern.object.start].strip()
    if listed or (behind and behind[0].text == ","):
        raise QueryError("a class expression stands in a list; expected a statement for each expression")
    found = _answer(text, pattern, kept, prefixes, answers)
    if subject.kind is Kind.VARIABLE:
        chosen = f"VALUES {subject.text} {{ {' '.join(f'<{one}>' for one in found)} }}"
    else:
        chosen = f"FILTER({subject.text} IN ({', '.join(f'<{one}>' for one in found)}))"
    if between:
        # It is not the first statement of its subject; what it leaves is an empty one, which SPARQL allows.
        return [Edit(path[0].start, end, ""), at_the_end_of(pattern, f" {chosen} ")]
    empty = list(takewhile(lambda token: token.text == ";", behind))
    if empty:
        end += empty[-1].start + 1
        if behind[len(empty)].text not in (".", "}"):
            chosen = f"{chosen} {subject.text} "
    return [Edit(subject.start, end, chosen)]


def _answer(
    text: str, pattern: Pattern, kept: Kept, prefixes: Mapping[str, str], answers: dict[str, ClassAnswer]
) -> Sequence[str]:
    """The classes that a pattern asks for. answers: those to the expressions before, since one may stand there again."""
    path = pattern.path
    inverse = path[0].text == "^"
    property_ = expanded(path[-1], prefixes) if len(path) == 1 + inverse else None
    read = _ANSWERS.get((inverse, property_ or ""))
    if read is None:
        written = "".join(word.text for word in path)
        raise QueryError(
            f"a class expression cannot be the object of {written}; expected kg:subsumedBy, kg:directlySubsumedBy, "
            "^kg:subsumedBy, ^kg:directlySubsumedBy or owl:equivalentClass"
        )
    assert pattern.object is not None
    expression = _content(pattern.object)
    if expression not in answers:
        try:
            answers[expression] = ask(kept.classification, parse(expression, kept.names))
        except BadExpression as error:
            raise _at_its_place(text, pattern.object, error) from error
    if not answers[expression].satisfiable:
        raise QueryError(f"{expression!r} can have no instance: by the axioms, it is nothing")
    return read(answers[expression])


def _at_its_place(text: str, literal: Token, error: BadExpression) -> SparqlSyntaxError:
    """What is wrong with an expression, with its place in the query; where that is not plain, the place of the literal."""
    place = literal.start
    if error.line == 1 and "\\" not in literal.text:
        place += len(_quotes(literal)) + error.column - 1
    line, column = text.count("\n", 0, place) + 1, place - text.rfind("\n", 0, place)
    said = str(error).partition(": ")[2] if str(error).startswith("line ") else str(error)
    return SparqlSyntaxError(f"line {line}, column {column}: in the class expression, {said}", line, column)


def _quotes(literal: Token) -> str:
    return next(mark for mark in _QUOTES if literal.text.startswith(mark))


def _content(literal: Token) -> str:
    """What a literal says, without quotes and escapes."""
    quotes = _quotes(literal)
    written = literal.text[len(quotes) : -len(quotes)]
    pieces, escaped = [], False
    for character in written:
        if escaped:
            pieces.append(_ESCAPES.get(character, character))
        elif character != "\\":
            pieces.append(character)
        escaped = character == "\\" and not escaped
    return "".join(pieces)
