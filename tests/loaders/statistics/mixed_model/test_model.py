"""The front door of the mixed model: what it takes, what it refuses, and what it says where little can be said."""

import re

import numpy as np
import pytest

from impckg.graph.errors import BadParameter
from impckg.loaders.statistics.mixed_model.model import JOINT_TEST, mixed_model, repeats
from impckg.loaders.statistics.mixed_model.tag import SexEffect, classification_tag


@pytest.fixture
def animals():
    """60 controls on ten days and 12 mutants on two, both sexes; mutants are larger by one."""
    rng = np.random.default_rng(0)
    is_mutant = np.arange(72) >= 60
    day = np.where(is_mutant, np.arange(72) % 2, np.arange(72) % 10)
    return {
        "response": 10 + is_mutant + rng.normal(0, 0.3, 10)[day] + rng.normal(0, 0.4, 72),
        "is_mutant": is_mutant,
        "is_male": np.arange(72) // 2 % 2 == 0,
        "batch": day,
        "weight": rng.normal(25, 2, 72),
    }


def test_an_effect_is_found_with_its_size(animals):
    found = mixed_model(**animals)

    assert found.genotype.value == pytest.approx(1, abs=3 * found.genotype.standard_error)
    assert found.genotype.p_value < 1e-6
    assert found.genotype.lower < 1 < found.genotype.upper
    assert (found.controls, found.mutants, found.batches) == (60, 12, 10)
    assert found.tag == "With phenotype threshold value 1e-04 - both sexes equally"


def test_neither_shift_nor_unit_of_the_response_matters(animals):
    found = mixed_model(**animals)

    animals["response"] = 1e6 + 1e-3 * animals["response"]
    other = mixed_model(**animals)

    assert other.terms == found.terms
    assert other.genotype.value == pytest.approx(1e-3 * found.genotype.value, rel=1e-5)
    assert other.genotype.p_value == pytest.approx(found.genotype.p_value, rel=1e-4)
    assert other.effect.size == pytest.approx(found.effect.size, rel=1e-5)


def test_the_interaction_brings_a_flag(animals):
    animals["response"] = animals["response"] + 3 * (animals["is_mutant"] & animals["is_male"])

    found = mixed_model(**(animals | {"weight": None}))

    assert "Genotype:Sex" in found.terms
    assert found.flags == (JOINT_TEST,)
    assert found.female.value == pytest.approx(found.genotype.value, rel=1e-9)
    assert found.male.value > found.female.value


def test_one_sex_has_no_effect_by_sex(animals):
    kept = animals["is_male"]

    found = mixed_model(**{name: values[kept] for name, values in animals.items()})

    assert found.female is None
    assert found.male is None
    assert found.tag.endswith("for the one sex (male) tested")


def test_one_batch_has_no_effect_of_the_batch(animals):
    animals["batch"] = np.zeros(72, dtype=np.int64)

    found = mixed_model(**animals)

    assert not found.has_batch
    assert found.batch_deviation == 0


@pytest.mark.parametrize(
    "change",
    [
        {"response": np.full(72, np.nan)},
        {"response": np.full(72, 3.0)},
        {"is_mutant": np.zeros(72, dtype=bool)},
        {"response": np.where(np.arange(72) >= 60, np.nan, np.arange(72.0))},
    ],
    ids=["no values", "equal values", "no mutants", "no values of mutants"],
)
def test_where_nothing_can_be_fitted_nothing_is_said(animals, change):
    assert mixed_model(**(animals | change)) is None


def test_a_single_mutant_can_be_tested(animals):
    kept = np.arange(72) <= 60

    found = mixed_model(**{name: values[kept] for name, values in animals.items()})

    assert found.mutants == 1
    assert not found.has_own_variance
    assert np.isfinite(found.genotype.p_value)


def test_a_weight_that_is_the_response_explains_nothing(animals):
    animals["weight"] = animals["response"] + 2

    assert repeats(animals["weight"], animals["response"]) == pytest.approx(True)
    assert "Weight" not in mixed_model(**animals).full_terms


def test_infinite_values_are_refused(animals):
    animals["response"][3] = np.inf

    with pytest.raises(BadParameter, match="response of animal 4: inf; expected a number"):
        mixed_model(**animals)


def test_arrays_of_other_lengths_are_refused(animals):
    animals["batch"] = animals["batch"][1:]

    with pytest.raises(BadParameter, match="expected one value for each animal"):
        mixed_model(**animals)


BOTH = ("female", "male")


@pytest.mark.parametrize(
    ("p_value", "both", "female", "male", "sexes", "tag"),
    [
        (1e-3, None, None, None, ("male",), "no significant change for one sex (male) tested"),
        (1e-3, None, (1e-5, 1.0), (1e-6, 1.0), BOTH, "Significant for both sex"),
        (1e-3, None, (1e-5, 1.0), (0.1, 1.0), BOTH, "Significant for females only"),
        (1e-9, 1e-7, (0.2, 1.0), (0.1, 1.0), BOTH, "but cannot classify gender effect"),
        (1e-3, 1e-7, (0.2, 1.0), (0.1, 1.0), BOTH, "and cannot classify gender effect"),
        (
            1e-9,
            1e-7,
            (0.01, 1.0),
            (0.1, 1.0),
            BOTH,
            "; and with phenotype threshold value 1e-04 - females only",
        ),
        (1e-3, 1e-7, (0.01, 1.0), (0.01, 2.0), BOTH, "but with .* different size as males greater"),
        (1e-3, 1e-7, (0.01, 1.0), (0.01, -2.0), BOTH, "different direction for the sexes"),
    ],
)
def test_tags_are_worded_as_openstats_has_them(p_value, both, female, male, sexes, tag):
    found = classification_tag(
        p_value, both, SexEffect(*female) if female else None, SexEffect(*male) if male else None, sexes
    )

    assert re.search(tag.replace("(", r"\(").replace(")", r"\)"), found), found
