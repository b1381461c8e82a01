"""What a mixed model says of both sexes, in OpenStats' words.

Source: OpenStats 1.6.4 (mpi2/OpenStats 1407d0f2), classificationTag, in its mode summaryOutput.
"""

from dataclasses import dataclass

from impckg.loaders.statistics.significance import LEVEL, SIGNIFICANCE

# Below this a sex has a part in an effect that is known to be there (OpenStats 1.6.4, SexSpecificThreshold).
SEX_SIGNIFICANCE = 0.05


@dataclass(frozen=True)
class SexEffect:
    """The effect of the genotype in one sex."""

    p_value: float
    estimate: float


def classification_tag(
    p_value: float,
    both_sexes_p_value: float | None,
    female: SexEffect | None,
    male: SexEffect | None,
    sexes: tuple[str, ...],
) -> str:
    """The tag.

    p_value: of the genotype in the final model.
    both_sexes_p_value: of the effects in both sexes together, where the interaction is in the final model; OpenStats takes
        it for that of the interaction.
    female, male: from the split model, where there is one.
    sexes: of "female" and "male", those that have controls and mutants.
    """
    if p_value > SIGNIFICANCE and (both_sexes_p_value is None or both_sexes_p_value > SIGNIFICANCE):
        found = _by_sex_alone(female, male)
        of_one_sex = "no significant change for one sex ({}) tested"
    elif both_sexes_p_value is None or female is None or male is None:
        found = "both sexes equally"
        of_one_sex = "a significant change for the one sex ({}) tested"
    else:
        return _with_interaction(p_value, both_sexes_p_value, female, male)
    return (
        f"With phenotype threshold value {LEVEL} - {of_one_sex.format(*sexes) if len(sexes) == 1 else found}"
    )


def _with_interaction(p_value: float, both_sexes_p_value: float, female: SexEffect, male: SexEffect) -> str:
    is_significant = p_value < SIGNIFICANCE
    start = "Overally significant" if is_significant else "Overally insignificant"
    if female.p_value >= SEX_SIGNIFICANCE and male.p_value >= SEX_SIGNIFICANCE:
        return (
            f"{start} [level = {LEVEL}, pvalue = {p_value:.15g}] {'but' if is_significant else 'and'} "
            f"cannot classify gender effect [Interaction pvalue = {both_sexes_p_value:.4g}, "
            f"Genotype Female pvalue = {female.p_value:.4g}, Genotype Male pvalue = {male.p_value:.4g}]"
        )
    return (
        f"{start} [level =  {LEVEL} , pvalue =  {p_value:.15g} ]; {'and' if is_significant else 'but'} "
        f"with phenotype threshold value {LEVEL} - {_where(female, male)}"
    )


def _by_sex_alone(female: SexEffect | None, male: SexEffect | None) -> str:
    """What the split model has, where nothing else is significant."""
    in_females = female is not None and female.p_value < SIGNIFICANCE
    in_males = male is not None and male.p_value < SIGNIFICANCE
    if in_females and in_males:
        return "Significant for both sex"
    if in_females:
        return "Significant for females only"
    if in_males:
        return "Significant for males only"
    return "no significant change"


def _where(female: SexEffect, male: SexEffect) -> str:
    """In which sex there is an effect, or where it is greater."""
    if male.p_value >= SEX_SIGNIFICANCE:
        return "females only"
    if female.p_value >= SEX_SIGNIFICANCE:
        return "males only"
    if female.estimate * male.estimate <= 0:
        return "different direction for the sexes"
    if abs(female.estimate) > abs(male.estimate):
        return "different size as females greater"
    return "different size as males greater"
