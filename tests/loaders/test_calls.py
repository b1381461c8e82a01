"""Which MP terms results earn."""

import numpy as np
import pytest

from impckg.loaders.calls import (
    BOTH_TAILS,
    CONFLICT,
    MALE_ABNORMAL,
    Evidence,
    Option,
    Outcome,
    Rule,
    call,
    embryo_call,
    evidence,
    supplied_call,
)
from impckg.loaders.statistics.analysis import Animals, analyse

UP = Option("MP:0010052", Outcome.INCREASED)
DOWN = Option("MP:0010053", Outcome.DECREASED)
ABNORMAL = Option("MP:0001515", Outcome.ABNORMAL)


def line(values, mutants=20, controls=200):
    """A line of both sexes on four dates."""
    count = mutants + controls
    number = np.arange(count)
    return Animals(
        values=np.asarray(values),
        is_mutant=number < mutants,
        is_male=number % 2 == 0,
        date=np.array([f"2020-01-{day + 1:02}" for day in number // 2 % 4]),
        weight=np.full(count, np.nan),
    )


def numbers(female=0.0, male=0.0, seed=2):
    """Values of 20 mutants and 200 controls with an effect in either sex, in standard deviations."""
    drawn = np.random.default_rng(seed).normal(0, 1, 220)
    drawn[:20] += np.where(np.arange(20) % 2 == 0, male, female)
    return drawn


def called(values, options, parameter="IMPC_GRS_008_001"):
    return call(evidence(analyse(line(values), parameter)), options)


def test_nothing_significant_earns_nothing():
    assert called(numbers(), [UP, DOWN, ABNORMAL]).calls == ()


@pytest.mark.parametrize(("effect", "term"), [(4.0, UP.term), (-4.0, DOWN.term)])
def test_the_mixed_model_prefers_the_direction_and_each_sex_to_both(effect, term):
    found = called(numbers(effect, effect), [ABNORMAL, UP, DOWN])

    assert [(one.sex, one.term) for one in found.calls] == [("female", term), ("male", term)]
    assert found.term == term
    assert {one.rule for one in found.calls} == {Rule.MIXED_MODEL_OF_SEX}


def test_an_effect_in_one_sex_is_called_for_that_sex():
    found = called(numbers(female=5.0), [UP, DOWN, ABNORMAL])

    assert [(one.sex, one.outcome) for one in found.calls] == [("female", Outcome.INCREASED)]


def test_sexes_that_disagree_make_the_result_abnormal():
    found = called(numbers(female=5.0, male=-5.0), [UP, DOWN, ABNORMAL])

    assert [(one.sex, one.term) for one in found.calls] == [("female", UP.term), ("male", DOWN.term)]
    assert found.term == ABNORMAL.term
    assert found.outcome is Outcome.ABNORMAL
    assert called(numbers(female=5.0, male=-5.0), [UP, DOWN]).flags == (CONFLICT,)


def test_an_abnormal_term_is_never_given_to_males_alone_and_this_is_said():
    female, male = (called(numbers(**{sex: 5.0}), [ABNORMAL]) for sex in ("female", "male"))

    assert [one.sex for one in female.calls] == ["female"]
    assert "male" not in [one.sex for one in male.calls]
    assert MALE_ABNORMAL in male.flags


def test_a_term_for_one_sex_goes_before_one_for_both():
    of_females = Option("MP:0000001", Outcome.INCREASED, sex="female")

    found = called(numbers(4.0, 4.0), [UP, of_females])

    assert [(one.sex, one.term) for one in found.calls] == [("female", "MP:0000001"), ("male", UP.term)]


def test_a_parameter_without_options_earns_nothing():
    assert called(numbers(4.0, 4.0), []).calls == ()


def test_a_call_of_all_animals_is_one_of_the_only_sex_tested():
    alone = Evidence(None, Rule.MIXED_MODEL, 1e-6, (Outcome.INCREASED,))

    assert call([alone], [UP], sexes=["male"]).calls[0].sex == "male"
    assert call([alone], [UP]).calls[0].sex is None


def test_the_reference_range_prefers_the_abnormal_term_to_the_direction():
    high = np.where(np.arange(220) < 20, 90.0, np.arange(220) % 31)

    one, other = (called(high, options, "IMPC_ABR_006_001") for options in ([UP, DOWN, ABNORMAL], [UP, DOWN]))

    assert {one.term, other.term} == {ABNORMAL.term, UP.term}
    assert [found.sex for found in one.calls] == ["female", "male"]


def test_both_tails_without_an_abnormal_term_earn_nothing_and_say_so():
    apart = np.where(np.arange(220) < 20, np.where(np.arange(220) % 4 < 2, 90.0, -90.0), np.arange(220) % 31)

    found = called(apart, [UP, DOWN], "IMPC_ABR_006_001")

    assert (found.calls, found.flags) == ((), (BOTH_TAILS,))


def test_a_category_has_its_own_term_unless_there_is_one_for_all():
    seen = np.array(["cloudy"] * 20 + ["normal"] * 195 + ["cloudy"] * 5)
    cloudy = Option("MP:0001314", Outcome.ABNORMAL, category="Cloudy")
    small = Option("MP:0001293", Outcome.ABNORMAL, category="normal")

    assert called(seen, [small, cloudy], "IMPC_EYE_007_001").term == cloudy.term
    assert called(seen, [cloudy, ABNORMAL], "IMPC_EYE_007_001").term == ABNORMAL.term
    assert called(seen, [small], "IMPC_EYE_007_001").calls == ()
    assert called(seen, [UP, DOWN], "IMPC_EYE_007_001").calls == ()


def test_what_is_supplied_is_called_as_it_is():
    lethal = Option("MP:0011100", Outcome.ABNORMAL, category="Homozygous - Lethal")
    infertile = Option("MP:0001925", Outcome.ABNORMAL, sex="male", category="Infertile")

    assert supplied_call("Homozygous - Lethal ", [lethal], p_value=0.002).calls[0].p_value == 0.002
    assert supplied_call("infertile", [infertile]).calls[0].sex == "male"
    assert supplied_call("Fertile", [infertile]).calls == ()


def test_embryos_are_called_when_enough_of_them_are_abnormal():
    pale = Option("MP:0000717", Outcome.ABNORMAL, category="abnormal")

    assert embryo_call(["abnormal"] * 3, "heterozygote", [pale]).term is None
    assert embryo_call(["abnormal"] * 4, "heterozygote", [pale]).calls[0].rule is Rule.EMBRYO
    assert embryo_call(["Abnormal", "abnormal"], "hemizygote", [pale]).term == pale.term


@pytest.mark.parametrize(
    ("said", "term"),
    [
        ("Homozygous - Subviable", "MP:0011110"),
        ("HOMOZYGOUS - LETHAL", "MP:0011100"),
        ("Homozygous - Viable", None),
        ("prenatal lethality", None),
        ("", None),
    ],
)
def test_a_judgement_is_found_in_what_is_said_as_whole_words(said, term):
    offered = [
        Option("MP:0011110", Outcome.ABNORMAL, category="subviable"),
        Option("MP:0011100", Outcome.ABNORMAL, category="lethal"),
    ]

    assert supplied_call(said, offered).term == term


@pytest.mark.parametrize(
    ("seen", "usual", "is_called"),
    [
        (["abnormal", "abnormal", "normal"], None, True),
        (["abnormal", "normal", "normal"], "normal", False),
        (["no", "no"], "yes", True),
        (["no", "no"], "no", False),
        (["no", "no"], None, False),
        (["", ""], "yes", False),
    ],
)
def test_without_a_category_any_abnormality_of_embryos_counts(seen, usual, is_called):
    small = Option("MP:0001698", Outcome.ABNORMAL)

    assert (embryo_call(seen, "homozygote", [small], usual).term == small.term) is is_called
