"""Maximum likelihood for a few parameters above 0, with standard errors.

SciPy's BFGS first, and L-BFGS-B only where that fails: for four parameters it needs no more steps, and the latter's
calls of a threaded LAPACK cost ten times the rest of a small fit when the machine's cores are busy.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from openchair.core.errors import FitFailed
from openchair.value.cases import Array

Objective = Callable[[Array], tuple[float, Array]]
"""From parameters to the weighted log-likelihood and its gradient."""

_REACH = 14.0  # how far the logarithm of a parameter may go from its start: a factor of a million either way
_STEP = 1e-4  # of the central differences, on the logarithm
_FLAT = 1e-4  # curvature below which the data say nothing of a direction: an error of a hundred e-folds
_SLOPE = 1e-2  # gain in log-likelihood an e-fold above which a point is no maximum


@dataclass(frozen=True, slots=True)
class Maximum:
    """Where a log-likelihood is highest. `standard_errors` are infinite for what the data do not determine.

    doubt: (k, k) rows are steps on the parameters' logarithms, one standard error long each and independent of each
    other: their squares add up to the covariance. Directions that the data do not determine have a row of 0.
    """

    params: Array
    log_likelihood: float
    standard_errors: Array
    doubt: Array


def maximise(what: str, names: Sequence[str], objective: Objective, start: Array, n: float) -> Maximum:
    """The parameters of the highest likelihood, by BFGS or L-BFGS-B on their logarithms and then Newton's steps.

    objective: of (k,) parameters above 0. start: (k,). n: how many customers the likelihood sums over.
    The errors are Laplace's: from the inverse of the curvature at the maximum. Where a likelihood is flat in some
    direction (buyers who are all alike, or of whom none was ever lost) a point on the ridge is given, and the errors
    of the parameters it runs along are infinite. Raises FitFailed where no maximum was reached.
    """

    def downhill(logs: Array) -> tuple[float, Array]:
        params = np.exp(logs)
        value, gradient = objective(params)
        return -value / n, -gradient * params / n

    origin = np.log(start)
    for search in (_bfgs, _l_bfgs_b):
        logs = search(downhill, origin)
        curvature = _curvature(downhill, logs)
        if not np.isfinite(curvature).all():
            continue
        sizes, directions = np.linalg.eigh(curvature)
        steep = sizes * n > _FLAT
        inverse = (directions[:, steep] / sizes[steep]) @ directions[:, steep].T
        logs, value, slope = _polished(downhill, logs, inverse, origin)
        if np.abs(slope).max() * n < _SLOPE:
            params = np.exp(logs)
            determined = (np.abs(directions[:, ~steep]) < 1e-3).all(axis=1)
            errors = np.where(determined, params * np.sqrt(np.diag(inverse) / n), np.inf)
            lengths = np.where(steep, 1.0 / np.sqrt(np.where(steep, sizes, 1.0) * n), 0.0)
            return Maximum(params, -value * n, errors, (directions * lengths).T)
    reached = {name: float(f"{value:.4g}") for name, value in zip(names, np.exp(logs), strict=True)}
    remedy = "Fit it to more customers or a longer time, and look for rows which are not purchases."
    raise FitFailed(what, value=reached, bound="no maximum was found, the search ended there", remedy=remedy)


def _bfgs(downhill: Objective, origin: Array) -> Array:
    """The logarithms of the parameters where BFGS ends, bent so that none goes beyond reach."""

    def bent(free: Array) -> tuple[float, Array]:
        share = np.tanh(free / _REACH)
        value, slope = downhill(origin + _REACH * share)
        return value, slope * (1.0 - share**2)

    found = minimize(bent, np.zeros(len(origin)), jac=True, method="BFGS", options={"gtol": 1e-7})
    logs: Array = origin + _REACH * np.tanh(found.x / _REACH)
    return logs


def _l_bfgs_b(downhill: Objective, origin: Array) -> Array:
    """The logarithms of the parameters where L-BFGS-B ends, none beyond reach."""
    bounds = [(at - _REACH, at + _REACH) for at in origin]
    options = {"maxiter": 500, "ftol": 1e-13, "gtol": 1e-8}
    logs: Array = minimize(downhill, origin, jac=True, method="L-BFGS-B", bounds=bounds, options=options).x
    return logs


def _polished(downhill: Objective, logs: Array, inverse: Array, origin: Array) -> tuple[Array, float, Array]:
    """Newton's steps while they lower the slope; with so quadratic a likelihood one curvature serves them all."""
    value, slope = downhill(logs)
    for _ in range(5):
        tried = np.clip(logs - inverse @ slope, origin - _REACH, origin + _REACH)
        tried_value, tried_slope = downhill(tried)
        if not np.abs(tried_slope).max() < np.abs(slope).max():
            break
        logs, value, slope = tried, tried_value, tried_slope
    return logs, value, slope


def _curvature(downhill: Objective, logs: Array) -> Array:
    """The matrix of second derivatives, by central differences of the gradient."""
    steps = np.eye(len(logs)) * _STEP
    rows = np.array([downhill(logs + step)[1] - downhill(logs - step)[1] for step in steps]) / (2 * _STEP)
    symmetric: Array = (rows + rows.T) / 2
    return symmetric
