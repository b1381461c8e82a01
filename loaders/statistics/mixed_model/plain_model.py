"""The mixed model in matrices of the size of the animals: slow, and short enough to be checked against a textbook.

What likelihood.py computes from sums. The tests hold one against the other.

Source: Pinheiro and Bates 2000, Mixed-Effects Models in S and S-PLUS, chapters 2 and 5.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class PlainFit:
    """A fitted model; as `Fit`."""

    log_likelihood: float
    theta: float
    precision: float
    variance: float
    beta: FloatArray
    covariance: FloatArray


def fit_given(
    x: FloatArray,
    y: FloatArray,
    batch: IntArray,
    own_precision: FloatArray,
    theta: float,
    restricted: bool,
) -> PlainFit:
    """The model of greatest likelihood for given variances.

    x: shape (animals, columns). y, batch: shape (animals,).
    own_precision: shape (animals,); how much more certain an animal is than a control outside of any window.
    theta: variance between batches over that of controls.
    """
    same_batch = (batch[:, None] == batch[None, :]).astype(np.float64)
    v = np.diag(1 / own_precision) + theta * same_batch
    v_inverse = np.linalg.inv(v)
    information = x.T @ v_inverse @ x
    beta = np.linalg.solve(information, x.T @ v_inverse @ y)
    residual = y - x @ beta
    free = len(y) - x.shape[1] if restricted else len(y)
    variance = float(residual @ v_inverse @ residual) / free
    log_likelihood = -0.5 * (
        free * (1 + np.log(2 * np.pi * variance))
        + np.linalg.slogdet(v).logabsdet
        + (np.linalg.slogdet(information).logabsdet if restricted else 0.0)
    )
    covariance = variance * np.asarray(np.linalg.inv(information), dtype=np.float64)
    return PlainFit(
        float(log_likelihood), theta, np.nan, variance, np.asarray(beta, dtype=np.float64), covariance
    )


def plain_fit(
    x: FloatArray,
    y: FloatArray,
    batch: IntArray,
    is_mutant: npt.NDArray[np.bool_],
    weights: FloatArray,
    has_batch: bool,
    has_precision: bool,
    restricted: bool,
) -> PlainFit:
    """The model of greatest likelihood. weights: shape (animals,); the rest as for `fit_given` and `Model`."""

    def given(logs: FloatArray) -> PlainFit:
        theta = np.exp(logs[0]) if has_batch else 0.0
        precision = np.exp(logs[1]) if has_precision else 1.0
        found = fit_given(x, y, batch, weights * np.where(is_mutant, precision, 1.0), theta, restricted)
        return PlainFit(found.log_likelihood, theta, precision, found.variance, found.beta, found.covariance)

    def loss(logs: FloatArray) -> float:
        return -given(logs).log_likelihood

    searched = minimize(
        loss,
        np.zeros(2),
        method="Nelder-Mead",
        options={"xatol": 1e-9, "fatol": 1e-12, "maxiter": 4000},
    )
    return given(searched.x)
