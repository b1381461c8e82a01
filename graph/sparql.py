r"""The words of a SPARQL query, told apart without parsing it.

This answers small questions about a query before the engine sees it: is it an update, does it name its
graphs, how deep do its brackets go. It must never take for a string, an IRI or a comment what the engine
takes as code: the guard of the service relies on it. Four facts about pyoxigraph 0.5.13 shape it:

* Its parser looks for keywords and does not ask where a word ends: ``SERVICEex:x``, ``5SERVICE ex:x`` and,
  under a prefix called ``service``, even ``service:x`` may all open a SERVICE clause.
* ``?a<?b&&?c>?d`` is a comparison to it where the grammar of SPARQL sees one IRI. What can only be an IRI (it
  has ``://`` after its scheme, which no expression has) is a token here. Any other ``<`` is a symbol and the
  text behind it is read as code, unless that could hide something: then the token is `Kind.DOUBTFUL`.
* A name does not begin with a dot or a dash behind its prefix: ``ex:.SERVICE <a>`` is the name ``ex:``, the end of a
  triple and a SERVICE clause.
* Escapes like ``\u007B`` count in strings and IRIs only, so they cannot spell a bracket or a keyword.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache


class Kind(Enum):
    """What a token is."""

    COMMENT = "comment"
    IRI = "iri"
    DOUBTFUL = "doubtful"
    STRING = "string"
    VARIABLE = "variable"
    LANGUAGE = "language"
    NAME = "name"
    NUMBER = "number"
    WORD = "word"
    BRACKET = "bracket"
    SYMBOL = "symbol"


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a query. A prefixed name is a NAME, a keyword a WORD; `start` counts characters from 0."""

    kind: Kind
    text: str
    start: int


UPDATES = frozenset(("INSERT", "DELETE", "LOAD", "CLEAR", "CREATE", "DROP", "COPY", "MOVE", "ADD", "WITH"))
"""The keywords that open an update."""

_PROLOGUE = frozenset(("BASE", "PREFIX", "VERSION"))

# No alternative may read far in vain, or a hostile query takes time that grows with the square of its length.
# Hence a prefix has an end (what is longer is read as a WORD, which is as safe), and a short string that is
# not closed goes to the end of its line, where the engine gives up, too. A long string that is not closed, or
# has an escape that is none, is doubtful: the engine then reads two short ones, and code behind them.
_TOKEN = re.compile(
    r"""
      (?P<space>\s++)
    | (?P<comment>\#[^\r\n]*+)
    | (?P<iri><[A-Za-z][A-Za-z0-9+.-]*+://[^<>"{}\x00-\x20]*+>)
    | (?P<string>\"\"\"(?:\"{0,2}(?:[^"\\]|\\[tbnrf"'\\]))*+\"\"\"
               | '''(?:'{0,2}(?:[^'\\]|\\[tbnrf"'\\]))*+'''
               | "(?!"")(?:[^"\\\r\n]|\\[^\r\n])*+"?+ | '(?!'')(?:[^'\\\r\n]|\\[^\r\n])*+'?+)
    | (?P<doubtful><[^<>"{}\x00-\x20\#']*+[\#'][^<>"{}\x00-\x20]*+> | (?:\"\"\"|''').*+)
    | (?P<variable>[?$]\w++)
    | (?P<language>@[A-Za-z]++(?:-++[A-Za-z0-9]++)*+)
    | (?P<name>(?:\w[\w.-]{0,100}+)?:(?:(?:[\w:%]|\\.)(?:[\w.:%-]|\\.)*+)?+)
    | (?P<number>\d++(?:\.\d++)?(?:[eE][+-]?\d++)?)
    | (?P<word>\w++)
    | (?P<bracket>[][(){}])
    | (?P<symbol>.)
    """,
    re.VERBOSE | re.DOTALL,
)


def tokens(text: str) -> Iterator[Token]:
    """The tokens of a query in their order, white space left out; nothing is refused here.

    >>> [token.text for token in tokens("ASK { ?s ?p '}' } # yes")]
    ['ASK', '{', '?s', '?p', "'}'", '}', '# yes']
    """
    for match in _TOKEN.finditer(text):
        if match.lastgroup != "space":
            yield Token(Kind(match.lastgroup), match.group(), match.start())


@lru_cache(maxsize=16)
def keyword(text: str) -> str:
    """The word that says what a query or update does, in capitals; empty where there is none.

    >>> keyword("PREFIX ex: <http://example.org/> construct where {} # select")
    'CONSTRUCT'
    """
    # Asked for every request, so it makes no tokens.
    for match in _TOKEN.finditer(text):
        if match.lastgroup == "word" and (word := match.group().upper()) not in _PROLOGUE:
            return word
    return ""


def names_graphs(text: str) -> bool:
    """Whether a query says by FROM or FROM NAMED which graphs it is about.

    >>> names_graphs("SELECT * FROM <http://example.org/mp> WHERE { ?s ?p ?o }")
    True
    >>> names_graphs("SELECT * WHERE { ?s ?p 'from' }")
    False
    """
    # Most queries do not have the letters, and are spared the reading.
    return "from" in text.lower() and any(
        token.kind is Kind.WORD and token.text.upper() == "FROM" for token in tokens(text)
    )
