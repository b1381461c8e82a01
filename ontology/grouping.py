"""Groups of phenotypes across species: terms of MP and HP that are about the same thing, because they are defined alike.

A term's definition (`enlarged heart` is what has a part that is an increased size of a heart) says nothing of mice or
people. So every definition stands for a group, and the terms that the reasoner finds below it belong to that group,
whatever their ontology. Only groups with terms of two ontologies are of use here, and only those are made. A group is a
class of its own above its terms; it does not make them one: that two terms are defined alike is told by the reasoner
(`kg:subsumedBy`, both ways), and that somebody calls them a match by their mapping.

uPheno (https://github.com/obophenotype/upheno) makes such classes from the same patterns. Where its file is among the
ontologies, a group that is one of its classes has the IRI of that class.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl
from pyhornedowl import model as owl

from impckg.graph.identifiers import OBO, identifier, mint, obo_curie, obo_iri
from impckg.ontology.documents.document import Document
from impckg.ontology.documents.labels import Labels
from impckg.ontology.reasoning.classification import Classification
from impckg.ontology.reasoning.manchester import write

NEUTRAL_PREFIX = "UPHENO"
"""The prefix of classes that stand for no species."""

_HAS_PART, _MODIFIER = OBO + "BFO_0000051", OBO + "RO_0002573"
# Qualities of PATO that do not say by themselves that something is not as it should be.
_ATTRIBUTES = frozenset(
    (
        *(
            "morphology",
            "size",
            "shape",
            "structure",
            "amount",
            "rate",
            "position",
            "color",
            "thickness",
        ),
        *("length", "width", "height", "weight", "volume", "area", "texture", "composition", "functionality"),
        *("physiology", "process quality"),
    )
)
# How a property of uPheno's patterns reads between a quality and what has it.
_WORDS: Mapping[str, str] = {
    OBO + "RO_0000052": "of",
    OBO + "RO_0002314": "of a part of",
    OBO + "BFO_0000050": "in",
    OBO + "BFO_0000066": "in",
    OBO + "RO_0002503": "towards",
    OBO + "BFO_0000051": "with",
}


@dataclass(frozen=True, eq=False)
class Groups:
    """Groups with terms of several ontologies.

    table: id, label, definition (Manchester syntax), sorted by id; ids as tables name things. A class of uPheno with a label
        of its own has none here.
    members: term and group, each term below a group with it, sorted.
    """

    table: pl.DataFrame
    members: pl.DataFrame


def group_phenotypes(
    documents: Sequence[Document],
    classification: Classification,
    names: Labels,
    species: Sequence[str] = ("MP", "HP"),
) -> Groups:
    """Group the terms of some ontologies by their definitions.

    documents: those of the classification. species: the prefixes of the ontologies.
    """
    definitions = _definitions(documents, species)
    below = _below(classification, list(definitions))
    mixed = (
        below.filter(pl.col("ontology").is_in(list(species)))
        .group_by("defined")
        .agg(pl.col("ontology").n_unique())
        .filter(pl.col("ontology") > 1)
    )
    below = below.join(mixed.select("defined"), on="defined", how="semi")
    same = {row[0]: row[1] for row in _representatives(classification, below["defined"].unique().sort())}
    rows = {}
    for defined in sorted(set(same.values())):
        expression = definitions[defined]
        group = _group_id(classification, defined, expression)
        rows[defined] = {
            "id": group,
            # A class of uPheno that has a label keeps that alone.
            "label": None if _has_label(group, names) else _phrase(expression, names),
            "definition": write(expression, names),
        }
    ids = {defined: row["id"] for defined, row in rows.items()}
    members = below.filter(pl.col("ontology").is_in(list(species))).select(
        term=pl.col("term").map_elements(identifier, return_dtype=pl.String),
        group=pl.col("defined").replace_strict(
            {defined: ids[first] for defined, first in same.items()}, return_dtype=pl.String
        ),
    )
    table = pl.DataFrame(
        list(rows.values()), schema={"id": pl.String, "label": pl.String, "definition": pl.String}
    )
    return Groups(table.unique("id", keep="first").sort("id"), members.unique().sort("term", "group"))


def _definitions(documents: Sequence[Document], species: Sequence[str]) -> dict[str, owl.ClassExpression]:
    """By the IRI of a term of the ontologies, the first expression that defines it."""
    starts = tuple(f"{OBO}{prefix}_" for prefix in species)
    found: dict[str, owl.ClassExpression] = {}
    for document in documents:
        for component in document.components:
            said = component.component
            if isinstance(said, owl.EquivalentClasses):
                named = [str(one) for one in said.first if isinstance(one, owl.Class)]
                expressions = [one for one in said.first if not isinstance(one, owl.Class)]
                for term in named if expressions else ():
                    if term.startswith(starts):
                        found.setdefault(term, expressions[0])
    return found


def _below(classification: Classification, defined: list[str]) -> pl.DataFrame:
    """(defined, term, ontology): the defined classes with every class below, themselves among them."""
    known = [term for term in defined if term in classification.number]
    pairs = classification.subsumptions().rename({"sub": "term", "sup": "defined"}).select("defined", "term")
    pairs = pairs.join(
        pl.DataFrame({"defined": known}, schema={"defined": pl.String}), on="defined", how="semi"
    )
    itself = pl.DataFrame({"defined": known, "term": known}, schema=pairs.schema)
    ontology = pl.col("term").str.strip_prefix(OBO).str.extract(r"^([A-Za-z]+)_", 1).alias("ontology")
    return pl.concat([pairs, itself]).with_columns(ontology)


def _representatives(classification: Classification, defined: pl.Series) -> list[tuple[str, str]]:
    """Each defined class with the first of those that mean the same."""
    equal = classification.equivalents().filter(
        pl.col("class").is_in(defined.implode()) & pl.col("equivalent").is_in(defined.implode())
    )
    least = equal.group_by("class").agg(pl.col("equivalent").min())
    found = dict(least.iter_rows())
    return [(one, min(one, found.get(one, one))) for one in defined]


def _group_id(classification: Classification, defined: str, expression: owl.ClassExpression) -> str:
    """The CURIE of the group: that of a neutral class that means the same, or one made of the names in the definition."""
    equal = classification.taxonomy.equivalent.row(classification.number[defined])
    curies = [obo_curie(classification.classes[number]) for number in equal]
    neutral = sorted(curie for curie in curies if curie and curie.startswith(f"{NEUTRAL_PREFIX}:"))
    if neutral:
        return neutral[0]
    return mint("phenotype", *(_short(one) for one in _named(expression)))


def _has_label(group: str, names: Labels) -> bool:
    iri = obo_iri(group)
    return iri is not None and names.label(iri) is not None


def _short(iri: str) -> str:
    curie = obo_curie(iri)
    return curie.replace(":", "_") if curie else iri


def _named(expression: owl.ClassExpression) -> list[str]:
    """The IRIs in an expression; those of the parts of a conjunction in a fixed order."""
    if isinstance(expression, owl.ObjectIntersectionOf):
        return [iri for part in sorted(map(_named, expression.first)) for iri in part]
    if isinstance(expression, owl.ObjectSomeValuesFrom):
        return [str(expression.ope), *_named(expression.bce)]
    return [str(expression)]


def _phrase(expression: owl.ClassExpression, names: Labels) -> str:
    """What a definition says, in words.

    `'has part' some ('increased size' and 'characteristic of' some heart)` is "increased size of heart".
    """
    if isinstance(expression, owl.ObjectSomeValuesFrom) and str(expression.ope) == _HAS_PART:
        expression = expression.bce
    if isinstance(expression, owl.ObjectIntersectionOf):
        parts = list(expression.first)
        classes = sorted(_called(part, names) for part in parts if isinstance(part, owl.Class))
        if any(map(_is_modifier, parts)):
            classes = [_abnormal(name) for name in classes]
        rest = sorted(
            _restriction(part, names)
            for part in parts
            if not isinstance(part, owl.Class) and not _is_modifier(part)
        )
        return " ".join([" and ".join(classes) or "something", *rest])
    if isinstance(expression, owl.Class):
        return _called(expression, names)
    return _restriction(expression, names)


def _abnormal(quality: str) -> str:
    if quality == "quality":
        return "abnormality"
    return f"abnormal {quality}" if quality in _ATTRIBUTES else quality


def _called(named: owl.Class, names: Labels) -> str:
    iri = str(named)
    return names.label(iri) or obo_curie(iri) or iri


def _restriction(expression: owl.ClassExpression, names: Labels) -> str:
    if isinstance(expression, owl.ObjectSomeValuesFrom):
        property_ = str(expression.ope)
        word = _WORDS.get(property_) or names.label(property_) or property_
        return f"{word} {_phrase(expression.bce, names)}"
    return write(expression, names)


def _is_modifier(expression: owl.ClassExpression) -> bool:
    """Whether a part says that the whole is abnormal."""
    return isinstance(expression, owl.ObjectSomeValuesFrom) and str(expression.ope) == _MODIFIER


# Beside mappings ----------------------------------------------------------------------------------------


def compare_with_mappings(
    documents: Sequence[Document], classification: Classification, mappings: pl.DataFrame
) -> pl.DataFrame:
    """Hold mappings between MP and HP against what the definitions say.

    mappings: columns from (MP) and to (HP), CURIEs.

    Returns from, to and verdict, sorted; each pair of the mappings once, and the pairs that definitions give beyond:
    confirmed: both mean the same. nested: one is below the other. contradicted: both are defined, and neither is below
    the other. undecided: one has no definition, and neither is below the other. gained: both mean the same, and no mapping
    has them.
    """
    defined = [identifier(term) for term in _definitions(documents, ("MP", "HP"))]
    pairs = classification.subsumptions().filter(
        (pl.col("sub").str.starts_with(OBO + "MP_") & pl.col("sup").str.starts_with(OBO + "HP_"))
        | (pl.col("sub").str.starts_with(OBO + "HP_") & pl.col("sup").str.starts_with(OBO + "MP_"))
    )
    pairs = pairs.select(pl.all().map_elements(identifier, return_dtype=pl.String))
    is_up = pl.col("sub").str.starts_with("MP:")
    up = pairs.filter(is_up).select(pl.col("sub").alias("from"), pl.col("sup").alias("to"), up=pl.lit(True))
    down = pairs.filter(~is_up).select(
        pl.col("sup").alias("from"), pl.col("sub").alias("to"), down=pl.lit(True)
    )
    both = up.join(down, on=["from", "to"], how="full", coalesce=True).with_columns(
        pl.col("up", "down").fill_null(False)
    )
    mapped = mappings.select("from", "to").unique().with_columns(mapped=pl.lit(True))
    held = both.join(mapped, on=["from", "to"], how="full", coalesce=True)
    held = held.with_columns(pl.col("up", "down", "mapped").fill_null(False))
    is_defined = pl.col("from").is_in(defined) & pl.col("to").is_in(defined)
    same = pl.col("up") & pl.col("down")
    verdict = (
        pl.when(same & pl.col("mapped"))
        .then(pl.lit("confirmed"))
        .when(same)
        .then(pl.lit("gained"))
        .when(~pl.col("mapped"))
        .then(None)
        .when(pl.col("up") | pl.col("down"))
        .then(pl.lit("nested"))
        .when(is_defined)
        .then(pl.lit("contradicted"))
        .otherwise(pl.lit("undecided"))
    )
    return held.select("from", "to", verdict=verdict).drop_nulls("verdict").sort("verdict", "from", "to")
