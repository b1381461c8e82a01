"""From the lines of the demo world to tests and calls: what every table of animals goes through, on animals that are drawn.

Nothing here is written down: a result is what `analyse` finds in its animals, a call what the rules of `loaders/calls.py`
give it, and a few are made by chance alone, as in life. What a centre judges itself is drawn, and called by the same rules.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from impckg.loaders.calls import (
    NOTHING,
    Call,
    Called,
    Option,
    Outcome,
    call,
    embryo_call,
    evidence,
    supplied_call,
)
from impckg.loaders.measurements import parameters
from impckg.loaders.measurements.reading import DESCRIBED
from impckg.loaders.measurements.testing import Tested, sexes_tested
from impckg.loaders.simulate.animals import Effect, labels, measured, specimens
from impckg.loaders.simulate.cohorts import Cohort, Controls, cohort_key, draw_mutants
from impckg.loaders.simulate.lines import Line
from impckg.loaders.simulate.plan import STAGES_ALIVE, ZYGOSITIES, Effects, Plan, steps_of
from impckg.loaders.simulate.world import EMBRYO_STAGES, SUBVIABLE_TERM, Parameter, World
from impckg.loaders.statistics.analysis import analyse

RESULTS_AT_A_TIME = 2_000
HETEROZYGOTE_SHARE = 0.5
INFERTILE_PROBABILITY = 0.03
NO_FILE = pl.DataFrame()
MEASURED = ("continuous", "reference_range", "categorical")

LETHAL, INFERTILE = "lethal", "infertile"
"""What centres say of embryos and of pairs."""


@dataclass(frozen=True, eq=False)
class Result:
    """One parameter of one line.

    step: place in Plan.steps. sexes: that such mutants can have.
    tested: where animals were tested. judged: whether the centre judged itself; neither is so of what is not analysed.
    called: what it earned. mutants: by sex, of those that were judged. said: the verdict, or what was seen of each embryo.
    """

    line: Line
    step: int
    zygosity: str
    sexes: tuple[str, ...]
    called: Called
    tested: Tested | None = None
    judged: bool = False
    mutants: Mapping[str, int] = field(default_factory=dict)
    said: tuple[str, ...] = ()


def draw_results(
    world: World,
    plan: Plan,
    effects: Effects,
    lines: Iterable[Line],
    seed: int,
    limit: int | None = None,
) -> Iterator[list[Result]]:
    """The results of the lines, some thousands at a time; no more than `limit` in all, if given.

    Each line draws from a stream of its own: the first ones are the same, however many follow.
    """
    controls = Controls(plan, seed)
    waiting: list[Result] = []
    total = 0
    for number, line in enumerate(lines):
        if limit is not None and total >= limit:
            break
        left = None if limit is None else limit - total
        generator = np.random.Generator(np.random.PCG64([seed, 2, number]))
        found = list(_of_line(_Phenotyping(world, plan, effects, controls, line, generator), left))
        total += len(found)
        waiting += found
        if len(waiting) >= RESULTS_AT_A_TIME:
            yield waiting
            waiting = []
    if waiting:
        yield waiting


@dataclass(eq=False)
class _Phenotyping:
    """A line that is phenotyped, with all that it takes. mutants: those that a procedure has seen already."""

    world: World
    plan: Plan
    effects: Effects
    controls: Controls
    line: Line
    generator: np.random.Generator
    mutants: dict[tuple[str, ...], Cohort] = field(default_factory=dict)

    def effect(self, place: int, zygosity: str) -> Effect:
        """What the mutants show, by sex."""
        at = self.line.gene, self.plan.measurement[place]
        size = float((self.effects.late if self.plan.stage[place] == "late" else self.effects.early)[at])
        size *= HETEROZYGOTE_SHARE if zygosity == "heterozygote" else 1.0
        only = int(self.effects.only_sex[at])
        return Effect(0.0 if only == 2 else size, 0.0 if only == 1 else size)

    def cohort(self, place: int, zygosity: str, sexes: tuple[str, ...]) -> Cohort:
        """The mutants of a step."""
        key = (*cohort_key(self.plan.steps[place]), zygosity)
        if key not in self.mutants:
            weeks = self.controls.of(place).of_week.size
            self.mutants[key] = draw_mutants(weeks, sexes, self.generator)
        return self.mutants[key]


def _of_line(phenotyping: _Phenotyping, limit: int | None) -> Iterator[Result]:
    steps, zygosities = steps_of(phenotyping.plan, phenotyping.line)
    for place, which in list(zip(steps.tolist(), zygosities.tolist(), strict=True))[:limit]:
        zygosity = ZYGOSITIES[which]
        parameter = phenotyping.world.parameters[phenotyping.plan.steps[place].parameter]
        if parameter.kind in MEASURED:
            yield _test(phenotyping, place, zygosity, parameter)
        elif parameter.kind in JUDGES:
            yield _judged(phenotyping, place, zygosity, parameter)
        else:
            yield Result(phenotyping.line, place, zygosity, _sexes(phenotyping.line, zygosity), NOTHING)


def _sexes(line: Line, zygosity: str) -> tuple[str, ...]:
    if zygosity == "hemizygote":
        return ("male",)
    return ("female",) if line.x_linked and zygosity == "heterozygote" else ("female", "male")


def _test(phenotyping: _Phenotyping, place: int, zygosity: str, parameter: Parameter) -> Result:
    sexes = _sexes(phenotyping.line, zygosity)
    animals = measured(
        parameter,
        phenotyping.controls.of(place),
        phenotyping.cohort(place, zygosity, sexes),
        phenotyping.effect(place, zygosity),
        phenotyping.generator,
    )
    analysis = analyse(animals, parameter.stable_id)
    offered = options(parameter)
    tested = Tested(
        line=phenotyping.line.colony,
        parameter=parameters.Parameter(parameter.stable_id, parameter.name, None, offered),
        described=dict.fromkeys(DESCRIBED),
        rows=NO_FILE,
        animals=animals,
        analysis=analysis,
        called=call(evidence(analysis), offered, sexes_tested(animals, analysis)),
    )
    return Result(phenotyping.line, place, zygosity, sexes, tested.called, tested)


def options(parameter: Parameter) -> tuple[Option, ...]:
    """The terms that a parameter offers. Categories have theirs for the abnormal one alone."""
    abnormal = labels(parameter)[1] if parameter.kind in ("categorical", *JUDGES) else None
    offered = (
        (parameter.abnormal, Outcome.ABNORMAL, abnormal),
        (parameter.increased, Outcome.INCREASED, None),
        (parameter.decreased, Outcome.DECREASED, None),
    )
    return tuple(Option(term, outcome, None, category) for term, outcome, category in offered if term)


def _judged(phenotyping: _Phenotyping, place: int, zygosity: str, parameter: Parameter) -> Result:
    called, mutants, said = JUDGES[parameter.kind](phenotyping, place, zygosity, parameter)
    sexes = _sexes(phenotyping.line, zygosity)
    return Result(phenotyping.line, place, zygosity, sexes, called, judged=True, mutants=mutants, said=said)


Judgement = tuple[Called, Mapping[str, int], tuple[str, ...]]
"""What was earned, by how many mutants, and what was said; nothing of single animals (pathology)."""


def _viability(phenotyping: _Phenotyping, place: int, zygosity: str, parameter: Parameter) -> Judgement:
    """What the pups of the line show."""
    outcome = phenotyping.line.outcome
    offered = [Option(SUBVIABLE_TERM, Outcome.ABNORMAL, None, "subviable")]
    offered += [Option(parameter.abnormal, Outcome.ABNORMAL, None, "lethal")] if parameter.abnormal else []
    sex = None if parameter.sex == "combined" else parameter.sex
    pups = {"female": phenotyping.line.pups.mutant_females, "male": phenotyping.line.pups.mutant_males}
    sexes = _sexes(phenotyping.line, zygosity)
    return supplied_call(outcome, offered, sex), {sex: pups[sex] for sex in sexes}, (outcome,)


def _fertility(phenotyping: _Phenotyping, place: int, zygosity: str, parameter: Parameter) -> Judgement:
    drawn = phenotyping.generator.random() < INFERTILE_PROBABILITY
    infertile = drawn or phenotyping.effect(place, zygosity).male != 0
    offered = [Option(parameter.abnormal, Outcome.ABNORMAL, None, INFERTILE)] if parameter.abnormal else []
    verdict = INFERTILE if infertile else "fertile"
    return supplied_call(verdict, offered, parameter.sex), {}, (verdict,)


def _embryo_viability(
    phenotyping: _Phenotyping, place: int, zygosity: str, parameter: Parameter
) -> Judgement:
    """Dead from the first stage on that the mutants of the line do not reach."""
    dead = EMBRYO_STAGES.index(parameter.stage) >= STAGES_ALIVE[phenotyping.line.dies]
    offered = [Option(parameter.abnormal, Outcome.ABNORMAL, None, LETHAL)] if parameter.abnormal else []
    verdict = LETHAL if dead else "viable"
    return supplied_call(verdict, offered), {}, (verdict,)


def _embryo_morphology(
    phenotyping: _Phenotyping, place: int, zygosity: str, parameter: Parameter
) -> Judgement:
    count = int(phenotyping.generator.integers(4, 10))
    seen = specimens(parameter, count, phenotyping.effect(place, zygosity).female, phenotyping.generator)
    return embryo_call(seen, zygosity, options(parameter)), {}, tuple(seen)


def _pathology(phenotyping: _Phenotyping, place: int, zygosity: str, parameter: Parameter) -> Judgement:
    """One abnormal animal of a sex is enough."""
    effect, abnormal = phenotyping.effect(place, zygosity), labels(parameter)[1]
    called: list[Call] = []
    mutants: dict[str, int] = {}
    for sex in _sexes(phenotyping.line, zygosity):
        mutants[sex] = int(phenotyping.generator.integers(1, 4))
        if abnormal in specimens(parameter, mutants[sex], effect.of(sex), phenotyping.generator):
            called += supplied_call(abnormal, options(parameter), sex).calls
    return Called(tuple(called), called[0].term if called else None), mutants, ()


JUDGES: Mapping[str, Callable[[_Phenotyping, int, str, Parameter], Judgement]] = {
    "viability": _viability,
    "viability_autosomal": _viability,
    "viability_x_linked": _viability,
    "fertility": _fertility,
    "embryo_viability": _embryo_viability,
    "embryo_morphology": _embryo_morphology,
    "pathology": _pathology,
}
"""How a centre judges each kind of parameter that it judges itself."""
