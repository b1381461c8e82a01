"""The Fisher framework (FE): whether categories are spread otherwise over mutants than over controls.

A categorical parameter is tested by genotype and by sex, each over all animals and within each group of the other. With more
than two categories every selection of two or more of them is tested, too; a call rests on the complete table alone.

Source: OpenStats 1.6.4 (mpi2/OpenStats 1407d0f2), crunner, ctest and fisher.test1, as the IMPC runs it: exact, with full
comparisons (FERR_rep = 0, FERR_FullComparisions = c(TRUE, TRUE)).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from impckg.graph.errors import BadParameter
from impckg.loaders.statistics.exact_test import exact_p_value, largest_difference
from impckg.loaders.statistics.significance import LEVEL, SEXES, SIGNIFICANCE

BoolArray = npt.NDArray[np.bool_]

COMPLETE = "Complete table"
"""What the test of all categories is called, beside those of some."""


@dataclass(frozen=True, eq=False)
class TableTest:
    """The exact test of one table.

    categories: its rows. table: shape (categories, 2); counts, or (categories, 1) where there is only one group.
    effect: the largest difference in the share of a category; None where there is nothing to compare.
    """

    categories: tuple[str, ...]
    table: npt.NDArray[np.int64]
    p_value: float
    effect: float | None


Tests = Mapping[str, TableTest]
"""Tests by their categories joined with a dot, and COMPLETE."""


@dataclass(frozen=True, eq=False)
class FisherResult:
    """All tests of one parameter.

    genotype, sex: over all animals.
    genotype_by_sex: by "Female" and "Male", for the sexes that there are.
    sex_by_genotype: by "control" and "experimental"; empty where there is one sex only.
    tag: which groups are significant, as OpenStats words it.
    """

    genotype: Tests
    sex: Tests
    genotype_by_sex: Mapping[str, Tests]
    sex_by_genotype: Mapping[str, Tests]
    tag: str


def fisher_framework(
    category: npt.NDArray[np.str_], is_mutant: BoolArray, is_male: BoolArray
) -> FisherResult:
    """Test a categorical parameter.

    category, is_mutant, is_male: shape (animals,); animals without a category are left out by the caller.

    Raises BadParameter where the shapes differ or there are no animals.
    """
    if not (category.shape == is_mutant.shape == is_male.shape) or category.ndim != 1 or not len(category):
        raise BadParameter(f"categories of shape {category.shape}; expected one for each animal, and animals")
    names = sorted(set(category.tolist()))
    sexes = {name: rows for name, rows in (("Female", ~is_male), ("Male", is_male)) if rows.any()}
    genotypes = {"control": ~is_mutant, "experimental": is_mutant}
    genotype = _tests(names, category, is_mutant)
    by_sex = {name: _tests(names, category[rows], is_mutant[rows]) for name, rows in sexes.items()}
    by_genotype = {
        name: _tests(names, category[rows], is_male[rows])
        for name, rows in (genotypes if len(sexes) > 1 else {}).items()
        if rows.any()
    }
    p_values = {name: tests[COMPLETE].p_value for name, tests in by_sex.items()}
    tag = classification_tag(genotype[COMPLETE].p_value, p_values)
    return FisherResult(genotype, _tests(names, category, is_male), by_sex, by_genotype, tag)


def classification_tag(p_value: float, by_sex: Mapping[str, float]) -> str:
    """Which of the complete tables are significant, in OpenStats' words.

    p_value: of all animals. by_sex: by "Female" and "Male", for the sexes that there are.

    >>> classification_tag(1e-9, {"Female": 1e-5, "Male": 0.2})
    'With phenotype threshold value 1e-04 - significant in females and in combined dataset'
    """
    found = [words for sex, words in SEXES.items() if by_sex.get(sex, 1.0) < SIGNIFICANCE]
    combined = p_value < SIGNIFICANCE
    told = f"[level = {LEVEL}, pvalue = {p_value:.15g}]"
    if not found and len(by_sex) == 1 and not combined:
        (sex,) = by_sex
        return f"Overally insignificant {told} and not significant for the only sex ({sex.lower()}) tested"
    if not found and not combined:
        return f"Not significant {told} "
    if not found and len(by_sex) == 1:
        (sex,) = by_sex
        what = f"for the sex ({sex.lower()}) tested"
    elif not combined:
        what = "in males and in females datasets" if len(found) > 1 else f"in {found[0]} dataset only"
    else:
        what = f"in {', '.join(found)} and in combined dataset" if found else "in combined dataset only"
    return f"With phenotype threshold value {LEVEL} - significant {what}"


def _tests(names: list[str], category: npt.NDArray[np.str_], group: BoolArray) -> Tests:
    """The tests of the categories against two groups. names: of the categories, those that no animal here has among them."""
    columns = [group == which for which in (False, True) if (group == which).any()]
    counts = np.array(
        [[np.count_nonzero(column & (category == name)) for column in columns] for name in names],
        dtype=np.int64,
    ).reshape(len(names), len(columns))
    found: dict[str, TableTest] = {}
    for size in range(2, len(names)):
        for chosen in combinations(range(len(names)), size):
            some = tuple(names[place] for place in chosen)
            found[".".join(some)] = _table_test(some, counts[list(chosen)])
    found[COMPLETE] = _table_test(tuple(names), counts)
    return found


def _table_test(categories: tuple[str, ...], table: npt.NDArray[np.int64]) -> TableTest:
    if min(table.shape) < 2:
        return TableTest(categories, table, 1.0, None)
    return TableTest(categories, table, exact_p_value(table), largest_difference(table))
