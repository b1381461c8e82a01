"""The p-values of a test, each with the hypothesis that it is of (schema: Hypothesis).

The IMPC reports one for the genotype; with the interaction of genotype and sex in the model, that is the one of females.
"""

from collections.abc import Iterator, Sequence

from impckg.loaders.measurements.results import calibrated_p_value
from impckg.loaders.measurements.testing import Tested, sexes_tested
from impckg.loaders.statistics.fisher import COMPLETE, FisherResult
from impckg.loaders.statistics.mixed_model.model import Estimate, MixedModel
from impckg.loaders.statistics.reference_range import ReferenceRangePlus

Said = tuple[str, str | None, float]
"""Hypothesis, sex (None for both), p-value."""


def compatible(one: Tested) -> list[Said]:
    """The p-values as the IMPC's pipeline finds them; the one that it reports for the genotype comes first."""
    found = one.analysis.result
    if isinstance(found, MixedModel):
        return list(_of_mixed_model(found, sexes_tested(one.animals, one.analysis)))
    if isinstance(found, FisherResult):
        everyone: list[Said] = [("equal_categories", None, found.genotype[COMPLETE].p_value)]
        return everyone + [
            ("equal_categories", sex.lower(), tests[COMPLETE].p_value)
            for sex, tests in found.genotype_by_sex.items()
        ]
    if isinstance(found, ReferenceRangePlus):
        return [
            (hypothesis, sex, tail.p_value)
            for sex, tails in ((None, found.overall), *((s.lower(), t) for s, t in found.by_sex.items()))
            for hypothesis, tail in (("equal_low_tails", tails.low), ("equal_high_tails", tails.high))
        ]
    return []


def _of_mixed_model(found: MixedModel, sexes: Sequence[str]) -> Iterator[Said]:
    has_interaction = "Genotype:Sex" in found.terms
    # With the interaction in the model the coefficient of the genotype is that of females.
    only = "female" if has_interaction else sexes[0] if len(sexes) == 1 else None
    yield "no_genotype_effect", only, found.genotype.p_value
    if found.female is not None and not has_interaction:
        yield "no_genotype_effect", "female", found.female.p_value
    if found.male is not None:
        yield "no_genotype_effect", "male", found.male.p_value
    if found.both_sexes_p_value is not None:
        yield "no_genotype_effect_in_either_sex", None, found.both_sexes_p_value
    for term, hypothesis in (
        ("Genotype:Sex", "equal_genotype_effects"),
        ("Sex", "no_sex_effect"),
        ("Weight", "no_weight_effect"),
    ):
        if term in found.coefficients:
            yield hypothesis, None, found.coefficients[term].p_value


def calibrated(one: Tested) -> list[Said]:
    """Calibrated p-values; that of all animals comes first."""
    everyone = calibrated_p_value(one)
    if everyone is None:
        return []
    found = one.analysis.result
    sexes = sexes_tested(one.animals, one.analysis)
    only = sexes[0] if len(sexes) == 1 else None
    if isinstance(found, FisherResult):
        return [("equal_categories", only, everyone)]
    if not isinstance(found, MixedModel):
        return [("equal_tails", only, everyone)]
    said: list[tuple[str, str | None, float | None]] = [("no_genotype_effect", only, everyone)]
    if only is None:
        said += [
            ("no_genotype_effect", "female", found.calibrated.female_p_value),
            ("no_genotype_effect", "male", found.calibrated.male_p_value),
            ("equal_genotype_effects", None, found.calibrated.interaction_p_value),
        ]
    return [(hypothesis, sex, p_value) for hypothesis, sex, p_value in said if p_value is not None]


def estimate(one: Tested, hypothesis: str, sex: str | None) -> dict[str, float]:
    """The coefficient that a p-value is of, with its standard error and degrees of freedom; nothing where there is none."""
    found = one.analysis.result
    if not isinstance(found, MixedModel):
        return {}
    of_sex = {"female": found.female, "male": found.male, None: found.genotype}
    terms = {"equal_genotype_effects": "Genotype:Sex", "no_sex_effect": "Sex", "no_weight_effect": "Weight"}
    of_it: Estimate | None = None
    if hypothesis == "no_genotype_effect":
        of_it = of_sex[sex] or found.genotype
    elif hypothesis in terms:
        of_it = found.coefficients[terms[hypothesis]]
    if of_it is None:
        return {}
    return {
        "estimate": of_it.value,
        "standard_error": of_it.standard_error,
        "degrees_of_freedom": of_it.degrees_of_freedom,
    }


def effect(one: Tested) -> float | None:
    """How large the effect of the genotype is in all animals, as the framework has it."""
    found = one.analysis.result
    if isinstance(found, MixedModel):
        return found.effect.size
    if isinstance(found, FisherResult):
        return found.genotype[COMPLETE].effect
    if isinstance(found, ReferenceRangePlus):
        return max(
            (tail.effect for tail in (found.overall.low, found.overall.high) if tail.effect is not None),
            default=None,
        )
    return None
