"""Baskets: an order's lines in money, each cent in its place, as E-commerce V2 calls give them."""

from collections.abc import Mapping, Sequence
from typing import Any

from openchair.core.errors import BadInput
from openchair.core.money import to_minor


def spread(total: int, weights: Sequence[float]) -> list[int]:
    """`total` minor units shared in proportion to weights (not negative), exactly: by largest remainder, first wins.

    >>> spread(100, [1, 1, 1]), spread(-5, [0, 0]), sum(spread(999, [0.1, 7, 3]))
    ([34, 33, 33], [-3, -2], 999)
    """
    if not weights:
        return []
    weight = sum(weights)
    shares = list(weights) if weight > 0 else [1.0] * len(weights)
    weight = weight if weight > 0 else float(len(weights))
    size, sign = abs(total), -1 if total < 0 else 1
    exact = [size * (share / weight) for share in shares]
    parts = [int(e) for e in exact]
    left = size - sum(parts)
    for place in sorted(range(len(parts)), key=lambda i: parts[i] - exact[i])[: max(left, 0)]:
        parts[place] += 1
    for place in range(-min(left, 0)):  # floats of very large totals may overshoot by a unit
        parts[place] -= 1
    return [sign * p for p in parts]


def money(value: Any, currency: str) -> int | None:
    """Minor units of a number or numeric text in a call; None when absent. Raises BadInput when it is neither."""
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise BadInput("amount", value=value, bound="a number", remedy="Send 12.50.")
    return to_minor(value, currency)


def quantity(product: Mapping[str, Any]) -> float:
    """How many of a product; one when it does not say. Raises BadInput beyond 0 to 10^9."""
    said = product.get("quantity")
    try:
        n = 1.0 if said is None or said == "" else float(said)
    except (TypeError, ValueError):
        n = -1.0
    if not 0 <= n <= 1e9:
        raise BadInput("quantity", value=said, bound="between 0 and 10^9", remedy="Send the number of pieces.")
    return n


def lines(properties: Mapping[str, Any], currency: str) -> list[tuple[Mapping[str, Any], float, int, int]]:
    """An order's lines: product, quantity, what was paid for it and the discount on it, both in minor units.

    What an order says of itself is shared over its lines to the cent: its discount by their price, and what of its
    revenue no line accounts for over the lines without a price. An order without products is one line. Without any
    amount there is no line. Shipping and tax are not part of it. Raises BadInput for an amount that cannot be read.
    """
    products = [p for p in properties.get("products") or () if isinstance(p, Mapping)]
    if not products and (properties.get("product_id") or properties.get("sku")):
        products = [properties] if properties.get("price") is not None else []
    revenue = _revenue(properties, currency)
    discount = abs(money(properties.get("discount"), currency) or 0)
    if not products:
        return [] if revenue is None else [({}, 1.0, revenue, discount)]
    counts = [quantity(p) for p in products]
    prices = [money(p.get("price"), currency) for p in products]
    totals = [
        None if price is None else _line_total(p["price"], n, currency)
        for p, price, n in zip(products, prices, counts, strict=True)
    ]
    known = sum(t for t in totals if t is not None)
    open_places = [i for i, t in enumerate(totals) if t is None]
    if open_places:
        if revenue is None and len(open_places) == len(totals):
            return []
        rest = max((revenue or 0) + discount - known, 0)
        for place, part in zip(open_places, spread(rest, [counts[i] for i in open_places]), strict=True):
            totals[place] = part
    gross = [t or 0 for t in totals]
    off = spread(discount, [float(g) for g in gross])
    # Some shops send prices before the order's discount, some after it: the revenue tells which.
    after = revenue is not None and abs(sum(gross) - revenue) < abs(sum(gross) - discount - revenue)
    if discount > sum(gross) and not after:
        off = gross[:]
    paid = gross if after else [g - o for g, o in zip(gross, off, strict=True)]
    return list(zip(products, counts, paid, off, strict=True))


def _line_total(price: Any, count: float, currency: str) -> int:
    return to_minor(float(price) * count if count != 1.0 else price, currency)


def _revenue(properties: Mapping[str, Any], currency: str) -> int | None:
    revenue = money(properties.get("revenue"), currency)
    if revenue is not None:
        return revenue
    for name in ("total", "value"):
        total = money(properties.get(name), currency)
        if total is not None:
            extra = (money(properties.get("shipping"), currency) or 0) + (money(properties.get("tax"), currency) or 0)
            return total - extra if abs(total) >= extra else total
    return money(properties.get("subtotal"), currency)
