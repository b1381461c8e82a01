"""Which MP terms a result earns, by the rules of the IMPC.

A parameter offers **options**: a term for an outcome, perhaps for one sex or one category alone. A test gives **evidence**:
a group of animals (all, females, males) that is significant, and the outcomes that this may be called. `evidence` reads it
from the result of a framework, `call` brings both together. What a centre judged itself is called as it is (`supplied_call`,
`embryo_call`).

* A p-value strictly below 1e-4 is evidence, in all animals and in either sex: three chances for each test.
* The mixed model prefers the term of the direction to the abnormal one; the reference range and Fisher's test prefer the
  abnormal one.
* Where a sex has earned a term, that of all animals is dropped.
* The result itself has one term: that of the sexes where they agree, else the abnormal one.

Source: impc_stats_pipeline b3320a4 (annotation) and impc-etl d8c64cf (collapsing), data releases 22 and 23.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from impckg.loaders.statistics.analysis import Analysis
from impckg.loaders.statistics.fisher import COMPLETE, FisherResult, Tests
from impckg.loaders.statistics.mixed_model.model import Estimate, MixedModel
from impckg.loaders.statistics.reference_range import ReferenceRange, ReferenceRangePlus
from impckg.loaders.statistics.significance import SIGNIFICANCE

# Abnormal specimens that a call of embryo morphology needs (impc-etl d8c64cf, gross embryo morphology).
ABNORMAL_EMBRYOS = {"homozygote": 2, "hemizygote": 2, "heterozygote": 4}

MALE_ABNORMAL = "males of a mixed model are never offered an abnormal term"
"""A slip of the IMPC's annotation that is kept, and said where it costs a call."""

BOTH_TAILS = "both tails are significant, and the parameter has no abnormal term"
CONFLICT = "the sexes have different terms, and the parameter has no abnormal one"


class Outcome(Enum):
    """What a test can show of a parameter (IMPReSS, selection outcome)."""

    INCREASED = "INCREASED"
    DECREASED = "DECREASED"
    ABNORMAL = "ABNORMAL"
    INFERRED = "INFERRED"


class Rule(Enum):
    """The rule that gave a call."""

    MIXED_MODEL = "mixed model, genotype effect in all animals"
    MIXED_MODEL_OF_SEX = "mixed model, genotype effect in one sex"
    REFERENCE_RANGE = "reference range, tails of all animals"
    REFERENCE_RANGE_OF_SEX = "reference range, tails of one sex"
    FISHER = "Fisher's exact test of categories, all animals"
    FISHER_OF_SEX = "Fisher's exact test of categories, one sex"
    SUPPLIED = "supplied by the centre"
    EMBRYO = "enough abnormal specimens"


_DIRECTIONS = (Outcome.INCREASED, Outcome.DECREASED)
_OF_ALL_ANIMALS = (Rule.MIXED_MODEL, Rule.REFERENCE_RANGE, Rule.FISHER)
_OF_TAILS = (Rule.REFERENCE_RANGE, Rule.REFERENCE_RANGE_OF_SEX)


@dataclass(frozen=True)
class Option:
    """A term that a parameter offers. sex: "female", "male", or None for both. category: for this alone; None for any."""

    term: str
    outcome: Outcome
    sex: str | None = None
    category: str | None = None


@dataclass(frozen=True)
class Evidence:
    """A group of animals that is significant.

    sex: "female", "male", or None for all animals. outcomes: that it may be called, the preferred first.
    categories: that are commoner in mutants than in controls; None where numbers were tested.
    effect_size: as the framework gives it.
    withheld: outcomes that it would be offered but for a slip upstream.
    """

    sex: str | None
    rule: Rule
    p_value: float
    outcomes: tuple[Outcome, ...]
    effect_size: float | None = None
    categories: frozenset[str] | None = None
    withheld: tuple[Outcome, ...] = ()


@dataclass(frozen=True)
class Call:
    """A term that one group of animals earned. sex: None for both sexes together."""

    term: str
    sex: str | None
    outcome: Outcome
    rule: Rule
    p_value: float | None
    effect_size: float | None


@dataclass(frozen=True)
class Called:
    """What a result earned.

    calls: one for each sex that has one, or one of all animals. term: of the result; None where it is not significant.
    flags: what is to be known.
    """

    calls: tuple[Call, ...]
    term: str | None
    flags: tuple[str, ...] = ()

    @property
    def outcome(self) -> Outcome | None:
        """What the calls say together: their outcome where they agree, else that something is abnormal."""
        outcomes = {one.outcome for one in self.calls}
        if len(outcomes) > 1:
            return Outcome.ABNORMAL
        return next(iter(outcomes), None)


NOTHING = Called((), None)


def evidence(analysis: Analysis) -> tuple[Evidence, ...]:
    """The groups of animals that are significant in the result of a test."""
    result = analysis.result
    if isinstance(result, MixedModel):
        return tuple(_of_mixed_model(result))
    if isinstance(result, ReferenceRangePlus):
        return tuple(_of_reference_range(result))
    if isinstance(result, FisherResult):
        return tuple(_of_fisher(result))
    return ()


def call(
    found: Sequence[Evidence], options: Sequence[Option], sexes: Sequence[str] = ("female", "male")
) -> Called:
    """The terms that evidence earns from the options of a parameter; of equal ones the first is taken.

    sexes: that were tested; a call of all animals is one of that sex where there is only one.

    >>> up = Evidence(None, Rule.MIXED_MODEL, 1e-6, (Outcome.INCREASED, Outcome.INFERRED, Outcome.ABNORMAL))
    >>> call([up], [Option("MP:0002875", Outcome.ABNORMAL), Option("MP:0010052", Outcome.INCREASED)]).term
    'MP:0010052'
    """
    chosen = [(one, _preferred(one.outcomes, one, options)) for one in found]
    only_sex = sexes[0] if len(sexes) == 1 else None
    calls = [
        Call(option.term, one.sex or only_sex, option.outcome, one.rule, one.p_value, one.effect_size)
        for one, option in chosen
        if option is not None
    ]
    by_sex = [one for one in calls if one.rule not in _OF_ALL_ANIMALS]
    kept = tuple(by_sex or calls)
    term, told = _term(kept, options)
    return Called(kept, term, (*_flags(chosen, options), *told))


def supplied_call(
    category: str, options: Sequence[Option], sex: str | None = None, p_value: float | None = None
) -> Called:
    """The call that a centre made itself, as of viability and fertility.

    category: what it judged, such as "Homozygous - Lethal"; the option whose category stands in it as whole words is earned.
    sex: of the animals that were judged, where it matters. p_value: its own, if it gave one.

    >>> offered = [Option("MP:0011100", Outcome.ABNORMAL, category="lethal")]
    >>> [supplied_call(f"Homozygous - {judged}", offered).term for judged in ("Lethal", "Viable")]
    ['MP:0011100', None]
    """
    for option in options:
        if option.category is not None and _is_in(option.category, category):
            of_sex = sex or option.sex
            return Called(
                (Call(option.term, of_sex, option.outcome, Rule.SUPPLIED, p_value, None),), option.term
            )
    return NOTHING


def embryo_call(
    categories: Iterable[str], zygosity: str, options: Sequence[Option], usual: str | None = None
) -> Called:
    """The call of what was seen in mutant embryos, one category for each specimen.

    Specimens count for the option of their category, and for one without a category where they are abnormal: that, or the
    other answer to a question of yes or no. Enough of them, which depends on the zygosity, make a call.

    usual: what controls mostly show.

    Raises KeyError for a zygosity other than homozygote, hemizygote and heterozygote.

    >>> pale = Option("MP:0000717", Outcome.ABNORMAL, category="abnormal")
    >>> embryo_call(["normal", "abnormal", "abnormal"], "homozygote", [pale]).term
    'MP:0000717'
    >>> embryo_call(["normal", "abnormal", "abnormal"], "heterozygote", [pale]).term is None
    True
    """
    wanted = ABNORMAL_EMBRYOS[zygosity]
    seen = [category.strip().casefold() for category in categories]
    answers, mostly = {"yes", "no"}, (usual or "").strip().casefold()
    abnormal = {"abnormal"} | (answers - {mostly} if mostly in answers else set())
    calls = tuple(
        Call(option.term, None, option.outcome, Rule.EMBRYO, None, None)
        for option in options
        if sum(one in ({option.category.casefold()} if option.category else abnormal) for one in seen)
        >= wanted
    )
    return Called(calls, calls[0].term if calls else None)


def _is_in(words: str, text: str) -> bool:
    """Whether words stand in a text, whole and whatever their case."""
    return re.search(rf"(?<!\w){re.escape(words.strip())}(?!\w)", text, re.IGNORECASE) is not None


def _of_mixed_model(result: MixedModel) -> Iterable[Evidence]:
    groups: tuple[tuple[str | None, Estimate | None, float | None], ...] = (
        (None, result.genotype, result.effect.size),
        ("female", result.female, result.female_effect.size if result.female_effect else None),
        ("male", result.male, result.male_effect.size if result.male_effect else None),
    )
    for sex, estimate, effect in groups:
        if estimate is None or not estimate.p_value < SIGNIFICANCE:
            continue
        directed = (Outcome.INCREASED,) if estimate.value > 0 else (Outcome.DECREASED,)
        is_male = sex == "male"
        yield Evidence(
            sex,
            Rule.MIXED_MODEL if sex is None else Rule.MIXED_MODEL_OF_SEX,
            estimate.p_value,
            (*directed, Outcome.INFERRED) if is_male else (*directed, Outcome.INFERRED, Outcome.ABNORMAL),
            effect,
            withheld=(Outcome.ABNORMAL,) if is_male else (),
        )


def _of_reference_range(result: ReferenceRangePlus) -> Iterable[Evidence]:
    groups: tuple[tuple[str | None, ReferenceRange | None], ...] = (
        (None, result.overall),
        ("female", result.by_sex.get("Female")),
        ("male", result.by_sex.get("Male")),
    )
    for sex, tails in groups:
        if tails is None:
            continue
        found = [
            (tail, outcome)
            for tail, outcome in ((tails.low, Outcome.DECREASED), (tails.high, Outcome.INCREASED))
            if tail.p_value < SIGNIFICANCE
        ]
        if found:
            directed = tuple(outcome for _, outcome in found) if len(found) == 1 else ()
            least = min((tail for tail, _ in found), key=lambda tail: tail.p_value)
            yield Evidence(
                sex,
                Rule.REFERENCE_RANGE if sex is None else Rule.REFERENCE_RANGE_OF_SEX,
                least.p_value,
                (Outcome.INFERRED, Outcome.ABNORMAL, *directed),
                least.effect,
            )


def _of_fisher(result: FisherResult) -> Iterable[Evidence]:
    groups: tuple[tuple[str | None, Tests | None], ...] = (
        (None, result.genotype),
        ("female", result.genotype_by_sex.get("Female")),
        ("male", result.genotype_by_sex.get("Male")),
    )
    for sex, tests in groups:
        if tests is None or not tests[COMPLETE].p_value < SIGNIFICANCE:
            continue
        table = tests[COMPLETE].table
        share = table / table.sum(axis=0)
        # What controls mostly show is normal, however much commoner it is in mutants.
        usual = int(table[:, 0].argmax())
        commoner = frozenset(
            name
            for place, name in enumerate(tests[COMPLETE].categories)
            if share[place, 1] > share[place, 0] and place != usual
        )
        yield Evidence(
            sex,
            Rule.FISHER if sex is None else Rule.FISHER_OF_SEX,
            tests[COMPLETE].p_value,
            (Outcome.INFERRED, Outcome.ABNORMAL, *_DIRECTIONS),
            tests[COMPLETE].effect,
            commoner,
        )


def _preferred(outcomes: Iterable[Outcome], found: Evidence, options: Sequence[Option]) -> Option | None:
    """The option that evidence earns: of the preferred outcome, for its sex before both, for any category before one."""
    for outcome in outcomes:
        for sex in dict.fromkeys((found.sex, None)):
            fitting = [one for one in options if one.outcome is outcome and one.sex == sex]
            for one in sorted(fitting, key=lambda option: option.category is not None):
                if _fits(one, found):
                    return one
    return None


def _fits(option: Option, found: Evidence) -> bool:
    """Whether the category of an option, or that it has none, goes with what was tested."""
    if found.categories is None:
        return option.category is None
    if option.category is None:
        # That categories are spread otherwise has no direction.
        return option.outcome not in _DIRECTIONS
    return option.category.casefold() in {name.casefold() for name in found.categories}


def _term(calls: Sequence[Call], options: Sequence[Option]) -> tuple[str | None, tuple[str, ...]]:
    """The one term of a result, and what is to be known about it."""
    terms = list(dict.fromkeys(one.term for one in calls))
    if len(terms) < 2:
        return (terms[0] if terms else None), ()
    for one in options:
        if one.outcome is Outcome.ABNORMAL and one.sex is None and one.category is None:
            return one.term, ()
    return terms[0], (CONFLICT,)


def _flags(chosen: Sequence[tuple[Evidence, Option | None]], options: Sequence[Option]) -> tuple[str, ...]:
    """What cost a group of animals its call."""
    has_direction = any(one.outcome in _DIRECTIONS for one in options)
    told = []
    for one, option in chosen:
        if option is not None:
            continue
        if _preferred(one.withheld, one, options) is not None:
            told.append(MALE_ABNORMAL)
        if one.rule in _OF_TAILS and has_direction and not set(one.outcomes) & set(_DIRECTIONS):
            told.append(BOTH_TAILS)
    return tuple(dict.fromkeys(told))
