"""Which MP terms the results of the demo world earn, by the rules of the IMPC.

* A p-value strictly below 1e-4 may earn a call, for females, for males, and for both combined.
* The linear model prefers the term of the direction, then the abnormal one; reference range and Fisher's test
  prefer the abnormal one. Without any term there is no call, however small the p-value.
* Once a sex has a term, the combined term is dropped; a result has as many calls as sexes that have one.
* The result itself has one term: that of the sexes if they agree, else the abnormal one. It is significant if
  it has one.
* What a centre supplies is called as it is.

Source: impc_stats_pipeline b3320a4 (annotation) and impc-etl d8c64cf (collapsing), data releases 22 and 23.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from impckg.loaders.simulate.animals import LINEAR_MODEL, SUBVIABLE_OUTCOME, SUPPLIED, Results
from impckg.loaders.simulate.plan import Plan
from impckg.loaders.simulate.world import SUBVIABLE_TERM, IntArray, World
from impckg.loaders.statistics.significance import SIGNIFICANCE

NO_TERM = -1

# Which sex a result was called for; the place is what Calls.sex holds, 0 where nothing is called.
SEX_OF_CALL = (None, "female", "male", "not_considered")


@dataclass(frozen=True)
class Terms:
    """The MP terms that parameters can call; arrays have one element a parameter and hold places in `ids`.

    A parameter with terms for both directions has an abnormal one too, for sexes that disagree.
    """

    ids: Sequence[str]
    increased: IntArray
    decreased: IntArray
    abnormal: IntArray


@dataclass(frozen=True)
class Calls:
    """What results earned; one element a result, terms as places in Terms.ids, NO_TERM for none.

    female, male, combined: the terms of the single calls. term: of the result. sex: place in SEX_OF_CALL.
    """

    female: IntArray
    male: IntArray
    combined: IntArray
    term: IntArray
    sex: IntArray


def callable_terms(world: World) -> Terms:
    """The terms of all parameters."""
    ids = sorted({term for parameter in world.parameters for term in parameter.terms})
    place = {term: number for number, term in enumerate(ids)}

    def places(terms: Sequence[str | None]) -> IntArray:
        return np.array([place[term] if term else NO_TERM for term in terms])

    return Terms(
        ids=ids,
        increased=places([parameter.increased for parameter in world.parameters]),
        decreased=places([parameter.decreased for parameter in world.parameters]),
        abnormal=places([parameter.abnormal for parameter in world.parameters]),
    )


def call(terms: Terms, plan: Plan, results: Results) -> Calls:
    """The calls of the results."""
    female, male, combined = (_term(terms, plan, results, key) for key in ("female", "male", "combined"))
    by_sex = (female != NO_TERM) | (male != NO_TERM)
    combined = np.where(by_sex, NO_TERM, combined)
    one = np.where(female != NO_TERM, female, male)
    both = (female != NO_TERM) & (male != NO_TERM)
    abnormal = terms.abnormal[plan.parameter[results.step]]
    term = np.where(by_sex, np.where(both & (female != male), abnormal, one), combined)
    single = results.analysed["female"] ^ results.analysed["male"]
    only = np.where(results.analysed["female"], 1, 2)
    sex = np.select(
        [term == NO_TERM, both, female != NO_TERM, male != NO_TERM, single], [0, 3, 1, 2, only], default=3
    )
    return Calls(female, male, combined, term, sex)


def _term(terms: Terms, plan: Plan, results: Results, key: str) -> IntArray:
    parameter = plan.parameter[results.step]
    direction = results.direction[key]
    directed = np.select(
        [direction > 0, direction < 0], [terms.increased[parameter], terms.decreased[parameter]], NO_TERM
    )
    abnormal = terms.abnormal[parameter]
    first, second = (
        np.where(results.method == LINEAR_MODEL, one, other)
        for one, other in ((directed, abnormal), (abnormal, directed))
    )
    preferred = np.where(first != NO_TERM, first, second)
    with np.errstate(invalid="ignore"):
        tested = np.where(results.p_value[key] < SIGNIFICANCE, preferred, NO_TERM)
    supplied = np.select(
        [direction == SUBVIABLE_OUTCOME, direction > 0], [terms.ids.index(SUBVIABLE_TERM), abnormal], NO_TERM
    )
    chosen: IntArray = np.where(results.method == SUPPLIED, supplied, tested)
    return chosen
