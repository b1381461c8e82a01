"""Which terms, which variances and whether the batch stay in a mixed model, as OpenStats decides.

Terms are dropped one at a time while that lowers AICc, then the own variance of the mutants is tested, then the batch. The
genotype always stays.

Source: OpenStats 1.6.4 (mpi2/OpenStats 1407d0f2), M.opt and stepAIC0; AICc of Hurvich and Tsai 1989,
https://doi.org/10.1093/biomet/76.2.297.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from impckg.loaders.statistics.mixed_model.compiled import compiled
from impckg.loaders.statistics.mixed_model.design import GENOTYPE, INTERACTION, SEX, WEIGHT
from impckg.loaders.statistics.mixed_model.likelihood import START, Fit, Model, fit, no_fit
from impckg.loaders.statistics.mixed_model.sums import Sums

BoolArray = npt.NDArray[np.bool_]


class Data(NamedTuple):
    """What models are fitted to: those with the weight among their terms have only the animals whose weight is known.

    everyone, weighed: over all animals with a response, and over those that have a weight as well.
    log_scale: logarithm of what the responses were divided by; it matters where two models have other animals.
    """

    everyone: Sums
    weighed: Sums
    log_scale: float


class Candidate(NamedTuple):
    """A model with its fit by the plain likelihood, and its AICc; infinite where there is no fit.

    terms: shape (5,); whether a column of COLUMNS is in.
    """

    terms: BoolArray
    has_batch: bool
    has_precision: bool
    fitted: Fit
    criterion: float


class Selection(NamedTuple):
    """What was decided.

    full: shape (5,); the terms begun with. chosen: the final model.
    final: its fit by the restricted likelihood; not found where no model could be fitted.
    split: the same for all terms begun with and the interaction, which holds the effect in each sex; not found where there
        is one sex.
    """

    full: BoolArray
    chosen: Candidate
    final: Fit
    split: Fit


@compiled
def select(
    data: Data, offered: BoolArray, has_batch: bool, has_precision: bool, keeps_terms: bool
) -> Selection:
    """Decide.

    offered: shape (5,); the terms that there is data for. has_batch, has_precision: whether there may be a batch effect,
    and a variance of the mutants. keeps_terms: whether all terms stay.
    """
    started = _first_that_fits(data, offered, has_batch, has_precision)
    full = started.terms
    if not started.fitted.found:
        return Selection(full, started, started.fitted, started.fitted)
    best = started if keeps_terms else _drop_terms(data, started)
    if best.has_precision:
        plain = _candidate(data, best.terms, best.has_batch, False, _near(best))
        best = plain if plain.criterion <= best.criterion else best
    if best.has_batch:
        single = _candidate(data, best.terms, False, best.has_precision, _near(best))
        best = single if single.criterion <= best.criterion else best
    final = _restricted(data, best.terms, best)
    if not full[SEX]:
        return Selection(full, best, final, no_fit(0, 0))
    both = full.copy()
    both[GENOTYPE] = both[INTERACTION] = True
    split = _restricted(data, both, best) if (both != best.terms).any() else final
    return Selection(full, best, final, split)


@compiled
def rows_for(data: Data, terms: BoolArray) -> Sums:
    """The animals that a model with these terms is fitted to."""
    return data.weighed if terms[WEIGHT] else data.everyone


@compiled
def _candidate(
    data: Data, terms: BoolArray, has_batch: bool, has_precision: bool, start: tuple[float, float]
) -> Candidate:
    found = fit(rows_for(data, terms), Model(np.flatnonzero(terms), has_batch, has_precision, False), start)
    parameters = len(found.beta) + 1 + int(has_batch) + int(has_precision)
    left = found.rows - parameters - 1
    criterion = np.inf
    if found.found and left > 0:
        criterion = (
            2.0 * (found.rows * data.log_scale - found.log_likelihood) + 2.0 * parameters * found.rows / left
        )
    return Candidate(terms.copy(), has_batch, has_precision, found, criterion)


@compiled
def _restricted(data: Data, terms: BoolArray, like: Candidate) -> Fit:
    """A fit of these terms, with the variances of another model."""
    model = Model(np.flatnonzero(terms), like.has_batch, like.has_precision, True)
    return fit(rows_for(data, terms), model, _near(like))


@compiled
def _near(found: Candidate) -> tuple[float, float]:
    """Where to begin near a fit."""
    theta = found.fitted.theta
    return (np.log(theta) if theta > 1e-3 else START[0], np.log(found.fitted.precision))


@compiled
def _first_that_fits(data: Data, offered: BoolArray, has_batch: bool, has_precision: bool) -> Candidate:
    """The offered terms; where they cannot be fitted, all but one, the last one first."""
    found = _candidate(data, offered, has_batch, has_precision, START)
    for term in (INTERACTION, WEIGHT, SEX):
        if found.fitted.found:
            break
        if offered[term]:
            terms = offered.copy()
            terms[term] = False
            found = _candidate(data, terms, has_batch, has_precision, START)
    return found


@compiled
def _drop_terms(data: Data, started: Candidate) -> Candidate:
    """Backward elimination by AICc."""
    best = started
    while True:
        lowest = best
        for term in (SEX, WEIGHT, INTERACTION):
            # A main effect stays as long as its interaction does.
            if not best.terms[term] or (term == SEX and best.terms[INTERACTION]):
                continue
            terms = best.terms.copy()
            terms[term] = False
            other = _candidate(data, terms, best.has_batch, best.has_precision, _near(best))
            if other.criterion < lowest.criterion:
                lowest = other
        if lowest.criterion == best.criterion:
            return best
        best = lowest
