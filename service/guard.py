"""What is refused before the engine sees it, because the engine would not survive it.

A query is evaluated in the process of the service. Too many nested brackets or chained operators overflow
the stack and take the process with them, and SERVICE makes the engine call any address that the query
names. So a query is read word by word first (graph/sparql.py). This is a first guard: it knows nothing of
time and memory, for which queries need processes of their own that can be killed.

Measured with pyoxigraph 0.5.13 on a stack of 8 MB: the process dies of 2,240 nested groups, 4,736 nested
parentheses, 9,472 ``||`` and 6,656 UNION; it survives 2,000 of each, and of ``!``, ``+``, ``*``, OPTIONAL,
MINUS, BIND and expressions in SELECT. Lists of tens of thousands of values, ``(1 1 1 …)`` as an object, still
kill it there, but not on the stack that service/server.py gives its threads.
"""

from collections.abc import Iterator

from impckg.graph.sparql import Kind, Token, tokens
from impckg.service.errors import QueryTooLong, RefusedQuery

_OPERATORS = frozenset("|&!+-*/^=<>,;.")
# Words that may stand any number of times in the VALUES of a query.
_VALUES = frozenset(("TRUE", "FALSE", "UNDEF"))


def check_length(text: str, most_bytes: int) -> None:
    """Refuse a query of more bytes than that, in UTF-8. Raises QueryTooLong."""
    length = len(text.encode())
    if length > most_bytes:
        raise QueryTooLong(f"the query has {length:,} bytes; this service takes up to {most_bytes:,}")


def check_query(text: str, most_depth: int, most_operators: int, federated: bool = False) -> None:
    """Refuse a query that could harm the service.

    most_depth: how many brackets may be open at the same time.
    most_operators: how many operators and keywords it may have.
    federated: let SERVICE pass, because someone else looks after it (federation/rewriting.py).

    Raises RefusedQuery.
    """
    if _harmless(text, most_depth, most_operators):
        return
    depth = operators = 0
    for token in _code(text):
        if token.kind is Kind.BRACKET:
            depth = depth + 1 if token.text in "{([" else max(depth - 1, 0)
        elif _counts_as_operator(token):
            operators += 1
        if depth > most_depth:
            raise RefusedQuery(f"the query nests more than {most_depth} brackets ({_place(text, token)})")
        if operators > most_operators:
            raise RefusedQuery(
                f"the query has more than {most_operators:,} operators and keywords ({_place(text, token)}); "
                "VALUES takes long lists of values"
            )
        if not federated:
            _refuse_service(text, token)


def _harmless(text: str, most_depth: int, most_operators: int) -> bool:
    """Whether a query is too short for harm and has no SERVICE in it, wherever strings and comments may end.

    Most queries are, and need not be read word by word. An operator takes a character at least, a bracket one exactly.
    """
    return (
        len(text) <= most_operators
        and text.count("{") + text.count("(") + text.count("[") <= most_depth
        and "service" not in text.lower()
    )


def _code(text: str) -> Iterator[Token]:
    """The tokens that the engine may take as code."""
    for token in tokens(text):
        if token.kind is Kind.DOUBTFUL:
            raise RefusedQuery(
                f"{token.text} could be an IRI or a comparison ({_place(text, token)}); in an IRI write "
                r"\u0023 for # and \u0027 for ', in a comparison put a space after <"
            )
        if token.kind not in (Kind.STRING, Kind.COMMENT, Kind.IRI, Kind.VARIABLE):
            yield token


def _counts_as_operator(token: Token) -> bool:
    if token.kind is Kind.WORD:
        return token.text.upper() not in _VALUES
    return token.kind is Kind.SYMBOL and token.text in _OPERATORS


def _refuse_service(text: str, token: Token) -> None:
    """Refuse what the engine could read as a SERVICE clause, also within a longer word or as a prefix."""
    word = token.text.partition(":")[0] if token.kind is Kind.NAME else token.text
    if token.kind not in (Kind.WORD, Kind.NAME) or "service" not in word.lower():
        return
    if token.kind is Kind.NAME:
        raise RefusedQuery(
            f"the prefix {word}: could be read as SERVICE ({_place(text, token)}); give it another name"
        )
    raise RefusedQuery(
        f"SERVICE is not available here ({_place(text, token)}): this service asks no other services; "
        "ask it from the one you want to combine it with"
    )


def _place(text: str, token: Token) -> str:
    before = text[: token.start]
    return f"line {before.count(chr(10)) + 1}, column {token.start - before.rfind(chr(10))}"
