"""The numbers of the demo world: animals are drawn and compared with wild types.

For each line, zygosity and parameter of its centre's pipelines, what summarises the animals is drawn from its
exact distribution: means and sums of squares of normal values, counts of abnormal animals. `statistics.py`
tests what was drawn and `calls.py` gives MP terms, so a call is computed, never written down, and a few are
made by chance alone, as in life.

Source of the limits: impc_stats_pipeline b3320a4 and impc-etl d8c64cf.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from impckg.loaders.simulate.lines import Line
from impckg.loaders.simulate.plan import STAGES_ALIVE, ZYGOSITIES, Effects, Plan, steps_of
from impckg.loaders.simulate.statistics import fisher_exact, fit_linear_model
from impckg.loaders.simulate.world import EMBRYO_STAGES, BoolArray, FloatArray, IntArray

RESULTS_AT_A_TIME = 20_000

# A sex is analysed if it has so many mutants and controls; a reference range needs more controls, and leaves
# out 2.5 % of them at each end.
LEAST_ANIMALS = 4
LEAST_CONTROLS_FOR_RANGE = 61
TAIL = 0.025
# Embryo morphology is called for homozygotes with so many abnormal specimens; gross pathology for one.
LEAST_ABNORMAL_EMBRYOS = 2

HETEROZYGOTE_SHARE = 0.5
# No effect takes away more of what wild types have: amounts do not go below nothing.
GREATEST_LOSS = 0.75
FEW_ANIMALS_PROBABILITY = 0.03
INFERTILE_PROBABILITY = 0.03

NOT_PROCESSED, LINEAR_MODEL, FISHER, REFERENCE_RANGE, SUPPLIED = range(5)
SEXES = ("female", "male")
# For supplied data the direction says which outcome it was.
ABNORMAL_OUTCOME, SUBVIABLE_OUTCOME = 1, 2


@dataclass(frozen=True)
class Results:
    """Results of some lines; one element a result in each array.

    lines: what `line` points into. step: place in Plan.steps. zygosity: place in ZYGOSITIES.
    analysed: by sex, whether it was.
    method: NOT_PROCESSED to SUPPLIED. numbers: columns of the statistical-result core, NaN where empty.
    p_value: by "female", "male" and "combined", the p-value that may earn a call; NaN for none.
    direction: by the same, 1 up, -1 down; for supplied data the outcome, 0 normal.
    """

    lines: Sequence[Line]
    line: IntArray
    step: IntArray
    zygosity: IntArray
    analysed: dict[str, BoolArray]
    method: IntArray
    numbers: dict[str, FloatArray]
    p_value: dict[str, FloatArray]
    direction: dict[str, IntArray]

    def fill(self, column: str, rows: IntArray, values: FloatArray | IntArray) -> None:
        """Fill in rows of a column of the core."""
        if column not in self.numbers:
            self.numbers[column] = np.full(self.step.size, np.nan)
        self.numbers[column][rows] = values

    def animals(self, rows: IntArray, column: str) -> IntArray:
        """A column of counts, 0 where it is empty."""
        counted: IntArray = np.nan_to_num(self.numbers[column][rows]).astype(np.int64)
        return counted

    def may_call(
        self, key: str, rows: IntArray, p_value: FloatArray, direction: FloatArray | IntArray
    ) -> None:
        """Note the p-value of a sex, or of both combined, and which way it points."""
        self.p_value[key][rows] = p_value
        self.direction[key][rows] = np.sign(np.nan_to_num(direction)).astype(np.int64)


@dataclass(frozen=True)
class Group:
    """The results of one kind among those drawn together, and by sex the effect that mutants have."""

    rows: IntArray
    step: IntArray
    effect: dict[str, FloatArray]


def draw_results(
    plan: Plan,
    effects: Effects,
    lines: Iterable[Line],
    generator: np.random.Generator,
    limit: int | None = None,
) -> Iterator[Results]:
    """The results of the lines, some thousands at a time; no more than `limit` in all, if given."""
    waiting: list[tuple[Line, IntArray, IntArray]] = []
    count, total = 0, 0
    for line in lines:
        steps, zygosities = steps_of(plan, line)
        if limit is not None:
            steps, zygosities = steps[: limit - total], zygosities[: limit - total]
        waiting.append((line, steps, zygosities))
        count += steps.size
        total += steps.size
        if count >= RESULTS_AT_A_TIME:
            yield _draw(plan, effects, waiting, generator)
            waiting, count = [], 0
        if total == limit:
            break
    if count:
        yield _draw(plan, effects, waiting, generator)


def _draw(
    plan: Plan,
    effects: Effects,
    waiting: Sequence[tuple[Line, IntArray, IntArray]],
    generator: np.random.Generator,
) -> Results:
    lines = [line for line, _, _ in waiting]
    line = np.repeat(np.arange(len(waiting)), [steps.size for _, steps, _ in waiting])
    step = np.concatenate([steps for _, steps, _ in waiting])
    zygosity = np.concatenate([zygosities for _, _, zygosities in waiting])
    x_linked = np.array([line.x_linked for line in lines])[line]
    keys = (*SEXES, "combined")
    results = Results(
        lines=lines,
        line=line,
        step=step,
        zygosity=zygosity,
        analysed={
            "female": zygosity != ZYGOSITIES.index("hemizygote"),
            "male": ~(x_linked & (zygosity == ZYGOSITIES.index("heterozygote"))),
        },
        method=np.full(step.size, NOT_PROCESSED),
        numbers={},
        p_value={key: np.full(step.size, np.nan) for key in keys},
        direction={key: np.zeros(step.size, dtype=np.int64) for key in keys},
    )
    effect = _effect(plan, effects, results)
    kind = plan.kind[step]
    _draw_group_sizes(plan, results, generator)
    for name, draw in DRAWS.items():
        rows = np.flatnonzero(kind == name)
        if rows.size:
            group = Group(rows, step[rows], {sex: values[rows] for sex, values in effect.items()})
            draw(plan, results, group, generator)
    return results


def _effect(plan: Plan, effects: Effects, results: Results) -> dict[str, FloatArray]:
    """By sex, the effect on each result in standard deviations."""
    gene = np.array([line.gene for line in results.lines])[results.line]
    at = gene, plan.measurement[results.step]
    effect = np.where(plan.stage[results.step] == "late", effects.late[at], effects.early[at])
    heterozygous = results.zygosity == ZYGOSITIES.index("heterozygote")
    effect = np.where(heterozygous, HETEROZYGOTE_SHARE * effect, effect)
    only_sex = effects.only_sex[at]
    return {"female": np.where(only_sex == 2, 0.0, effect), "male": np.where(only_sex == 1, 0.0, effect)}


def _penetrance(effect: FloatArray) -> FloatArray:
    """The share of mutants that are abnormal because of an effect, where the outcome is a category."""
    share: FloatArray = 1 - np.exp(-np.abs(effect))
    return share


def _draw_group_sizes(plan: Plan, results: Results, generator: np.random.Generator) -> None:
    """How many adults of each sex and genotype there are, and whether the sex can be analysed."""
    measured = ("continuous", "reference_range", "categorical", "time_series")
    rows = np.flatnonzero(np.isin(plan.kind[results.step], measured))
    steps = results.step[rows]
    few = generator.random(rows.size) < FEW_ANIMALS_PROBABILITY
    # All lines of a centre share its wild types, give or take those that miss a value.
    controls = np.where(plan.stage[steps] == "late", 58 + steps * 37 % 190, 160 + steps * 131 % 640)
    for sex in SEXES:
        missing = few | (generator.random(rows.size) < FEW_ANIMALS_PROBABILITY)
        many, scarce = generator.integers(5, 10, rows.size), generator.integers(0, LEAST_ANIMALS, rows.size)
        mutants = np.where(missing, scarce, many)
        wild_types = controls - generator.integers(0, 8, rows.size)
        present = results.analysed[sex][rows]
        results.fill(f"{sex}_mutant_count", rows, np.where(present, mutants, np.nan))
        results.fill(f"{sex}_control_count", rows, np.where(present, wild_types, np.nan))
        results.analysed[sex][rows] = present & (mutants >= LEAST_ANIMALS) & (wild_types >= LEAST_ANIMALS)


def _control_mean(plan: Plan, group: Group, sex: str) -> FloatArray:
    """What wild types have in the mean."""
    shift = plan.female_shift[group.step] if sex == "female" else 0.0
    mean: FloatArray = plan.mean[group.step] + shift * plan.standard_deviation[group.step]
    return mean


def _draw_continuous(plan: Plan, results: Results, group: Group, generator: np.random.Generator) -> None:
    spread = plan.standard_deviation[group.step]
    means, squares, animals = [], [], []
    for sex in SEXES:
        control_mean = _control_mean(plan, group, sex)
        for genotype, effect in (("control", np.zeros(spread.size)), ("mutant", group.effect[sex])):
            count = results.animals(group.rows, f"{sex}_{genotype}_count")
            at_least_one = np.maximum(count, 1)
            noise = generator.standard_normal(spread.size) / np.sqrt(at_least_one)
            change = np.maximum(spread * effect, -GREATEST_LOSS * control_mean)
            mean = control_mean + change + spread * noise
            means.append(mean)
            squares.append(spread**2 * generator.chisquare(np.maximum(count - 1, 1)))
            animals.append(count)
            known = results.analysed[sex][group.rows]
            results.fill(f"{sex}_{genotype}_mean", group.rows, np.where(known, mean, np.nan))
    at = np.flatnonzero(results.analysed["female"][group.rows] | results.analysed["male"][group.rows])
    if at.size:
        _test_continuous(
            results,
            group.rows[at],
            np.stack(animals)[:, at],
            np.stack(means)[:, at],
            np.stack(squares)[:, at],
        )


def _test_continuous(
    results: Results, rows: IntArray, animals: IntArray, mean: FloatArray, squares: FloatArray
) -> None:
    model = fit_linear_model(
        animals, mean, squares, results.analysed["female"][rows], results.analysed["male"][rows]
    )
    results.method[rows] = LINEAR_MODEL
    results.fill("p_value", rows, model.genotype.p_value)
    results.fill("effect_size", rows, model.genotype.estimate / model.residual)
    for name, contrast in (("genotype_effect", model.genotype), ("sex_effect", model.sex)):
        results.fill(f"{name}_p_value", rows, contrast.p_value)
        results.fill(f"{name}_parameter_estimate", rows, contrast.estimate)
        results.fill(f"{name}_stderr_estimate", rows, contrast.standard_error)
    results.fill("interaction_effect_p_value", rows, model.interaction.p_value)
    for sex, contrast, control in (("female", model.female, mean[0]), ("male", model.male, mean[2])):
        results.fill(f"{sex}_ko_effect_p_value", rows, contrast.p_value)
        results.fill(f"{sex}_ko_parameter_estimate", rows, contrast.estimate)
        results.fill(f"{sex}_ko_effect_stderr_estimate", rows, contrast.standard_error)
        results.fill(f"{sex}_effect_size", rows, contrast.estimate / model.residual)
        results.fill(f"{sex}_percentage_change", rows, 100 * contrast.estimate / control)
        results.may_call(sex, rows, contrast.p_value, contrast.estimate)
    results.may_call("combined", rows, model.genotype.p_value, model.genotype.estimate)


def _draw_reference_range(plan: Plan, results: Results, group: Group, generator: np.random.Generator) -> None:
    """Draw how many mutants are at or beyond the ends of the wild types' range, and test each end."""
    rows, spread = group.rows, plan.standard_deviation[group.step]
    counts = {}
    for sex in SEXES:
        controls = results.animals(rows, f"{sex}_control_count")
        mutants = results.animals(rows, f"{sex}_mutant_count")
        known = results.analysed[sex][rows] & (controls >= LEAST_CONTROLS_FOR_RANGE)
        results.analysed[sex][rows] = known
        counts[sex] = _draw_tails(controls, mutants, group.effect[sex], generator)
        counts[sex] = {key: np.where(known, values, 0) for key, values in counts[sex].items()}
        control_mean = _control_mean(plan, group, sex)
        for genotype, count, effect in (("control", controls, 0.0), ("mutant", mutants, group.effect[sex])):
            noise = generator.standard_normal(rows.size) / np.sqrt(np.maximum(count, 1))
            mean = control_mean + spread * (effect + noise)
            results.fill(f"{sex}_{genotype}_mean", rows, np.where(known, mean, np.nan))
    counts["combined"] = {key: counts["female"][key] + counts["male"][key] for key in counts["female"]}
    at = np.flatnonzero(counts["combined"]["mutants"])
    if at.size:
        tested = {key: {name: values[at] for name, values in count.items()} for key, count in counts.items()}
        _test_reference_range(results, rows[at], tested)


def _draw_tails(
    controls: IntArray, mutants: IntArray, effect: FloatArray, generator: np.random.Generator
) -> dict[str, IntArray]:
    """Animals at or beyond the ends: of wild types what a quantile (R type 7) leaves there."""
    below = np.maximum(controls - 1, 0) * TAIL
    # The share of the population beyond a quantile of a sample follows a beta distribution.
    low_share, high_share = (generator.beta(below + 1, np.maximum(controls - below, 1.0)) for _ in range(2))
    low = special.ndtr(special.ndtri(low_share) - effect)
    high = special.ndtr(special.ndtri(high_share) + effect)
    low_mutants = generator.binomial(mutants, low)
    high_mutants = generator.binomial(mutants - low_mutants, np.clip(high / np.maximum(1 - low, 1e-12), 0, 1))
    tail = np.floor(below).astype(np.int64) + 1
    return {"controls": controls, "mutants": mutants, "tail": tail, "low": low_mutants, "high": high_mutants}


def _test_reference_range(results: Results, rows: IntArray, counts: dict[str, dict[str, IntArray]]) -> None:
    results.method[rows] = REFERENCE_RANGE
    every_p_value, every_effect = [], []
    for key, name in (("female", "female"), ("male", "male"), ("combined", "genotype")):
        count = counts[key]
        known = count["mutants"] > 0
        p_values = {}
        for side, column in (("low", "low_vs_normal_high"), ("high", "low_normal_vs_high")):
            p_value = fisher_exact(count[side], count["mutants"], count["tail"], count["controls"])
            share = count[side] / np.maximum(count["mutants"], 1)
            excess = share - count["tail"] / np.maximum(count["controls"], 1)
            every_p_value.append(np.where(known, p_value, np.nan))
            every_effect.append(np.where(known, np.abs(excess), np.nan))
            results.fill(f"{name}_pvalue_{column}", rows, every_p_value[-1])
            results.fill(f"{name}_effect_size_{column}", rows, every_effect[-1])
            # That mutants are missing from an end is no call ("Low-INCREASED" and "High-DECREASED" are
            # discarded).
            p_values[side] = np.where(excess > 0, p_value, 1.0)
        least = np.where(known, np.minimum(p_values["low"], p_values["high"]), np.nan)
        results.may_call(key, rows, least, np.where(p_values["high"] <= p_values["low"], 1, -1))
    results.fill("p_value", rows, np.fmin.reduce(every_p_value))
    results.fill("effect_size", rows, np.fmax.reduce(every_effect))
    for place, sex in enumerate(SEXES):
        results.fill(f"{sex}_effect_size", rows, np.fmax(*every_effect[2 * place : 2 * place + 2]))


def _draw_categorical(plan: Plan, results: Results, group: Group, generator: np.random.Generator) -> None:
    rows, rate = group.rows, plan.abnormal_rate[group.step]
    counts = {}
    for sex in SEXES:
        known = results.analysed[sex][rows]
        mutants = np.where(known, results.animals(rows, f"{sex}_mutant_count"), 0)
        controls = np.where(known, results.animals(rows, f"{sex}_control_count"), 0)
        mutant_rate = rate + (1 - rate) * _penetrance(group.effect[sex])
        counts[sex] = np.stack(
            [
                generator.binomial(mutants, mutant_rate),
                mutants,
                generator.binomial(controls, rate),
                controls,
            ]
        )
    counts["combined"] = counts["female"] + counts["male"]
    at = np.flatnonzero(counts["combined"][1])
    results.method[rows[at]] = FISHER
    for key, prefixes in (
        ("female", ("female_ko_effect_",)),
        ("male", ("male_ko_effect_",)),
        ("combined", ("", "categorical_")),
    ):
        abnormal_mutants, mutants, abnormal_controls, controls = (count[at] for count in counts[key])
        p_value = fisher_exact(abnormal_mutants, mutants, abnormal_controls, controls)
        difference = abnormal_mutants / np.maximum(mutants, 1) - abnormal_controls / np.maximum(controls, 1)
        p_value = np.where(mutants > 0, p_value, np.nan)
        effect = np.where(mutants > 0, np.abs(difference), np.nan)
        for prefix in prefixes:
            results.fill(f"{prefix}p_value", rows[at], p_value)
        for column in (
            ("effect_size", "categorical_effect_size") if key == "combined" else (f"{key}_effect_size",)
        ):
            results.fill(column, rows[at], effect)
        # Fewer abnormal mutants than wild types is nothing that an abnormal term would say.
        results.may_call(key, rows[at], np.where(difference > 0, p_value, 1.0), np.ones(at.size))


def _supply(results: Results, rows: IntArray, outcome: dict[str, IntArray]) -> None:
    """Take outcomes as a centre supplies them: p 0 and effect 1 where there is a call, else 1 and 0."""
    called = np.zeros(rows.size, dtype=bool)
    for key, values in outcome.items():
        results.direction[key][rows] = values
        called |= values > 0
    results.method[rows] = SUPPLIED
    results.fill("p_value", rows, np.where(called, 0.0, 1.0))
    results.fill("effect_size", rows, np.where(called, 1.0, 0.0))


def _take_viability(plan: Plan, results: Results, group: Group, generator: np.random.Generator) -> None:
    """The outcome that the pups of each line show."""
    lines = [results.lines[place] for place in results.line[group.rows]]
    outcomes = ("viable", "lethal", "subviable")
    outcome = np.array([outcomes.index(line.outcome) for line in lines])
    for sex in SEXES:
        mutants = np.array([getattr(line.pups, f"mutant_{sex}s") for line in lines], dtype=np.float64)
        results.fill(
            f"{sex}_mutant_count", group.rows, np.where(results.analysed[sex][group.rows], mutants, np.nan)
        )
    keys = plan.sex[group.step]
    _supply(results, group.rows, {key: np.where(keys == key, outcome, 0) for key in (*SEXES, "combined")})


def _draw_fertility(plan: Plan, results: Results, group: Group, generator: np.random.Generator) -> None:
    rows = group.rows
    drawn = generator.random(rows.size) < INFERTILE_PROBABILITY
    keys = plan.sex[group.step]
    infertile = drawn | (np.abs(group.effect["male"]) > 0)
    _supply(results, rows, {sex: np.where((keys == sex) & infertile, ABNORMAL_OUTCOME, 0) for sex in SEXES})


def _take_embryo_viability(
    plan: Plan, results: Results, group: Group, generator: np.random.Generator
) -> None:
    """Dead from the first stage on that the mutants of the line do not reach."""
    stages = [EMBRYO_STAGES.index(stage) for stage in plan.stage[group.step]]
    alive = [STAGES_ALIVE[results.lines[place].dies] for place in results.line[group.rows]]
    dead = np.array(stages) >= np.array(alive)
    _supply(results, group.rows, {"combined": np.where(dead, ABNORMAL_OUTCOME, 0)})


def _draw_embryo_morphology(
    plan: Plan, results: Results, group: Group, generator: np.random.Generator
) -> None:
    rate = plan.abnormal_rate[group.step]
    specimens = generator.integers(4, 10, group.rows.size)
    abnormal = generator.binomial(specimens, rate + (1 - rate) * _penetrance(group.effect["female"]))
    called = abnormal >= LEAST_ABNORMAL_EMBRYOS
    _supply(results, group.rows, {"combined": np.where(called, ABNORMAL_OUTCOME, 0)})


def _draw_pathology(plan: Plan, results: Results, group: Group, generator: np.random.Generator) -> None:
    rate = plan.abnormal_rate[group.step]
    outcome = {}
    for sex in SEXES:
        possible = results.analysed[sex][group.rows]
        specimens = np.where(possible, generator.integers(1, 4, group.rows.size), 0)
        results.fill(f"{sex}_mutant_count", group.rows, np.where(possible, specimens, np.nan))
        abnormal = generator.binomial(specimens, rate + (1 - rate) * _penetrance(group.effect[sex]))
        outcome[sex] = np.where(abnormal > 0, ABNORMAL_OUTCOME, 0)
    _supply(results, group.rows, outcome)


# The order is part of what a seed means.
DRAWS = {
    "continuous": _draw_continuous,
    "reference_range": _draw_reference_range,
    "categorical": _draw_categorical,
    "viability": _take_viability,
    "viability_autosomal": _take_viability,
    "viability_x_linked": _take_viability,
    "fertility": _draw_fertility,
    "embryo_viability": _take_embryo_viability,
    "embryo_morphology": _draw_embryo_morphology,
    "pathology": _draw_pathology,
}
