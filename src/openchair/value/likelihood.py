"""Maximum likelihood for a few parameters above 0, with standard errors."""

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
_FLAT = 1e-9  # curvature per customer below which the data say nothing of a direction
_SLOPE = 1e-5  # gradient per customer above which a point is no maximum


@dataclass(frozen=True, slots=True)
class Maximum:
    """Where a log-likelihood is highest. `standard_errors` are infinite for what the data do not determine."""

    params: Array
    log_likelihood: float
    standard_errors: Array


def maximise(what: str, names: Sequence[str], objective: Objective, start: Array, n: float) -> Maximum:
    """The parameters of the highest likelihood, by L-BFGS on their logarithms and then Newton's steps.

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
    bounds = [(at - _REACH, at + _REACH) for at in origin]
    options = {"maxiter": 500, "ftol": 1e-13, "gtol": 1e-8}
    found = minimize(downhill, origin, jac=True, method="L-BFGS-B", bounds=bounds, options=options)
    logs = np.asarray(found.x, dtype=np.float64)
    curvature = _curvature(downhill, logs) if np.isfinite(found.fun) else np.full((len(logs),) * 2, np.nan)
    if not np.isfinite(curvature).all():
        raise _failed(what, names, np.exp(logs), "its likelihood is not a finite number there")
    sizes, directions = np.linalg.eigh(curvature)
    steep = sizes > _FLAT
    inverse = (directions[:, steep] / sizes[steep]) @ directions[:, steep].T
    value, slope = downhill(logs)
    for _ in range(5):  # one curvature serves all steps: L-BFGS ends where the likelihood is all but quadratic
        tried = np.clip(logs - inverse @ slope, origin - _REACH, origin + _REACH)
        tried_value, tried_slope = downhill(tried)
        if not np.abs(tried_slope).max() < np.abs(slope).max():
            break
        logs, value, slope = tried, tried_value, tried_slope
    if not np.abs(slope).max() < _SLOPE:
        why = f"the likelihood still rises there, {np.abs(slope).max():.2g} a customer"
        raise _failed(what, names, np.exp(logs), why)
    params = np.exp(logs)
    determined = (np.abs(directions[:, ~steep]) < 1e-3).all(axis=1)
    errors = np.where(determined, params * np.sqrt(np.diag(inverse) / n), np.inf)
    return Maximum(params, -value * n, errors)


def _curvature(downhill: Callable[[Array], tuple[float, Array]], logs: Array) -> Array:
    """The matrix of second derivatives, by central differences of the gradient."""
    steps = np.eye(len(logs)) * _STEP
    rows = np.array([downhill(logs + step)[1] - downhill(logs - step)[1] for step in steps]) / (2 * _STEP)
    symmetric: Array = (rows + rows.T) / 2
    return symmetric


def _failed(what: str, names: Sequence[str], params: Array, why: str) -> FitFailed:
    reached = {name: float(f"{value:.4g}") for name, value in zip(names, params, strict=True)}
    remedy = "Fit it to more customers or a longer time, and look for rows which are not purchases."
    return FitFailed(what, value=reached, bound=f"no maximum was found, {why}", remedy=remedy)
