"""What a mixed model needs to know of the animals: sums of products, by batch and genotype.

The likelihood of the model depends on the animals through these sums alone (likelihood.py), so its cost does not grow with
their number. Batches that hold controls only enter through their size: those of equal size are pooled. Lines that share
controls share their sums: `add_mutants` costs as much as there are mutants.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from impckg.loaders.statistics.mixed_model.compiled import compiled
from impckg.loaders.statistics.mixed_model.design import (
    FEMALE_GENOTYPE,
    GENOTYPE,
    INTERACTION,
    MALE_GENOTYPE,
    SEX,
)

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


class Controls(NamedTuple):
    """Sums over controls. z is the row of an animal (design.py), w the weight of its batch in the window, or 1.

    rows: how many. products: shape (6, 6); sum of w z z'.
    weight, size: shape (batches,); w, and the sum of w. total: shape (batches, 6); sum of w z.
    first: shape (batches, 6); the row of one animal.
    pool: shape (batches,); which pool a batch is in; -1 where it is in none.
    pool_size, pool_count: shape (pools,); the size of such a batch, and how many there are.
    pool_outer: shape (pools, 6, 6); over these batches, the sum of the outer products of `total`.
    log_weights: sum of log w over all animals.
    varies: shape (7,); whether a column differs within some batch; after COLUMNS those of the split model.
    """

    rows: int
    products: FloatArray
    weight: FloatArray
    size: FloatArray
    total: FloatArray
    first: FloatArray
    pool: IntArray
    pool_size: FloatArray
    pool_count: FloatArray
    pool_outer: FloatArray
    log_weights: float
    varies: BoolArray


class Sums(NamedTuple):
    """Sums over controls and the mutants of one line: what Controls has, and more.

    rows: shape (2,); how many controls and mutants. products: shape (2, 6, 6); over either.
    own_weight: shape (own batches,); w of batches that are in no pool, as those with mutants.
    own_size: shape (own batches, 2); sum of w, over controls and over mutants.
    own_total: shape (own batches, 2, 6); sum of w z.
    batches: how many have an animal.
    """

    rows: IntArray
    products: FloatArray
    pool_size: FloatArray
    pool_count: FloatArray
    pool_outer: FloatArray
    own_weight: FloatArray
    own_size: FloatArray
    own_total: FloatArray
    log_weights: float
    batches: int
    varies: BoolArray


@compiled
def add_controls(table: FloatArray, batch: IntArray, weight: FloatArray, taken: BoolArray) -> Controls:
    """Sum over controls.

    table: shape (controls, 6); see `design`. batch: shape (controls,); numbers from 0.
    weight: shape (batches,); above 0. taken: shape (controls,); which of them to sum, with nothing missing.
    """
    batches = len(weight)
    rows, log_weights = 0, 0.0
    products = np.zeros((6, 6))
    size = np.zeros(batches)
    total = np.zeros((batches, 6))
    first = np.zeros((batches, 6))
    varies = np.zeros(7, dtype=np.bool_)
    for animal in range(len(table)):
        if not taken[animal]:
            continue
        at = batch[animal]
        if size[at] == 0.0:
            first[at] = table[animal]
        rows += 1
        size[at] += weight[at]
        log_weights += np.log(weight[at])
        _add(products, total[at], table[animal], weight[at])
        _note_variation(varies, table[animal], first[at])
    pool, pool_size, pool_count, pool_outer = _pooled(weight, size, total)
    return Controls(
        rows,
        products,
        weight,
        size,
        total,
        first,
        pool,
        pool_size,
        pool_count,
        pool_outer,
        log_weights,
        varies,
    )


@compiled
def add_mutants(controls: Controls, table: FloatArray, batch: IntArray, taken: BoolArray) -> Sums:
    """Sum over controls and mutants: table, batch and taken as for `add_controls`, of the mutants of one line."""
    places, own = _own_places(controls, batch, taken)
    own_weight, own_size, own_total = np.zeros(own), np.zeros((own, 2)), np.zeros((own, 2, 6))
    first, has_first = np.zeros((own, 6)), np.zeros(own, dtype=np.bool_)
    pool_count, pool_outer = controls.pool_count.copy(), controls.pool_outer.copy()
    for at in range(len(places)):
        place, pool = places[at], controls.pool[at]
        if place < 0:
            continue
        own_weight[place] = controls.weight[at]
        own_size[place, 0], own_total[place, 0] = controls.size[at], controls.total[at]
        first[place], has_first[place] = controls.first[at], controls.size[at] > 0.0
        if pool >= 0:
            pool_count[pool] -= 1.0
            _add_outer(pool_outer[pool], controls.total[at], -1.0)
    rows, log_weights, varies = 0, controls.log_weights, controls.varies.copy()
    products = np.zeros((2, 6, 6))
    products[0] = controls.products
    for animal in range(len(table)):
        if not taken[animal]:
            continue
        place = places[batch[animal]]
        if not has_first[place]:
            first[place], has_first[place] = table[animal], True
        rows += 1
        own_size[place, 1] += own_weight[place]
        log_weights += np.log(own_weight[place])
        _add(products[1], own_total[place, 1], table[animal], own_weight[place])
        _note_variation(varies, table[animal], first[place])
    return Sums(
        np.array([controls.rows, rows]),
        products,
        controls.pool_size,
        pool_count,
        pool_outer,
        own_weight,
        own_size,
        own_total,
        log_weights,
        own + int(pool_count.sum()),
        varies,
    )


@compiled
def _own_places(controls: Controls, batch: IntArray, taken: BoolArray) -> tuple[IntArray, int]:
    """Where each batch stands among those in no pool, or -1, and how many these are."""
    places = np.full(len(controls.size), -1, dtype=np.int64)
    own = 0
    for at in range(len(places)):
        if controls.size[at] > 0.0 and controls.pool[at] < 0:
            places[at] = own
            own += 1
    for animal in range(len(batch)):
        if taken[animal] and places[batch[animal]] < 0:
            places[batch[animal]] = own
            own += 1
    return places, own


@compiled
def _add(products: FloatArray, total: FloatArray, row: FloatArray, weight: float) -> None:
    for i in range(6):
        weighted = weight * row[i]
        total[i] += weighted
        for j in range(6):
            products[i, j] += weighted * row[j]


@compiled
def _add_outer(to: FloatArray, total: FloatArray, times: float) -> None:
    for i in range(6):
        for j in range(6):
            to[i, j] += times * total[i] * total[j]


@compiled
def _note_variation(varies: BoolArray, row: FloatArray, other: FloatArray) -> None:
    """Note the columns in which two animals of one batch differ."""
    for column in range(5):
        if row[column] != other[column]:
            varies[column] = True
    if row[GENOTYPE] * (1.0 - row[SEX]) != other[GENOTYPE] * (1.0 - other[SEX]):
        varies[FEMALE_GENOTYPE] = True
    if row[INTERACTION] != other[INTERACTION]:
        varies[MALE_GENOTYPE] = True


@compiled
def _pooled(
    weight: FloatArray, size: FloatArray, total: FloatArray
) -> tuple[IntArray, FloatArray, FloatArray, FloatArray]:
    """Batches of weight 1 brought together by size: the pool of each, and sizes, counts and sums of outer products."""
    pooled = (size > 0.0) & (weight == 1.0)
    sizes = np.unique(size[pooled])
    pool = np.full(len(size), -1, dtype=np.int64)
    count = np.zeros(len(sizes))
    outer = np.zeros((len(sizes), 6, 6))
    for at in range(len(size)):
        if pooled[at]:
            pool[at] = np.searchsorted(sizes, size[at])
            count[pool[at]] += 1.0
            _add_outer(outer[pool[at]], total[at], 1.0)
    return pool, sizes, count, outer
