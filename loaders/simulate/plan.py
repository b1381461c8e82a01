"""What is measured on which line in the demo world, and what each gene does to it."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from impckg.loaders.simulate.lines import Line
from impckg.loaders.simulate.world import (
    EMBRYO_STAGES,
    Centre,
    FloatArray,
    IntArray,
    Pipeline,
    World,
)

# How often a gene has an effect on a measurement, by whether its diseases speak of it (World.linked).
EFFECT_PROBABILITY = 0.012
LINKED_PROBABILITY = 0.30
LATE_ONLY_PROBABILITY = 0.012
ONE_SEX_PROBABILITY = 0.20

ZYGOSITIES = ("homozygote", "heterozygote", "hemizygote")

# How many embryo stages the mutants of a lethal line reach alive, by when they die (`world/stories.tsv`).
STAGES_ALIVE = {"early": 0, "middle": 2, "late": 4}


@dataclass(frozen=True)
class Step:
    """One parameter in one procedure of one pipeline of one centre."""

    centre: Centre
    pipeline: Pipeline
    procedure: str
    parameter: int


@dataclass(frozen=True)
class Plan:
    """Everything that every centre measures.

    steps: in order of centre, pipeline and parameter. groups: by centre and group of measurements that a line
    undergoes together, places in `steps`. The arrays hold what the steps' parameters say, one element a step.
    """

    steps: tuple[Step, ...]
    groups: dict[tuple[str, str], IntArray]
    parameter: IntArray
    measurement: IntArray
    kind: npt.NDArray[np.str_]
    stage: npt.NDArray[np.str_]
    sex: npt.NDArray[np.str_]
    mean: FloatArray
    standard_deviation: FloatArray
    female_shift: FloatArray
    abnormal_rate: FloatArray


@dataclass(frozen=True)
class Effects:
    """What a homozygote of each gene shows, in standard deviations of the wild types.

    early, late: shape (genes, measurements); embryos are early. only_sex: same shape; 0 both sexes, 1 females
    only, 2 males only.
    """

    early: FloatArray
    late: FloatArray
    only_sex: IntArray


def make_plan(world: World) -> Plan:
    """What each centre measures, from the procedures of its pipelines."""
    steps: list[Step] = []
    groups: dict[tuple[str, str], list[int]] = {}
    for centre in world.centres:
        for pipeline in filter(None, (centre.early_pipeline, centre.late_pipeline)):
            for place, parameter in enumerate(world.parameters):
                shared = [procedure for procedure in parameter.procedures if procedure in pipeline.procedures]
                if shared:
                    group = centre.name, _group(parameter.kind, parameter.stage)
                    groups.setdefault(group, []).append(len(steps))
                    steps.append(Step(centre, pipeline, shared[-1], place))
    parameters = [world.parameters[step.parameter] for step in steps]
    columns = {measurement: column for column, measurement in enumerate(world.measurements)}
    return Plan(
        steps=tuple(steps),
        groups={key: np.array(places) for key, places in groups.items()},
        parameter=np.array([step.parameter for step in steps]),
        measurement=np.array([columns[parameter.measurement] for parameter in parameters]),
        kind=np.array([parameter.kind for parameter in parameters]),
        stage=np.array([parameter.stage for parameter in parameters]),
        sex=np.array([parameter.sex for parameter in parameters]),
        mean=np.array([parameter.mean for parameter in parameters]),
        standard_deviation=np.array([parameter.standard_deviation for parameter in parameters]),
        female_shift=np.array([parameter.female_shift for parameter in parameters]),
        abnormal_rate=np.array([parameter.abnormal_rate for parameter in parameters]),
    )


def steps_of(plan: Plan, line: Line) -> tuple[IntArray, IntArray]:
    """The steps that a line undergoes, and the zygosity of its mutants in each as a place in ZYGOSITIES."""
    lethal = line.outcome == "lethal"
    viability = "viability_x_linked" if line.x_linked else "viability_autosomal"
    wanted = [(group, line.mutant_zygosity) for group in ("viability", viability)]
    if not line.x_linked and not lethal:
        wanted.append(("fertility", "homozygote"))
    if not line.x_linked and lethal:
        alive = STAGES_ALIVE[line.dies]
        wanted += [(f"embryo_viability {stage}", "homozygote") for stage in EMBRYO_STAGES[: alive + 1]]
        wanted += [(f"embryo_morphology {stage}", "homozygote") for stage in EMBRYO_STAGES[:alive]]
    for age in ("early", "late") if line.late_adults else ("early",):
        wanted += [(age, zygosity) for zygosity in line.adult_zygosities]
    steps, zygosities = [np.empty(0, dtype=np.int64)], [np.empty(0, dtype=np.int64)]
    for group, zygosity in wanted if line.phenotyped else ():
        found = plan.groups.get((line.centre.name, group))
        if found is not None:
            steps.append(found)
            zygosities.append(np.full(found.size, ZYGOSITIES.index(zygosity)))
    return np.concatenate(steps), np.concatenate(zygosities)


def no_effects(world: World) -> Effects:
    """No effect of any gene on anything."""
    shape = world.linked.shape
    return Effects(np.zeros(shape), np.zeros(shape), np.zeros(shape, dtype=np.int64))


def draw_effects(world: World, generator: np.random.Generator) -> Effects:
    """Draw what each gene does; what `world/effects.tsv` gives replaces what was drawn."""
    shape = world.linked.shape
    probability = np.where(world.linked != 0, LINKED_PROBABILITY, EFFECT_PROBABILITY)
    size = 0.8 + generator.gamma(3.0, 0.4, shape)
    sign = np.where(generator.random(shape) < 0.5, -1.0, 1.0)
    sign = np.where(np.abs(world.linked) == 1, world.linked, sign)
    early = np.where(generator.random(shape) < probability, size * sign, 0.0)
    only_late = generator.random(shape) < LATE_ONLY_PROBABILITY
    late = np.where(early != 0, 1.1 * early, np.where(only_late, size * sign, 0.0))
    one_sex = generator.random(shape) < ONE_SEX_PROBABILITY
    effects = Effects(early, late, np.where(one_sex, generator.integers(1, 3, shape), 0))
    _give_effects(world, effects)
    return effects


def _give_effects(world: World, effects: Effects) -> None:
    genes = {symbol: gene for gene, symbol in enumerate(world.genes["symbol"])}
    for row in world.effects.iter_rows(named=True):
        gene, wanted = genes.get(row["symbol"]), row["measurement"]
        if gene is not None:
            at = [
                column
                for column, measurement in enumerate(world.measurements)
                if measurement == wanted or (wanted.endswith("*") and measurement.startswith(wanted[:-1]))
            ]
            target = effects.late if row["stage"] == "late" else effects.early
            target[gene, at] = float(row["effect"])
            effects.only_sex[gene, at] = ("both", "female", "male").index(row["sexes"])


def _group(kind: str, stage: str) -> str:
    if stage in EMBRYO_STAGES:
        return f"{kind} {stage}"
    return kind if kind.startswith(("viability", "fertility")) else stage
