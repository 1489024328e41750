"""Groups of records that are one: who may join whom, and which single tie two groups hang by."""

from collections import deque
from collections.abc import Callable, Hashable, Iterable
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.int64]
Mask = NDArray[np.bool_]
Who = TypeVar("Who", bound=Hashable)


class Ties(Generic[Who]):
    """Groups that grow by joining, and pairs that must stay apart.

    >>> ties = Ties([("a", "b")], [("b", "c")])
    >>> ties.refusal("a", "c"), ties.refusal("a", "b"), ties.refusal("a", "d")
    ('apart', 'joined', '')
    """

    def __init__(self, joined: Iterable[tuple[Who, Who]] = (), apart: Iterable[tuple[Who, Who]] = ()) -> None:
        self._up: dict[Who, Who] = {}
        self._foes: dict[Who, set[Who]] = {}
        for left, right in joined:
            self.join(left, right)
        for left, right in apart:
            one, other = self.group(left), self.group(right)
            self._foes.setdefault(one, set()).add(other)
            self._foes.setdefault(other, set()).add(one)

    def group(self, who: Who) -> Who:
        """Whoever stands for the group."""
        top = who
        while (up := self._up.get(top, top)) != top:
            top = up
        while who != top:
            self._up[who], who = top, self._up[who]
        return top

    def join(self, left: Who, right: Who) -> None:
        """Make two groups one."""
        one, other = self.group(left), self.group(right)
        if one == other:
            return
        if len(self._foes.get(one, ())) < len(self._foes.get(other, ())):
            one, other = other, one
        self._up[other] = one
        for foe in self._foes.pop(other, set()):
            self._foes[foe].discard(other)
            self._foes[foe].add(one)
            self._foes.setdefault(one, set()).add(foe)

    def refusal(self, left: Who, right: Who) -> str:
        """Why two may not be joined: self, joined (they are one already), apart; empty when they may."""
        one, other = self.group(left), self.group(right)
        if one == other:
            return "self" if left == right else "joined"
        return "apart" if other in self._foes.get(one, ()) else ""


Pair = tuple[str, str]


def ways_between(joined: Iterable[Pair], one: str, other: str) -> list[Pair]:
    """The pairs by way of which two are joined: the shortest way, the next one without those, until there is none.

    The order of pairs changes nothing.

    >>> ways_between([("c", "b"), ("a", "c"), ("b", "d")], "a", "b")
    [('a', 'c'), ('c', 'b')]
    """
    near: dict[str, dict[str, Pair]] = {}
    for pair in sorted(joined):
        near.setdefault(pair[0], {})[pair[1]] = near.setdefault(pair[1], {})[pair[0]] = pair
    found: list[Pair] = []
    while True:
        came_from, rim = {one: one}, deque([one])
        while rim and other not in came_from:
            here = rim.popleft()
            fresh = [who for who in near.get(here, ()) if who not in came_from]
            came_from |= dict.fromkeys(fresh, here)
            rim.extend(fresh)
        if one == other or other not in came_from:
            return sorted(found)
        at = other
        while at != one:
            before = came_from[at]
            found.append(near[at].pop(before))
            del near[before][at]
            at = before


def guarded(left: Codes, right: Codes, sure: Mask, alike: Mask, enough: Callable[[int, int], float]) -> Mask:
    """Which sure pairs may join their groups, taken in the order given.

    left, right: (k,) codes of records. sure: (k,) pairs that would join. alike: (k,) pairs that speak for it.
    enough: how many alike pairs there must be across two groups of these sizes. A pair within one group may.
    """
    ties: Ties[int] = Ties()
    across: dict[int, dict[int, int]] = {}
    sizes: dict[int, int] = {}
    for a, b in zip(left[alike].tolist(), right[alike].tolist(), strict=True):
        for one, other in ((a, b), (b, a)):
            beside = across.setdefault(one, {})
            beside[other] = beside.get(other, 0) + 1
    may = np.zeros(len(left), dtype=np.bool_)
    for place in np.flatnonzero(sure).tolist():
        one, other = ties.group(int(left[place])), ties.group(int(right[place]))
        if one != other:
            size = sizes.get(one, 1), sizes.get(other, 1)
            if across.get(one, {}).get(other, 0) < enough(*size):
                continue
            ties.join(one, other)
            one, other = (one, other) if ties.group(one) == one else (other, one)
            sizes[one] = sum(size)
            for third, count in across.pop(other, {}).items():
                across[third].pop(other)
                if third != one:
                    across.setdefault(one, {})[third] = across[third][one] = across[third].get(one, 0) + count
        may[place] = True
    return may


def bridges(left: Codes, right: Codes, least: int) -> Mask:
    """Which pairs are all that holds two groups of at least `least` records each together.

    left, right: (k,) codes of records tied; a pair given twice is no bridge. Tarjan (1974), A note on finding the
    bridges of a graph. The order of pairs changes nothing.
    """
    near: dict[int, list[tuple[int, int]]] = {}
    for place, (a, b) in enumerate(zip(left.tolist(), right.tolist(), strict=True)):
        near.setdefault(a, []).append((b, place))
        near.setdefault(b, []).append((a, place))
    found = np.zeros(len(left), dtype=np.bool_)
    number: dict[int, int] = {}
    for start in near:
        if start in number:
            continue
        number[start] = first = len(number)
        # By depth: whom we came to, by which pair, what is left to see, the earliest record it leads back to.
        path = [(start, -1, iter(near[start]))]
        low, below, hanging = {start: first}, {start: 1}, []
        while path:
            here, by, rest = path[-1]
            step = next(((who, pair) for who, pair in rest if pair != by), None)
            if step is None:
                path.pop()
                if path:
                    up = path[-1][0]
                    low[up] = min(low[up], low[here])
                    below[up] += below[here]
                    if low[here] == number[here]:
                        hanging.append((by, below[here]))
            elif step[0] in number:
                low[here] = min(low[here], number[step[0]])
            else:
                who, pair = step
                number[who] = low[who] = len(number)
                below[who] = 1
                path.append((who, pair, iter(near[who])))
        size = len(number) - first
        for pair, hangs in hanging:
            found[pair] = min(hangs, size - hangs) >= least
    return found
