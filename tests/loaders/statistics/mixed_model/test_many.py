"""All lines of a stratum at a time find what each finds alone."""

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

from impckg.graph.errors import BadParameter
from impckg.loaders.statistics.analysis import Animals, analyse
from impckg.loaders.statistics.gates import Framework
from impckg.loaders.statistics.mixed_model.many import ANIMALS, TESTED, analyse_stratum, result_schema


def animals(seed, lines=12):
    """200 controls on 20 days, of which some have no weight or no value, and lines of 10 to 15 mutants."""
    rng = np.random.default_rng(seed)
    colony = [None] * 200 + [f"line{i:02d}" for i in range(lines) for _ in range(10 + i % 6)]
    n = len(colony)
    day = np.where(np.arange(n) < 200, rng.integers(0, 20, n), 14 + rng.integers(0, 8, n))
    male = rng.random(n) < 0.5
    weight = rng.normal(25, 3, n) + 4 * male
    value = 7 + male + 0.2 * weight * rng.integers(0, 2) + rng.normal(0, 0.6, 22)[day] + rng.normal(0, 1, n)
    weight[rng.random(n) < 0.05] = np.nan
    value[rng.random(n) < 0.05] = np.nan
    return pl.DataFrame(
        {
            "colony_id": colony,
            "sex": np.where(male, "male", "female"),
            "date_of_experiment": [f"day {k}" for k in day],
            "weight": weight,
            "data_point": value,
        }
    ).with_columns(pl.col("weight", "data_point").fill_nan(None))


def odd_animals(seed):
    """Lines that lack animals of a sex, weights, values or variation, beside controls that may lack weights."""
    rng = np.random.default_rng(seed)
    frame = animals(seed, lines=14).with_row_index("row")
    line, male = pl.col("colony_id").fill_null(""), pl.col("sex") == "male"
    lost = (
        ((line == "line01") & male)
        | ((line == "line02") & ~male)
        | ((line == "line03") & (pl.col("row") % 4 > 0))
        | ((line == "") & male & (pl.lit(seed) == 3))
    )
    value = (
        pl.when((line == "line04") | ((line == "line05") & male)).then(7.5)
        .when(line == "line06").then(None)
        .when(pl.lit(seed) == 4).then(pl.col("data_point").round(0))
        .when((line == "") & (pl.lit(seed) == 5)).then(1.0)
        .otherwise("data_point")
    )  # fmt: skip
    weight = (
        pl.when((line == "line07") & male).then(None)
        .when((line == "") & (pl.lit(rng.random() < 0.5)) & (pl.col("row") % 3 == 0)).then(None)
        .otherwise("weight")
    )  # fmt: skip
    return frame.filter(~lost).with_columns(data_point=value, weight=weight).drop("row")


def weighed_animals(seed):
    """What is measured is the body weight, in another unit."""
    return animals(seed).with_columns(data_point=pl.col("weight") + 100)


@pytest.mark.parametrize("make", [animals, odd_animals, weighed_animals])
@pytest.mark.parametrize("seed", range(8))
def test_each_line_is_tested_as_if_it_were_alone(seed, make):
    frame = make(seed)

    found = pl.DataFrame(analyse_stratum(frame.to_arrow()))

    assert found["colony_id"].to_list() == sorted(set(frame["colony_id"].drop_nulls()))
    for row in found.iter_rows(named=True):
        kept = frame.filter(pl.col("colony_id").is_null() | (pl.col("colony_id") == row["colony_id"]))
        alone = analyse(
            Animals(
                kept["data_point"].fill_null(np.nan).to_numpy(),
                kept["colony_id"].is_not_null().to_numpy(),
                (kept["sex"] == "male").to_numpy(),
                kept["date_of_experiment"].to_numpy().astype(np.str_),
                kept["weight"].fill_null(np.nan).to_numpy(),
            ),
            "X",
            Framework.MIXED_MODEL,
        )
        assert (row["status"], row["reason"]) == (alone.status.value, "; ".join(alone.reasons) or None)
        if alone.result is None:
            assert {name for name, value in row.items() if value is not None} == {
                "colony_id",
                "status",
                "reason",
            }
        else:
            _agree(row, alone.result)


def _agree(row, alone):
    names = dict(zip(TESTED[:5], ("Intercept", "Genotype", "Sex", "Weight", "Genotype:Sex"), strict=True))
    estimates = {name: alone.coefficients.get(term) for name, term in names.items()}
    for name, estimate in (estimates | {"female": alone.female, "male": alone.male}).items():
        if estimate is None:
            assert row[f"{name}_estimate"] is None
            continue
        assert row[f"{name}_estimate"] == pytest.approx(estimate.value, rel=1e-5, abs=1e-6)
        assert row[f"{name}_degrees_of_freedom"] == estimate.degrees_of_freedom
        assert np.log10(row[f"{name}_p_value"]) == pytest.approx(np.log10(estimate.p_value), abs=1e-5)
    assert (row["has_batch"], row["has_own_variance"]) == (alone.has_batch, alone.has_own_variance)
    assert (row["controls"], row["mutants"]) == (alone.controls, alone.mutants)
    assert row["effect_size"] == pytest.approx(alone.effect.size, rel=1e-5)
    assert row["genotype_calibrated_p_value"] == pytest.approx(alone.calibrated.p_value, rel=1e-4)
    assert row["genotype_own_variance_p_value"] == pytest.approx(
        alone.calibrated.own_variance_p_value, rel=1e-4
    )
    if alone.female_effect.percentage_change is not None:
        assert row["female_percentage_change"] == pytest.approx(
            alone.female_effect.percentage_change, rel=1e-4
        )


def test_the_odd_lines_meet_every_gate():
    found = pl.concat(pl.DataFrame(analyse_stratum(odd_animals(seed).to_arrow())) for seed in range(8))

    assert set(found["status"]) == {"Successful", "NotProcessed"}
    told = set("; ".join(found["reason"].drop_nulls()).split("; "))
    assert {"no sex has both controls and mutants", "controls or mutants are missing"} <= told
    assert set(found["has_weight"].drop_nulls()) == {True, False}
    assert found.select(pl.selectors.float().is_nan().any()).row(0).count(True) == 0


def test_no_lines_give_no_rows():
    frame = animals(1).filter(pl.col("colony_id").is_null())

    found = analyse_stratum(frame.to_arrow())

    assert found.num_rows == 0
    assert found.schema == result_schema()
    assert analyse_stratum(animals(1).to_arrow()).schema == result_schema()


def test_no_controls_give_nothing_to_say():
    frame = animals(1).drop_nulls("colony_id")

    found = pl.DataFrame(analyse_stratum(frame.to_arrow()))

    assert set(found["status"]) == {"NotProcessed"}
    assert found["reason"].str.starts_with("controls or mutants are missing").all()


def test_what_is_no_stratum_is_refused():
    with pytest.raises(BadParameter, match="expected \\['colony_id'"):
        analyse_stratum(pa.table({"sex": ["male"]}))
    odd = pl.DataFrame([[None], ["intersex"], ["d"], [1.0], [1.0]], schema=ANIMALS)
    with pytest.raises(BadParameter, match="'intersex'; expected 'female' or 'male'"):
        analyse_stratum(odd.to_arrow())
    undated = pl.DataFrame([[None], ["male"], [None], [1.0], [1.0]], schema=ANIMALS)
    with pytest.raises(BadParameter, match="date_of_experiment of an animal: nothing"):
        analyse_stratum(undated.to_arrow())
    infinite = pl.DataFrame([[None], ["male"], ["d"], [1.0], [np.inf]], schema=ANIMALS)
    with pytest.raises(BadParameter, match="data_point of an animal: inf"):
        analyse_stratum(infinite.to_arrow())


def test_what_names_the_stratum_is_kept():
    frame = animals(1).with_columns(phenotyping_center=pl.lit("JAX"), parameter_stable_id=pl.lit("X_1"))
    keep = ["parameter_stable_id", "phenotyping_center"]

    found = analyse_stratum(frame.to_arrow(), calibrated=False, keep=keep)

    assert found.schema == result_schema(calibrated=False, keep=keep)
    assert set(zip(*(found[name].to_pylist() for name in keep), strict=True)) == {("X_1", "JAX")}
    two = frame.with_columns(phenotyping_center=pl.col("sex"))
    with pytest.raises(
        BadParameter, match="phenotyping_center of a stratum: \\['female', 'male'\\]; expected one"
    ):
        analyse_stratum(two.to_arrow(), keep=keep)
