"""The likelihood of a linear model with a batch effect and a variance of the mutants, and its maximum.

The model of an animal i of batch b is

    y_i = x_i' beta + u_b + e_i,   u_b ~ N(0, theta sigma^2),   e_i ~ N(0, sigma^2 / (w_i g_i))

where w_i is its weight in the window (1 without one) and g_i is 1 for controls and `precision` for mutants. Given theta and
precision everything else has a closed form, so the search is over their logarithms, two numbers at most, by Newton's method
with exact derivatives. Each evaluation costs a few microseconds, since it needs sums over the animals only (sums.py).

`plain_model.py` says the same in matrices of the size of the animals.

Source: Pinheiro and Bates 2000, Mixed-Effects Models in S and S-PLUS, chapter 2; the inverse of a batch's covariance by
Sherman and Morrison 1950.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from impckg.loaders.statistics.mixed_model.compiled import compiled
from impckg.loaders.statistics.mixed_model.design import RESPONSE
from impckg.loaders.statistics.mixed_model.sums import Sums

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

# Logarithms of theta and precision that a search begins with: batches vary less than animals do, mutants as controls do.
START = (-1.0, 0.0)
# Logarithms of theta and precision are kept within these. Below the first, theta is taken for 0.
SMALLEST_LOG_THETA = -16.0
# Below this the likelihood is a straight line in theta, for all that its digits tell: where it falls, it is greatest at 0.
VANISHING_LOG_THETA = -9.0
LARGEST_LOG_THETA = 16.0
LARGEST_LOG_PRECISION = 20.0
# A search that ends with a logarithm of precision beyond this begins anew where variances are equal. With a few mutants in
# several batches the likelihood may have a second peak, or no end, where mutants have next to no variance of their own.
FAR_LOG_PRECISION = 3.0
LEAST_LOG_THETA_TO_BEGIN = -2.0
# Less than this share of the squares of the responses is rounding: columns explain them entirely, as body weight explains
# itself in another unit.
LEAST_RESIDUAL = 1e-13
# Newton's method ends where a step promises less than this in log-likelihood.
SMALLEST_GAIN = 1e-11
MOST_STEPS = 200
# A diagonal of the Cholesky factor below this share of its column's length means that the column follows from others.
RANK_TOLERANCE = 1e-9


class Fit(NamedTuple):
    """A fitted model.

    found: whether there is one; not where columns follow from one another, or nothing is left to vary.
    log_likelihood: the restricted one where that was asked for, without the constant of the scale of the columns.
    theta: variance between batches over that of controls. precision: variance of controls over that of mutants.
    variance: of controls. beta, covariance: shapes (columns,) and (columns, columns).
    rows: animals.
    """

    found: bool
    log_likelihood: float
    theta: float
    precision: float
    variance: float
    beta: FloatArray
    covariance: FloatArray
    rows: int


class Model(NamedTuple):
    """What is to be fitted.

    columns: shape (columns,); places in COLUMNS, in their order.
    has_batch, has_precision: whether theta and precision are free; they are 0 and 1 otherwise.
    restricted: whether by the restricted likelihood.
    """

    columns: IntArray
    has_batch: bool
    has_precision: bool
    restricted: bool


@compiled
def fit(some: Sums, model: Model, start: tuple[float, float]) -> Fit:
    """The model of greatest likelihood. start: log theta and log precision to begin with."""
    places = np.append(model.columns, RESPONSE)
    p, rows = len(model.columns), int(some.rows.sum())
    scratch = np.empty((6, p + 1, p + 1))
    if rows <= p or not _full_rank(some, places):
        return no_fit(p, rows)
    log_theta = min(max(start[0], -6.0), 6.0) if model.has_batch else -np.inf
    log_precision = start[1] if model.has_precision else 0.0
    log_theta, log_precision, value = _search(some, model, places, log_theta, log_precision, scratch)
    if abs(log_precision) > FAR_LOG_PRECISION:
        log_theta = _log_theta_of_equal(some, model, places, scratch)
        log_theta, log_precision, value = _search(some, model, places, log_theta, 0.0, scratch)
    if not np.isfinite(value):
        return no_fit(p, rows)
    theta, precision = np.exp(log_theta), np.exp(log_precision)
    _cross_products(some, places, theta, precision, scratch)
    inverse, _, beta, residual = _solve(scratch[0], p)
    variance = residual / (rows - p if model.restricted else rows)
    return Fit(True, value, theta, precision, variance, beta, inverse * variance, rows)


@compiled
def log_likelihood(
    some: Sums, model: Model, log_theta: float, log_precision: float
) -> tuple[float, FloatArray, FloatArray]:
    """The greatest log-likelihood for given theta and precision, with its derivatives.

    log_theta: -inf for none. Returns the value, its gradient by both logarithms, shape (2,), and its Hessian, shape (2, 2).
    """
    places = np.append(model.columns, RESPONSE)
    return _evaluate(some, model, places, log_theta, log_precision, np.empty((6, len(places), len(places))))


@compiled
def log_variance_slopes(
    some: Sums, model: Model, log_theta: float, log_precision: float, contrasts: FloatArray
) -> FloatArray:
    """How the logarithms of the variances of contrasts of the coefficients change with both logarithms.

    contrasts: shape (contrasts, columns); the factors of the coefficients. Returns shape (contrasts, 2).
    """
    places = np.append(model.columns, RESPONSE)
    p = len(model.columns)
    scratch = np.empty((6, p + 1, p + 1))
    theta, precision = np.exp(log_theta), np.exp(log_precision)
    _cross_products(some, places, theta, precision, scratch)
    inverse, _, beta, residual = _solve(scratch[0], p)
    chain = (-1.0 / theta if theta > 0.0 else 0.0, precision)
    slopes, along = np.empty((len(contrasts), 2)), np.empty(p)
    for by in range(2):
        of_residual = _quadratic(scratch[1 + by], beta, p) / residual
        for number in range(len(contrasts)):
            contrast = contrasts[number]
            for i in range(p):
                along[i] = 0.0
                for j in range(p):
                    along[i] += inverse[i, j] * contrast[j]
            share = np.sum(along * contrast)
            lost = _bilinear(scratch[1 + by], along, along, p) / share
            slopes[number, by] = chain[by] * (of_residual - lost)
    return slopes


@compiled
def no_fit(columns: int, rows: int) -> Fit:
    """What stands where there is no fit."""
    return Fit(
        False,
        np.nan,
        np.nan,
        np.nan,
        np.nan,
        np.full(columns, np.nan),
        np.full((columns, columns), np.nan),
        rows,
    )


@compiled
def _full_rank(some: Sums, places: IntArray) -> bool:
    """Whether no column follows from those before it."""
    p = len(places) - 1
    lower = np.zeros((p, p))
    for i in range(p):
        for j in range(i + 1):
            left = some.products[0, places[i], places[j]] + some.products[1, places[i], places[j]]
            length = left
            for k in range(j):
                left -= lower[i, k] * lower[j, k]
            if i == j:
                if not left > RANK_TOLERANCE * length:
                    return False
                lower[i, i] = np.sqrt(left)
            else:
                lower[i, j] = left / lower[j, j]
    return True


@compiled
def _search(
    some: Sums,
    model: Model,
    places: IntArray,
    log_theta: float,
    log_precision: float,
    scratch: FloatArray,
) -> tuple[float, float, float]:
    """Newton's method, damped: theta is free where its logarithm is finite."""
    has_batch, has_precision = log_theta > -np.inf, model.has_precision
    value, gradient, hessian = _evaluate(some, model, places, log_theta, log_precision, scratch)
    if not (has_batch or has_precision) or not np.isfinite(value):
        return log_theta, log_precision, value
    damping = 0.0
    for _ in range(MOST_STEPS):
        step_theta, step_precision, gain = _step(gradient, hessian, has_batch, has_precision, damping)
        if gain < SMALLEST_GAIN and damping == 0.0:
            break
        new_theta = min(log_theta + step_theta, LARGEST_LOG_THETA) if has_batch else log_theta
        new_precision = min(
            max(log_precision + step_precision, -LARGEST_LOG_PRECISION), LARGEST_LOG_PRECISION
        )
        if has_batch and new_theta < SMALLEST_LOG_THETA:
            return _search(some, model, places, -np.inf, log_precision, scratch)
        new_value, new_gradient, new_hessian = _evaluate(
            some, model, places, new_theta, new_precision, scratch
        )
        if new_value >= value - 1e-13 * abs(value):
            moved = abs(new_theta - log_theta) if has_batch else 0.0
            still = moved < 1e-9 and abs(new_precision - log_precision) < 1e-9
            log_theta, log_precision, value = new_theta, new_precision, new_value
            gradient, hessian = new_gradient, new_hessian
            damping = 0.0 if damping < 1e-3 else damping / 10
            if has_batch and log_theta < VANISHING_LOG_THETA and gradient[0] < 0.0:
                return _search(some, model, places, -np.inf, log_precision, scratch)
            if still:
                break
        else:
            damping = max(damping * 10, 1e-3)
            if damping > 1e12:
                break
    return log_theta, log_precision, value


@compiled
def _log_theta_of_equal(some: Sums, model: Model, places: IntArray, scratch: FloatArray) -> float:
    """Where theta is when mutants vary as controls do; not so low that a search could not leave it."""
    if not model.has_batch:
        return -np.inf
    equal = Model(model.columns, True, False, model.restricted)
    return max(_search(some, equal, places, START[0], 0.0, scratch)[0], LEAST_LOG_THETA_TO_BEGIN)


@compiled
def _step(
    gradient: FloatArray, hessian: FloatArray, has_batch: bool, has_precision: bool, damping: float
) -> tuple[float, float, float]:
    """A step uphill of at most 3 in each logarithm, and what it promises; the curvature is made negative where it is not."""
    a, b, c = -hessian[0, 0], -hessian[0, 1], -hessian[1, 1]
    if not has_batch:
        a, b = 1.0, 0.0
    if not has_precision:
        c, b = 1.0, 0.0
    scale = max(abs(a) if has_batch else 0.0, abs(c) if has_precision else 0.0, 1e-8)
    # The least eigenvalue, brought above zero.
    least = 0.5 * (a + c) - np.sqrt(0.25 * (a - c) ** 2 + b * b)
    shift = damping * scale
    if least + shift < 1e-6 * scale:
        shift = 1e-2 * scale - least
    a, c = a + shift, c + shift
    determinant = a * c - b * b
    x = (c * gradient[0] - b * gradient[1]) / determinant if has_batch else 0.0
    y = (a * gradient[1] - b * gradient[0]) / determinant if has_precision else 0.0
    if not has_batch:
        y = gradient[1] / c
    elif not has_precision:
        x = gradient[0] / a
    longest = max(abs(x), abs(y))
    if longest > 3.0:
        x, y = 3.0 * x / longest, 3.0 * y / longest
    return x, y, 0.5 * abs(gradient[0] * x + gradient[1] * y)


@compiled
def _evaluate(
    some: Sums,
    model: Model,
    places: IntArray,
    log_theta: float,
    log_precision: float,
    scratch: FloatArray,
) -> tuple[float, FloatArray, FloatArray]:
    """The log-likelihood with its derivatives by both logarithms; theta may be 0."""
    p, rows = len(model.columns), some.rows.sum()
    theta, precision = np.exp(log_theta), np.exp(log_precision)
    log_det = _cross_products(some, places, theta, precision, scratch)
    gradient, hessian = np.zeros(2), np.zeros((2, 2))
    inverse, log_det_x, beta, residual = _solve(scratch[0], p)
    if not residual > LEAST_RESIDUAL * scratch[0, p, p]:
        return np.nan, gradient, hessian
    free = rows - p if model.restricted else rows
    value = -0.5 * (
        free * (1.0 + np.log(2.0 * np.pi * residual / free))
        + log_det[0]
        - some.rows[1] * log_precision
        - some.log_weights
    )
    if model.restricted:
        value -= 0.5 * log_det_x
    # What is not free has no derivatives.
    slopes = np.empty((2, p))
    lowest, highest = 0 if theta > 0.0 else 1, 2 if model.has_precision else 1
    for i in range(lowest, highest):
        gradient[i] = free * _quadratic(scratch[1 + i], beta, p) / residual + log_det[1 + i]
        if model.restricted:
            gradient[i] += _trace(inverse, scratch[1 + i], p)
        _residual_slope(scratch[1 + i], beta, p, slopes[i])
    for i in range(lowest, highest):
        for j in range(lowest, i + 1):
            second = scratch[3 + i + j]
            curve = _quadratic(second, beta, p) - 2.0 * _bilinear(inverse, slopes[i], slopes[j], p)
            slope = _quadratic(scratch[1 + i], beta, p) * _quadratic(scratch[1 + j], beta, p) / residual
            hessian[i, j] = free * (curve - slope) / residual + log_det[3 + i + j]
            if model.restricted:
                hessian[i, j] += _trace(inverse, second, p) - _trace_of_square(
                    inverse, scratch[1 + i], scratch[1 + j], p
                )
            hessian[j, i] = hessian[i, j]
    gradient *= -0.5
    hessian *= -0.5
    # So far by kappa = 1 / theta and by precision; now by their logarithms.
    chain = (-1.0 / theta if theta > 0 else 0.0, precision)
    for i in range(2):
        for j in range(2):
            hessian[i, j] *= chain[i] * chain[j]
            if i == j:
                hessian[i, j] += gradient[i] * abs(chain[i])
        gradient[i] *= chain[i]
    if model.has_precision:
        # The mutants' own share of the log-determinant, rows log(precision), is linear in the logarithm.
        gradient[1] += 0.5 * some.rows[1]
    return value, gradient, hessian


@compiled
def _cross_products(
    some: Sums, places: IntArray, theta: float, precision: float, out: FloatArray
) -> FloatArray:
    """Z' V^-1 Z of the columns and the response, and its derivatives.

    out: shape (6, q, q); the value, then derivatives by kappa = 1 / theta, by precision, twice by kappa, by both, twice by
    precision. Returns shape (6,); sum of log(1 + theta N) over batches of N, and its derivatives in the same order.
    """
    q = len(places)
    log_det = np.zeros(6)
    for i in range(q):
        for j in range(i + 1):
            mutants = some.products[1, places[i], places[j]]
            out[0, i, j] = some.products[0, places[i], places[j]] + precision * mutants
            out[2, i, j] = mutants
            out[1, i, j] = out[3, i, j] = out[4, i, j] = out[5, i, j] = 0.0
    if theta > 0.0:
        _subtract_batches(some, places, 1.0 / theta, precision, log_det, out)
    for part in range(6):
        for i in range(q):
            for j in range(i):
                out[part, j, i] = out[part, i, j]
    return log_det


@compiled
def _subtract_batches(
    some: Sums, places: IntArray, kappa: float, precision: float, log_det: FloatArray, out: FloatArray
) -> None:
    """What batches have in common leaves the cross products, below the diagonal and on it; see `_cross_products`."""
    q, theta = len(places), 1.0 / kappa
    for pool in range(len(some.pool_size)):
        size, count = some.pool_size[pool], some.pool_count[pool]
        c = 1.0 / (kappa + size)
        log_det[0] += count * np.log1p(theta * size)
        log_det[1] += count * (c - theta)
        log_det[3] += count * (theta * theta - c * c)
        for i in range(q):
            for j in range(i + 1):
                outer = some.pool_outer[pool, places[i], places[j]]
                out[0, i, j] -= c * outer
                out[1, i, j] += c * c * outer
                out[3, i, j] -= 2.0 * c * c * c * outer
    for batch in range(len(some.own_size)):
        mutants = some.own_size[batch, 1]
        size = some.own_size[batch, 0] + precision * mutants
        c = 1.0 / (kappa + size)
        log_det[0] += np.log1p(theta * size)
        log_det[1] += c - theta
        log_det[2] += c * mutants
        log_det[3] += theta * theta - c * c
        log_det[4] -= c * c * mutants
        log_det[5] -= c * c * mutants * mutants
        for i in range(q):
            s_i = some.own_total[batch, 1, places[i]]
            u_i = some.own_total[batch, 0, places[i]] + precision * s_i
            for j in range(i + 1):
                s_j = some.own_total[batch, 1, places[j]]
                u_j = some.own_total[batch, 0, places[j]] + precision * s_j
                uu, su, ss = u_i * u_j, s_i * u_j + u_i * s_j, s_i * s_j
                out[0, i, j] -= c * uu
                out[1, i, j] += c * c * uu
                out[2, i, j] += c * c * mutants * uu - c * su
                out[3, i, j] -= 2.0 * c * c * c * uu
                out[4, i, j] += c * c * su - 2.0 * c * c * c * mutants * uu
                out[5, i, j] += (
                    2.0 * c * c * mutants * su - 2.0 * c * c * c * mutants * mutants * uu - 2.0 * c * ss
                )


@compiled
def _solve(cross: FloatArray, p: int) -> tuple[FloatArray, float, FloatArray, float]:
    """From Z' V^-1 Z: the inverse of its part of columns, the log-determinant of that, beta, and the residual squares."""
    lower = np.zeros((p + 1, p + 1))
    if not _cholesky(cross, lower):
        return np.zeros((p, p)), np.nan, np.zeros(p), np.nan
    # The inverse of the triangle of the columns, below the diagonal.
    half = np.zeros((p, p))
    for i in range(p):
        half[i, i] = 1.0 / lower[i, i]
        for j in range(i):
            left = 0.0
            for k in range(j, i):
                left -= lower[i, k] * half[k, j]
            half[i, j] = left / lower[i, i]
    inverse, beta, log_det = np.zeros((p, p)), np.zeros(p), 0.0
    for i in range(p):
        log_det += 2.0 * np.log(lower[i, i])
        for k in range(i, p):
            beta[i] += half[k, i] * lower[p, k]
            for j in range(p):
                inverse[i, j] += half[k, i] * half[k, j]
    return inverse, log_det, beta, lower[p, p] ** 2


@compiled
def _cholesky(matrix: FloatArray, lower: FloatArray) -> bool:
    """Write the lower triangle of the Cholesky factor; False where the matrix is not positive definite."""
    for i in range(len(lower)):
        for j in range(i + 1):
            left = matrix[i, j]
            for k in range(j):
                left -= lower[i, k] * lower[j, k]
            if i > j:
                lower[i, j] = left / lower[j, j]
            elif left > 0.0:
                lower[i, i] = np.sqrt(left)
            else:
                return False
    return True


@compiled
def _quadratic(matrix: FloatArray, beta: FloatArray, p: int) -> float:
    """R' M r with r = (-beta, 1)."""
    total = float(matrix[p, p])
    for i in range(p):
        total -= 2.0 * beta[i] * matrix[i, p]
        for j in range(p):
            total += beta[i] * beta[j] * matrix[i, j]
    return total


@compiled
def _residual_slope(matrix: FloatArray, beta: FloatArray, p: int, out: FloatArray) -> None:
    """Write the part of M r that belongs to the columns, with r = (-beta, 1)."""
    for i in range(p):
        out[i] = matrix[i, p]
        for j in range(p):
            out[i] -= matrix[i, j] * beta[j]


@compiled
def _bilinear(inverse: FloatArray, left: FloatArray, right: FloatArray, p: int) -> float:
    total = 0.0
    for i in range(p):
        for j in range(p):
            total += left[i] * inverse[i, j] * right[j]
    return total


@compiled
def _trace(inverse: FloatArray, matrix: FloatArray, p: int) -> float:
    total = 0.0
    for i in range(p):
        for j in range(p):
            total += inverse[i, j] * matrix[j, i]
    return total


@compiled
def _trace_of_square(inverse: FloatArray, left: FloatArray, right: FloatArray, p: int) -> float:
    """The trace of inverse left inverse right."""
    total = 0.0
    for i in range(p):
        for j in range(p):
            one = 0.0
            other = 0.0
            for k in range(p):
                one += inverse[i, k] * left[k, j]
                other += inverse[j, k] * right[k, i]
            total += one * other
    return total
