"""What one test looks like: figures as SVG, to stand in a page.

Box plots by sex and genotype, values by date, categories as stacked bars, and residuals against a normal distribution.
"""

import io
import re
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy import stats

from impckg.loaders.measurements.testing import Tested
from impckg.loaders.statistics.analysis import Analysis, Animals, days
from impckg.loaders.statistics.mixed_model.diagnostics import standardised_residuals
from impckg.loaders.statistics.mixed_model.model import MixedModel
from impckg.loaders.statistics.mixed_model.window import Window, date_weights
from impckg.loaders.statistics.reference_range import ReferenceRangePlus

# Colours that are told apart without seeing red and green (Paul Tol, bright scheme).
CONTROL, MUTANT = "#4477AA", "#EE6677"
CATEGORIES = ("#BBCCEE", "#EE6677", "#CCBB44", "#228833", "#66CCEE", "#AA3377", "#DDDDDD", "#4477AA")

MOST_POINTS = 2000
"""So many controls are drawn as points; of more, some, evenly."""

_NAMES = {(False, False): "female\ncontrols", (False, True): "female\nmutants", (True, False): "male\ncontrols",
          (True, True): "male\nmutants"}  # fmt: skip


@dataclass(frozen=True)
class Drawing:
    """A figure. svg: an element of a page. says: what is to be seen, for those who do not see it."""

    title: str
    svg: str
    says: str


def draw(tested: Tested) -> list[Drawing]:
    """The figures of one test; none where it has no animals."""
    animals = tested.animals.those(tested.analysis.kept)
    if not len(animals.values):
        animals = tested.animals
    if not animals.is_numeric:
        return [_stacked_bars(animals)]
    drawings = [_box_plot(animals, tested)]
    if len(np.unique(animals.date)) > 1:
        drawings.append(_by_date(tested))
    if isinstance(tested.analysis.result, MixedModel):
        drawings.append(_residuals(animals, tested.analysis))
    return drawings


def _svg(paint: Callable[[Axes], None], width: float = 5.2, height: float = 3.6) -> str:
    """What is painted, as an element <svg>; the same for the same data."""
    # Names are no formulas, and matplotlib overflows where it looks for round numbers near the largest double.
    with (
        rc_context(
            {"svg.fonttype": "none", "svg.hashsalt": "impckg", "font.size": 9, "text.parse_math": False}
        ),
        np.errstate(over="ignore", invalid="ignore"),
        warnings.catch_warnings(),
    ):
        # The browser has the letters, whatever the font that matplotlib measures with.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure = Figure(figsize=(width, height), layout="constrained")
        axes = figure.add_subplot()
        axes.spines[["top", "right"]].set_visible(False)
        paint(axes)
        text = io.StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None})
    return re.sub(r"^.*?(?=<svg)", "", text.getvalue(), flags=re.DOTALL)


def _groups(animals: Animals) -> list[tuple[str, bool, npt.NDArray[np.bool_]]]:
    """Sex and genotype: name, whether mutants, and which animals; those that there are."""
    found = [
        (name, mutant, (animals.is_male == male) & (animals.is_mutant == mutant))
        for (male, mutant), name in _NAMES.items()
    ]
    return [group for group in found if group[2].any()]


def _box_plot(animals: Animals, tested: Tested) -> Drawing:
    groups = _groups(animals)
    values = animals.values.astype(np.float64)

    def paint(axes: Axes) -> None:
        drawn = [values[rows & np.isfinite(values)] for _, _, rows in groups]
        boxes = axes.boxplot(
            drawn, widths=0.55, showfliers=False, patch_artist=True, medianprops={"color": "black"}
        )
        for place, (box, (_, mutant, _), inside) in enumerate(
            zip(boxes["boxes"], groups, drawn, strict=True)
        ):
            box.set(facecolor=MUTANT if mutant else CONTROL, alpha=0.45)
            shown = inside[:: 1 + len(inside) // MOST_POINTS]
            # The golden ratio spreads points evenly, and the same each time.
            beside = (np.arange(len(shown)) * 0.618034 % 1 - 0.5) * 0.4
            axes.plot(
                place + 1 + beside, shown, ".", color=MUTANT if mutant else CONTROL, markersize=3, alpha=0.7
            )
        axes.set_xticks(
            range(1, len(groups) + 1),
            [f"{name}\n(n = {len(inside)})" for (name, _, _), inside in zip(groups, drawn, strict=True)],
        )
        axes.set_ylabel(tested.parameter.name or tested.parameter.id)
        if isinstance(tested.analysis.result, ReferenceRangePlus):
            for bound in (tested.analysis.result.overall.lower, tested.analysis.result.overall.upper):
                axes.axhline(bound, color="#555555", linewidth=0.8, linestyle="--")

    medians = ", ".join(
        f"{name.replace(chr(10), ' ')} {np.nanmedian(values[rows]):.4g}" for name, _, rows in groups
    )
    range_told = (
        "; dashed: reference range of the controls"
        if isinstance(tested.analysis.result, ReferenceRangePlus)
        else ""
    )
    return Drawing("Values by sex and genotype", _svg(paint), f"Medians: {medians}{range_told}.")


def _by_date(tested: Tested) -> Drawing:
    """All animals with a value by date, and the window where there is one."""
    values = tested.animals.values.astype(np.float64)
    animals = tested.animals.those(np.isfinite(values))
    values, when = animals.values.astype(np.float64), _days(animals.date)
    window = tested.analysis.windowed
    if tested.analysis.window is None or (window is not None and not window.varies):
        window = None

    def paint(axes: Axes) -> None:
        for mutant, name, colour in ((False, "controls", CONTROL), (True, "mutants", MUTANT)):
            for male, marker in ((False, "o"), (True, "^")):
                rows = np.flatnonzero((animals.is_mutant == mutant) & (animals.is_male == male))
                rows = rows[:: 1 + len(rows) // MOST_POINTS]
                if len(rows):
                    label = f"{'male' if male else 'female'} {name}"
                    size = 5 if mutant else 3
                    axes.plot(
                        when[rows],
                        values[rows],
                        marker,
                        color=colour,
                        markersize=size,
                        alpha=0.7,
                        label=label,
                    )
        axes.set_xlabel("date of the measurement" if when.dtype.kind == "M" else "batch")
        axes.tick_params(axis="x", rotation=30)
        axes.legend(frameon=False, fontsize=8)
        if window is not None and when.dtype.kind == "M":
            _paint_window(axes, window, when)

    batches, with_mutants = len(np.unique(animals.date)), len(np.unique(animals.date[animals.is_mutant]))
    told = "No window: all controls count alike."
    if window is not None:
        told = f"Grey: how much controls count, from 0 to 1; a window of {window.half_width:.0f} days to either side."
    return Drawing(
        "Values by date", _svg(paint), f"{batches} dates, mutants on {with_mutants} of them. {told}"
    )


def _paint_window(axes: Axes, window: Window, when: npt.NDArray[np.generic]) -> None:
    """The weights of all days, on an axis of their own."""
    first, last = (int(day.astype(np.int64)) for day in (when.min(), when.max()))
    every = np.arange(first, last + 1)
    beside = axes.twinx()
    weights = date_weights(every, window.peaks, window.half_width, window.shape)
    beside.fill_between(every.astype("datetime64[D]"), 0, weights, color="#888888", alpha=0.2, linewidth=0)
    beside.set(ylim=(0, 1.05), ylabel="weight in the window")


def _days(dates: npt.NDArray[np.str_]) -> npt.NDArray[np.generic]:
    """Dates as days, or batches as numbers where they are no dates."""
    found = days(dates)
    return np.unique(dates, return_inverse=True)[1] if found is None else found.astype("datetime64[D]")


def _residuals(animals: Animals, analysis: Analysis) -> Drawing:
    found = analysis.result
    assert isinstance(found, MixedModel)
    weight = animals.weight if analysis.has_weight else np.full(len(animals.weight), np.nan)
    window = None if analysis.window is None else analysis.window[analysis.kept]
    left = standardised_residuals(
        found,
        animals.values.astype(np.float64),
        animals.is_mutant,
        animals.is_male,
        animals.date,
        weight,
        window,
    )
    there = np.isfinite(left)

    def paint(axes: Axes) -> None:
        order = np.argsort(left[there])
        expected = stats.norm.ppf((np.arange(len(order)) + 0.5) / len(order))
        mutants = animals.is_mutant[there][order]
        axes.axline((0, 0), slope=1, color="#555555", linewidth=0.8)
        for rows, name, colour in ((~mutants, "controls", CONTROL), (mutants, "mutants", MUTANT)):
            shown = np.flatnonzero(rows)[:: 1 + int(rows.sum()) // MOST_POINTS]
            axes.plot(
                expected[shown],
                left[there][order][shown],
                ".",
                color=colour,
                markersize=7 if colour == MUTANT else 4,
                label=name,
            )
        axes.set_xlabel("expected of a normal distribution")
        axes.set_ylabel("residual / standard deviation")
        axes.legend(frameon=False, fontsize=8)

    tests = ", ".join(
        f"{group.replace('_', ' ')} {one.p_value:.2g}"
        for group, one in found.normality.items()
        if one.p_value is not None
    )
    return Drawing(
        "Residuals against a normal distribution", _svg(paint), f"Shapiro-Wilk p-values: {tests or 'none'}."
    )


def _stacked_bars(animals: Animals) -> Drawing:
    labels = animals.values.astype(np.str_)
    # What is usual in controls comes first, and has the palest colour.
    usual = Counter(labels[~animals.is_mutant].tolist())
    names = sorted({*labels.tolist()} - {""}, key=lambda name: (-usual[name], name))
    groups = _groups(animals)
    counts = np.array([[np.count_nonzero(labels[rows] == name) for name in names] for _, _, rows in groups])
    totals = counts.sum(axis=1, keepdims=True)
    shares = 100 * counts / np.maximum(totals, 1)

    def paint(axes: Axes) -> None:
        below = np.zeros(len(groups))
        for place, name in enumerate(names):
            colour = CATEGORIES[place % len(CATEGORIES)]
            axes.bar(range(len(groups)), shares[:, place], 0.6, bottom=below, label=name[:40], color=colour)
            below += shares[:, place]
        axes.set_xticks(
            range(len(groups)),
            [f"{name}\n(n = {total})" for (name, _, _), (total,) in zip(groups, totals, strict=True)],
        )
        axes.set_ylabel("animals (%)")
        axes.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5))

    told = "; ".join(
        f"{group.replace(chr(10), ' ')}: "
        + ", ".join(f"{name} {count}" for name, count in zip(names, row, strict=True))
        for (group, _, _), row in zip(groups, counts.tolist(), strict=True)
    )
    return Drawing("Categories by sex and genotype", _svg(paint), f"{told}.")
