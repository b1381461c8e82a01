"""Everything that impckg raises on purpose.

::

    KgError                    exit code 1
    ├── SchemaError            1   the schema says something that cannot be
    ├── SourceError            3   a published file cannot be used
    │   ├── MissingColumn      3   ... it lacks a column that we need
    │   └── DamagedFile        3   ... it is truncated, empty or not what its name says
    ├── OntologyError          3   an ontology has a cycle, or is not an ontology
    ├── RecipeError            3   a recipe is wrong
    ├── FetchError             4   a file could not be fetched, or is not the one that was meant
    │   └── ChecksumMismatch   4   ... or is not the file that the recipe pins
    ├── QueryError             5   a question cannot be asked this way, or a value does not fit
    │   ├── SparqlSyntaxError  5   ... its SPARQL is not SPARQL; knows line and column
    │   ├── BadExpression      5   ... a class expression is not one, or cannot be asked; knows line and column
    │   ├── UnknownQuestion    5   ... no question has that name
    │   ├── BadParameter       5   ... a value does not fit its parameter
    │   ├── BrokenAnswer       5   ... or the engine gave up in the middle of the answer
    │   ├── AnswerTooLong      5   ... or its answer is longer than it may be; knows the limit
    │   ├── AnswerTooSlow      5   ... or an endpoint ended it because its time was over; knows the time
    │   ├── GraphsSaidTwice    5   ... an update and its request both say which graphs it is about (graph/updates.py)
    │   ├── RdfSyntaxError     5   ... what was sent is not RDF; knows line and column (graph/writable.py)
    │   └── RefusedUpdate      5   ... an update would call other addresses (graph/updates.py)
    ├── StoreError             6   a store cannot be opened or written
    ├── BuildError             7   a build cannot start or go on
    └── CheckFailed            8   the graph breaks one of its own rules

A message says where, what was found and what was expected, in that order.
The exit code is what the command line ends with.
"""


class KgError(Exception):
    """Something went wrong that its reader can mend."""

    exit_code = 1


class SchemaError(KgError):
    """The schema says something that cannot be."""


class SourceError(KgError):
    """A published file cannot be used."""

    exit_code = 3


class MissingColumn(SourceError):
    """A published file lacks a column that its loader needs."""


class DamagedFile(SourceError):
    """A published file is truncated, empty, or not what its name says."""


class OntologyError(KgError):
    """An ontology has a cycle, or cannot be read as an ontology."""

    exit_code = 3


class RecipeError(KgError):
    """A recipe is wrong."""

    exit_code = 3


class FetchError(KgError):
    """A file could not be fetched."""

    exit_code = 4


class ChecksumMismatch(FetchError):
    """A fetched file is not the one that the recipe pins."""


class QueryError(KgError):
    """A question cannot be asked this way."""

    exit_code = 5


class SparqlSyntaxError(QueryError):
    """A query is not SPARQL.

    line, column: where the engine stopped reading, counted from 1; None where it does not say.
    """

    def __init__(self, message: str, line: int | None = None, column: int | None = None) -> None:
        super().__init__(message)
        self.line = line
        self.column = column


class BadExpression(QueryError):
    """A class expression is not Manchester syntax, names what is not known, or holds what cannot be asked.

    line, column: where, counted from 1.
    """

    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(message)
        self.line = line
        self.column = column


class UnknownQuestion(QueryError):
    """No question has that name."""


class BadParameter(QueryError):
    """A value does not fit the parameter it is given for."""


class BrokenAnswer(QueryError):
    """The engine gave up in the middle of an answer."""


class AnswerTooLong(QueryError):
    """An answer is longer than it may be.

    most, unit: how many of what it may have: rows, triples or bytes.
    """

    def __init__(self, most: int, unit: str) -> None:
        super().__init__(
            f"the answer is too long: it may have {most:,} {unit}; ask for fewer rows with LIMIT"
        )
        self.most = most
        self.unit = unit


class AnswerTooSlow(QueryError):
    """An endpoint ended a query because its time was over.

    seconds: the time it had.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__(f"the query took more than {seconds:g} s")
        self.seconds = seconds


class StoreError(KgError):
    """A store cannot be opened or written."""

    exit_code = 6


class BuildError(KgError):
    """A build cannot start or go on."""

    exit_code = 7


class CheckFailed(KgError):
    """The graph breaks one of its own rules."""

    exit_code = 8
