"""Customers' histories as columns of numbers: checked, and reduced to the distinct ones.

Everything a buying model knows of a customer is a triple: `x` repeat purchases, the last of them `t_x` after the
first purchase, seen for `T` since the first purchase, both times in one unit (weeks, say). Many customers share a
triple, so models work on the distinct ones and their results are joined back by an inverse index.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from openchair.core.errors import BadInput

Array = NDArray[np.float64]
Index = NDArray[np.intp]


def column(name: str, values: ArrayLike, *, remedy: str = "Leave such rows out, or correct them.") -> Array:
    """The values as finite numbers of 0 or more, else BadInput naming the first that is not."""
    try:
        numbers = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as wrong:
        raise BadInput(name, value=values, bound="must be numbers", remedy="Give a sequence of numbers.") from wrong
    refuse(name, numbers, ~(np.isfinite(numbers) & (numbers >= 0)), "must be a finite number of 0 or more", remedy)
    return numbers


def refuse(name: str, values: Array, wrong: NDArray[np.bool_], bound: str, remedy: str) -> None:
    """Raise BadInput for the first row that is `wrong`, if there is one."""
    if wrong.any():
        row = int(np.argmax(wrong.ravel()))
        where = f"{name}, row {row}" if wrong.ndim else name
        raise BadInput(where, value=float(values.ravel()[row]), bound=bound, remedy=remedy)


def together(**columns: Array) -> list[Array]:
    """The columns at one common shape, else BadInput giving their shapes."""
    try:
        return list(np.broadcast_arrays(*columns.values()))
    except ValueError as wrong:
        shapes = {name: values.shape for name, values in columns.items()}
        remedy = "Give one value a customer in each."
        raise BadInput(" and ".join(columns), value=shapes, bound="must be of one length", remedy=remedy) from wrong


def counts(name: str, values: ArrayLike) -> Array:
    """The values as whole numbers of 0 or more, else BadInput naming the first that is not."""
    numbers = column(name, values)
    refuse(name, numbers, numbers != np.floor(numbers), "must be a whole number", "Count purchases, not their value.")
    return numbers


def triples(x: ArrayLike, t_x: ArrayLike, T: ArrayLike) -> tuple[Array, Array, Array]:
    """The checked triples at one common shape.

    Raises BadInput for what is not a finite number of 0 or more, an `x` which is not whole, a last purchase after the
    end of what was seen (t_x > T), a last repeat without a repeat (x = 0 with t_x > 0), and a repeat at the moment of
    the first purchase (x > 0 with t_x = 0), under which a likelihood has no bound.
    """
    repeats, last, seen = together(x=counts("x", x), t_x=column("t_x", t_x), T=column("T", T))
    refuse("t_x", last, last > seen, "must not be after T, the end of what was seen", "Measure both from one start.")
    none = (repeats == 0) & (last > 0)
    refuse("t_x", last, none, "must be 0 where x is 0", "Count t_x to the last repeat, 0 where there is none.")
    at_once = (repeats > 0) & (last == 0)
    refuse("t_x", last, at_once, "must be above 0 where x is above 0", "Count purchases of one moment as one purchase.")
    return repeats, last, seen


def same_length(weights: ArrayLike | None, **columns: Array) -> Array:
    """The weights of the rows of some columns, all 1 where None.

    Raises BadInput where there are no rows, the columns are not flat or differ in length, or a weight is not above 0.
    """
    shapes = {name: values.shape for name, values in columns.items()}
    (shape, *others) = dict.fromkeys(shapes.values())
    if others or len(shape) != 1:
        bound = "must be flat and of one length"
        raise BadInput(" and ".join(columns), value=shapes, bound=bound, remedy="Give one value a customer in each.")
    if shape == (0,):
        raise BadInput(" and ".join(columns), value=[], bound="must have at least one row", remedy="Give customers.")
    if weights is None:
        return np.ones(shape)
    numbers = column("weights", weights)
    if numbers.shape != shape:
        bound = f"must have the shape of the other columns, {shape}"
        raise BadInput("weights", value=numbers.shape, bound=bound, remedy="Give one weight a row.")
    refuse("weights", numbers, numbers <= 0, "must be above 0", "Leave out rows which stand for nobody.")
    return numbers


def distinct(*columns: Array) -> tuple[list[Array], Index]:
    """The distinct rows of flat columns, in order, and for every row the place of its own among them.

    >>> rows, inverse = distinct(np.array([2.0, 0.0, 2.0]), np.array([5.0, 1.0, 5.0]))
    >>> [column.tolist() for column in rows], inverse.tolist()
    ([[0.0, 2.0], [1.0, 5.0]], [1, 0, 1])
    """
    first, *others = columns
    _, inverse = np.unique(first, return_inverse=True)
    for values in others:
        levels, level = np.unique(values, return_inverse=True)
        _, inverse = np.unique(inverse.astype(np.int64) * len(levels) + level, return_inverse=True)
    place = np.empty(int(inverse.max(initial=-1)) + 1, dtype=np.intp)
    place[inverse] = np.arange(len(first))
    return [values[place] for values in columns], inverse


def totals(inverse: Index, weights: Array) -> Array:
    """The weights of rows summed over those which are the same distinct row."""
    return np.bincount(inverse, weights).astype(np.float64)


def on_distinct(think: Callable[..., Array], *columns: Array) -> Array:
    """What `think` makes of columns of one shape, computed once for each distinct row."""
    rows, inverse = distinct(*(values.ravel() for values in columns))
    joined: Array = think(*rows)[inverse].reshape(columns[0].shape)[()]
    return joined
