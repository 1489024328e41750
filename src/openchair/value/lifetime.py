"""What customers are worth over 12 months, 36 months and for life: margin of what is kept, in today's money.

Spend is counted net of returns and as paid, after discounts; `margin` is the share of it that stays with the shop. A
purchase later counts less: by `yearly_rate` a year, continuously. With M(t) the mean number of purchases by t,
the discounted number is e^(-dH) M(H) + d times the integral of e^(-dt) M(t) to H; for life each model has it as a mean
over rates (`Model.for_life`): the discounted expected residual transactions of Fader, Hardie & Lee (2005). An interval
has the shape of the one without discounting (`horizon`), for life up to the time after which a purchase counts half,
and the discounted mean.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from openchair.core.errors import BadInput
from openchair.value import horizon
from openchair.value.cases import Array, distinct, triples
from openchair.value.horizon import Horizon
from openchair.value.spend import Spend
from openchair.value.spender import Spender

WEEKS_A_YEAR = 365 / 7
HORIZONS: Mapping[str, float | None] = {"12 months": WEEKS_A_YEAR, "36 months": 3 * WEEKS_A_YEAR, "lifetime": None}
"""In weeks; None for life."""

_NODES = 48
_MOST_YEARLY_RATE = 10.0


def present(
    spender: Spender,
    spend: Spend,
    t: float | None,
    x: ArrayLike,
    t_x: ArrayLike,
    T: ArrayLike,
    mean_spend: ArrayLike,
    n_spend: ArrayLike,
    *,
    margin: float = 1.0,
    yearly_rate: float = 0.1,
    units_a_year: float = WEEKS_A_YEAR,
    confidence: float = 0.8,
) -> Horizon:
    """Each customer's spend to come as margin in today's money: as `horizon.predict`, which the rest is given to.

    t: the horizon in the unit of the triples, of which `units_a_year` make a year; None for life, for which a
    `yearly_rate` above 0 is needed. margin: in (0, 1]. `purchases` are discounted, too; `p_none` is the chance of none
    within t, for life within the time after which a purchase counts half. Raises BadInput out of these bounds.
    """
    if not 0 < margin <= 1:
        remedy = "Give 0.4 where two fifths of the price stay with the shop."
        raise BadInput("margin", value=margin, bound="must be in (0, 1]", remedy=remedy)
    if not 0 <= yearly_rate <= _MOST_YEARLY_RATE or (t is None and yearly_rate == 0):
        bound = f"must be in [0, {_MOST_YEARLY_RATE:g}], for life above 0"
        raise BadInput("yearly_rate", value=yearly_rate, bound=bound, remedy="Give 0.1 for a tenth a year.")
    d = float(np.log1p(yearly_rate)) / units_a_year
    shape = float(np.log(2.0)) / d if t is None else t
    found = horizon.predict(spender, spend, shape, x, t_x, T, mean_spend, n_spend, confidence)
    share = discount(spender, t, d, shape, *triples(x, t_x, T)) if d else np.ones_like(found.value)
    return replace(kept(found, margin * share), purchases=found.purchases * share)


def kept(found: Horizon, share: Array) -> Horizon:
    """The same predictions with only a share of each one's money. share: (n,)."""
    return replace(found, value=found.value * share, low=found.low * share, high=found.high * share)


def discount(spender: Spender, t: float | None, d: float, shape: float, x: Array, t_x: Array, T: Array) -> Array:
    """(n,) each one's discounted mean number of purchases by t, as a share of the undiscounted one by `shape`.

    d: the rate of discount a unit of time, above 0. t: as in `present`. x, t_x, T: of one shape, as in `spender.fit`.
    """
    rows, inverse = distinct(*(np.atleast_1d(values) for values in np.broadcast_arrays(x, t_x, T)))
    undiscounted = spender.expected(shape, *rows)
    counted = undiscounted > 0
    share: Array = np.where(counted, _discounted(spender, t, d, rows) / np.where(counted, undiscounted, 1.0), 0.0)
    return share[inverse]


def _discounted(spender: Spender, t: float | None, d: float, rows: list[Array]) -> Array:
    """The discounted mean number of purchases of each row; up to t by Gauss and Legendre's rule on a log scale."""
    if t is None:
        return spender.for_life(d, *rows)
    nodes, shares = np.polynomial.legendre.leggauss(min(_NODES, 4 + int(4 * d * t)))  # millionths off
    scale = spender.params["alpha"]  # time over which what is known of a new customer changes
    reach = np.log1p(t / scale)
    at = (nodes + 1.0) / 2.0 * reach
    times = np.append(scale * np.expm1(at), t)
    widths = np.append(d * scale * np.exp(at - d * times[:-1]) * shares / 2.0 * reach, np.exp(-d * t))
    total: Array = widths @ spender.expected(times[:, None], *rows)
    return total
