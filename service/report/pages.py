"""A page for each test of an analysis, and an index: HTML that stands alone."""

import re
from collections.abc import Mapping
from pathlib import Path

import polars as pl
from jinja2 import Environment, PackageLoader, StrictUndefined

from impckg.loaders.calls import Call, evidence
from impckg.loaders.measurements.analysis import REJECTS_FILE, Written, rejects_in_words
from impckg.loaders.measurements.testing import Tested
from impckg.service.report.figures import draw

INDEX_PAGE = "index.html"
# A page takes most of a second to draw.
MOST_PAGES = 200

_SHOWN: Mapping[str, str] = {
    "genotype_effect_parameter_estimate": "genotype effect, in the unit of the parameter",
    "genotype_effect_stderr_estimate": "its standard error",
    "effect_size": "effect size",
    "genotype_effect_p_value": "p-value of the genotype, as the IMPC's pipeline finds it",
    "female_ko_effect_p_value": "… in females",
    "male_ko_effect_p_value": "… in males",
    "interaction_effect_p_value": "p-value of the interaction of genotype and sex",
    "sex_effect_p_value": "p-value of sex",
    "weight_effect_p_value": "p-value of body weight",
    "genotype_pvalue_low_vs_normal_high": "p-value of the lower tail",
    "genotype_pvalue_low_normal_vs_high": "p-value of the upper tail",
    "soft_windowing_bandwidth": "window: half width in days",
    "soft_windowing_shape": "window: steepness of its edges, per day",
    "unwindowed_p_value": "p-value of the genotype without the window",
    "calibrated_p_value": "calibrated p-value",
    "female_calibrated_p_value": "… in females",
    "male_calibrated_p_value": "… in males",
    "interaction_calibrated_p_value": "… of the interaction",
    "own_variance_p_value": "p-value that holds where mutants vary more, or less, than controls",
    "probability_of_equal_variances": "probability that they vary alike",
    "q_value": "q-value, over all tests of the table",
    "power": "power: chance to find an effect of one standard deviation at p < 0.0001",
}
"""Columns of the table of results that a page shows, and what it calls them."""


def write_report(written: Written, title: str, folder: Path) -> Path:
    """Write the pages into a folder, and return the index.

    title: what the analysis is called. Of more than MOST_PAGES tests only the most telling have a page (`with_pages`); the
    index has all of them.
    """
    folder.mkdir(parents=True, exist_ok=True)
    environment = Environment(
        loader=PackageLoader("impckg.service", "templates"), autoescape=True, undefined=StrictUndefined
    )
    environment.filters["number"] = number
    results, places = written.results, with_pages(written.results)
    pages = {place: page_name(place, written.tested[place]) for place in places}
    for before, place, after in zip([None, *places], places, [*places[1:], None], strict=False):
        one, row = written.tested[place], results.row(place, named=True)
        text = environment.get_template("report_test.html").render(
            title=title,
            row=row,
            facts=[(words, row[column]) for column, words in _SHOWN.items() if row[column] is not None],
            calls=[_call(call) for call in one.called.calls],
            evidence=_significant_groups(one),
            drawings=draw(one),
            before=None if before is None else pages[before],
            after=None if after is None else pages[after],
            index=INDEX_PAGE,
        )
        (folder / pages[place]).write_text(text, encoding="utf-8")
    index = folder / INDEX_PAGE
    index.write_text(_index(environment, written, title, pages), encoding="utf-8")
    return index


def with_pages(results: pl.DataFrame) -> list[int]:
    """The rows of a table of results that have a page, in their order: those with a call, then the least p-values.

    What was judged has nothing to draw.
    """
    order = _most_telling_first(results)
    judged = results["judged_as"].is_not_null()
    return sorted([place for place in order if not judged[place]][:MOST_PAGES])


def _most_telling_first(results: pl.DataFrame) -> list[int]:
    """The rows: what was called first, then what was tested, by how surprising it is."""
    order = results.with_row_index("place").sort(
        pl.col("significant"),
        "calibrated_p_value",
        descending=[True, False],
        nulls_last=True,
        maintain_order=True,
    )
    return order["place"].to_list()


def number(value: float | None) -> str:
    """A number as people read it; nothing for none.

    >>> number(0.00001234), number(12.3456), number(None)
    ('1.23e-05', '12.3', '')
    """
    return "" if value is None else f"{value:.3g}"


def page_name(place: int, tested: Tested) -> str:
    """The name of the page of one test: its place in the table, parameter and line.

    Letters, digits and hyphens only, whatever the names are.
    """
    words = re.sub(r"[^A-Za-z0-9]+", "-", f"{tested.parameter.id} {tested.line}").strip("-").lower()
    return f"{place + 1:03}-{words[:60]}.html"


def _index(environment: Environment, written: Written, title: str, pages: Mapping[int, str]) -> str:
    every_row = list(written.results.iter_rows(named=True))
    order = _most_telling_first(written.results)
    rows = [(every_row[place], pages.get(place)) for place in order if not every_row[place]["judged_as"]]
    return environment.get_template("report_index.html").render(
        title=title,
        rows=rows,
        judged=[row for row in every_row if row["judged_as"]],
        notes=written.measurements.notes,
        rejects=rejects_in_words("row", written.measurements),
        rejects_file=REJECTS_FILE,
        pages=len(pages),
        called=sum(row["significant"] for row, _ in rows),
        made=sum(row["status"] == "Successful" for row, _ in rows),
    )


def _significant_groups(tested: Tested) -> str:
    """The groups of animals that are significant, in words."""
    groups = [one.sex or "all animals" for one in evidence(tested.analysis)]
    words = {"all animals": "all animals together", "female": "females", "male": "males"}
    return " and ".join(words[group] for group in groups) + (" are significant" if groups else "")


def _call(call: Call) -> Mapping[str, str]:
    return {
        "term": call.term,
        "sex": call.sex or "both sexes",
        "outcome": call.outcome.value.lower(),
        "rule": call.rule.value,
    }
