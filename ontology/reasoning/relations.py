"""Existential relations between named classes as plain rows, closed: `X subClassOf R some Y` is (X, R, Y).

The layout is that of Ubergraph and relation-graph (Balhoff and others, ICBO 2022): redundant holds all that follows,
nonredundant what remains without the rows that others imply.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from impckg.graph.errors import QueryError
from impckg.ontology.reasoning.classification import Classification
from impckg.ontology.reasoning.rows import Rows

COLUMNS = ("subject", "property", "object")


@dataclass(frozen=True, eq=False)
class Relations:
    """redundant: all rows (subject, property, object), IRIs, sorted. nonredundant: those that no other row implies.

    A row is implied by one with the same subject and property and a smaller object, by one of a strict superclass of its
    subject, by one with a strict subproperty, if that was asked for, and by two with a transitive property and a class
    between. Source: the rules of Ubergraph, https://github.com/INCATools/ubergraph/blob/main/prune.dl; here a circle of
    a transitive property keeps its rows.
    """

    redundant: pl.DataFrame
    nonredundant: pl.DataFrame


def named_properties(classification: Classification) -> list[str]:
    """The IRIs of all properties of the documents: no inverses, and none that stands for a part of a chain."""
    return [
        role
        for role in classification.concepts.roles
        if "://" in role and not role.startswith("ObjectInverseOf(")
    ]


def relations(classification: Classification, properties: Sequence[str]) -> Relations:
    """List what classes are related to by some properties.

    properties: IRIs.

    owl:Thing is no object, and a class that can have no instance no subject. Raises QueryError where a property is
    not known.
    """
    number = {iri: classification.concepts.find_role(iri) for iri in properties}
    unknown = [iri for iri, role in number.items() if role is None]
    if unknown:
        raise QueryError(f"{unknown[0]} is no property of the classified ontologies")
    roles = {iri: role for iri, role in number.items() if role is not None}
    ends = _named_ends(classification)
    related = {iri: _related(classification, role, ends) for iri, role in roles.items()}
    above = _strictly_above(classification)
    subrole = classification.rules.roles.subrole
    least = {}
    for iri, role in roles.items():
        pairs = _least(related[iri], above)
        for other, smaller in roles.items():
            if subrole[smaller, role] and not subrole[role, smaller]:
                pairs = pairs.join(related[other], on=["subject", "object"], how="anti")
        least[iri] = _without_detours(pairs, related[iri]) if _is_transitive(classification, role) else pairs
    return Relations(_named(classification, related), _named(classification, least))


def _named_ends(classification: Classification) -> pl.DataFrame:
    """(end, object): the named classes that each context falls under."""
    rows = classification.subsumers
    objects = classification.class_of[rows.values]
    known = objects >= 0
    return pl.DataFrame({"end": rows.numbers[known], "object": objects[known]})


def _related(classification: Classification, role: int, ends: pl.DataFrame) -> pl.DataFrame:
    """(subject, object), numbers of classes, each pair once."""
    class_of_context = np.full(classification.rules.contexts, -1, dtype=np.int64)
    class_of_context[classification.contexts] = np.arange(len(classification.classes))
    class_of_context[classification.contexts[classification.taxonomy.unsatisfiable]] = -1
    links = classification.links
    subject = class_of_context[links.source]
    meant = classification.rules.roles.subrole[links.role, role] & (subject >= 0)
    linked = pl.DataFrame({"subject": subject[meant], "end": links.end[meant]}).unique()
    return linked.join(ends, on="end").select("subject", "object").unique()


def _strictly_above(classification: Classification) -> pl.DataFrame:
    """(lower, higher), numbers of classes, without equivalent ones."""
    taxonomy = classification.taxonomy
    pairs = [_frame(rows) for rows in (taxonomy.above, taxonomy.equivalent)]
    return pairs[0].join(pairs[1], on=["lower", "higher"], how="anti")


def _frame(rows: Rows) -> pl.DataFrame:
    return pl.DataFrame({"lower": rows.numbers, "higher": rows.values})


def _least(pairs: pl.DataFrame, above: pl.DataFrame) -> pl.DataFrame:
    """Leave out what a smaller object, or a superclass of the subject, implies."""
    by_object = pairs.join(above, left_on="object", right_on="lower").select("subject", object="higher")
    by_subject = pairs.join(above, left_on="subject", right_on="higher").select("object", subject="lower")
    left = pairs.join(by_object, on=["subject", "object"], how="anti")
    return left.join(by_subject, on=["subject", "object"], how="anti")


def _is_transitive(classification: Classification, role: int) -> bool:
    return bool((classification.rules.roles.chains[:, :3] == role).all(axis=1).any())


def _without_detours(pairs: pl.DataFrame, related: pl.DataFrame) -> pl.DataFrame:
    """Leave out what two steps of a transitive property imply. Steps round a circle do not count: they imply each other."""
    both_ways = related.join(
        related, left_on=["subject", "object"], right_on=["object", "subject"], how="semi"
    )
    steps = related.join(both_ways, on=["subject", "object"], how="anti")
    first = pairs.rename({"object": "end"}).join(steps.rename({"object": "between"}), on="subject")
    whole = first.join(steps, left_on=["between", "end"], right_on=["subject", "object"], how="semi")
    return pairs.join(whole, left_on=["subject", "object"], right_on=["subject", "end"], how="anti")


def _named(classification: Classification, related: dict[str, pl.DataFrame]) -> pl.DataFrame:
    iris = pl.Series(classification.classes, dtype=pl.String)
    frames = [
        pl.DataFrame(
            {
                "subject": iris.gather(pairs["subject"]),
                "property": pl.repeat(iri, pairs.height, eager=True, dtype=pl.String),
                "object": iris.gather(pairs["object"]),
            }
        )
        for iri, pairs in related.items()
    ]
    empty = pl.DataFrame(schema=dict.fromkeys(COLUMNS, pl.String))
    return pl.concat([empty, *frames]).sort(COLUMNS)
