"""A told report with every kind of block, hostile names among them, for whoever draws it."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from openchair.chair.reports import Asked
from openchair.core.blocks import (
    Column,
    Dot,
    Empty,
    Figure,
    Flow,
    Group,
    Line,
    Lines,
    Link,
    Quote,
    Scatter,
    Sentence,
    Stop,
    Table,
    Told,
    Waterfall,
    Way,
)
from openchair.core.estimate import Estimate, Unknown

HOSTILE = "<script>alert(1)</script> | *bold* [x](javascript:y) " + "a" * 60
LACKING = Unknown("too few answers", needed=7)
STOPS = tuple(
    Stop(name, lane, customers, pain, href)
    for name, lane, customers, pain, href in (
        ("saw a page", 0, 900, 0.1, "/journey/page"),
        ("searched", 0, 400, None, ""),
        ("filled a basket", 1, 620, 0.3, ""),
        (HOSTILE, 1, 80, 0.6, ""),
        ("ordered", 2, 410, 0.15, ""),
        ("waited for a parcel", 2, 390, 0.92, ""),
        ("asked for help", 2, 60, 0.8, ""),
        ("ordered again", 3, 150, 0.0, ""),
    )
)
WAYS = (
    Way(0, 1, 400, 0.2),
    Way(0, 2, 500, 0.1),
    Way(1, 2, 120, 0.3),
    Way(2, 4, 380, 0.2),
    Way(2, 3, 80, 0.6),
    Way(3, 0, 60, 0.7),
    Way(4, 5, 390, 0.9),
    Way(5, 6, 60, 0.8),
    Way(5, 7, 140, None),
    Way(6, 6, 9, 0.4),
)
DOTS = tuple(
    Dot(
        f"customer {k}",
        Estimate(900.0 * k * k, 700.0 * k * k, 1200.0 * k * k, n=k),
        Estimate(100.0 * (k * 7 % 23), 90.0 * (k * 7 % 23), 140.0 * (k * 7 % 23), n=k),
        1.0 + k % 5,
        ("misers", "affluents", "advocates", "champions")[k % 4],
        f"/customers/c{k}",
    )
    for k in range(24)
)
TOLD = Told(
    "blocks",
    f"Every kind of block, {HOSTILE}",
    (
        Sentence("What the report says, € 1,234 of it, first.", "lead"),
        Sentence("Something to see before the rest.", "warning"),
        Sentence(HOSTILE),
        Sentence("A caveat.", "note"),
        Figure("Score", Estimate(41.0, 36.0, 46.0, n=310), "points", "over 90 days"),
        Figure("Not known", LACKING),
        Figure("Plainly counted", 1234, "count"),
        Group("Keep those who are about to leave", (Sentence("140 of 302 did not buy again."),), over="Next"),
        Table(
            "A table?",
            (
                Column("Name"),
                Column("Why"),
                Column("Score", "number", True, (1.0, 3.0)),
                Column("Brought", "money", True),
                Column("On"),
            ),
            (
                (
                    Link("linked", "/customers/c1", HOSTILE),
                    "because",
                    1.5,
                    Estimate(5e5, -2e5, 9e5, n=9),
                    date(2026, 7, 1),
                ),
                (HOSTILE, HOSTILE, None, LACKING, None),
                ("many", "times", 3, Estimate(1e8, 9e7, 2e8, n=9), None),
                ("few", "", 1, Estimate(9e4, 1e4, 2e5, n=9), None),
            ),
            note="A note.",
            total=("all", None, 2.0, 3.0, None),
            ways=(Link("stage", "?by=stage", "shown"), Link("worth", "?by=worth")),
        ),
        Table("None?", (Column("A"), Column("B", "count")), (), empty="There are none."),
        Table(
            "Wide?",
            tuple(Column(f"Column {k}", "change", k == 8) for k in range(9)),
            (tuple(100 * k - 300 for k in range(9)),),
        ),
        Waterfall(
            "Why?", (("new customers", 51_000, "386 customers"), (HOSTILE, -18_000, ""), ("prices", 0, "")), "change"
        ),
        Scatter(
            "Who is worth what?",
            "spender value",
            "sender value",
            DOTS,
            "money",
            "money",
            60_000.0,
            1_000.0,
            ("misers", "affluents", "advocates", HOSTILE[:30]),
            note="Dots are customers.",
        ),
        Lines(
            "Is it changing?",
            tuple(f"{k} Nov" for k in range(1, 13)),
            (
                Line(
                    "foretold",
                    tuple(float(k) for k in range(12)),
                    tuple(k - 1.0 for k in range(12)),
                    tuple(k + 2.0 for k in range(12)),
                ),
                Line("came", (*(k * 1.2 for k in range(6)), None, *(k * 0.9 for k in range(7, 12)))),
            ),
            "number",
        ),
        Flow(
            "Which way do they go?", ("Recognise", "Request", "Respond", "Repeat"), STOPS, WAYS, "From left to right."
        ),
        Quote(HOSTILE, "Nadia", "/customers/c1", date(2026, 7, 1)),
        Quote("Nobody said it"),
        Group(
            "A group",
            (
                Table("Inner?", (Column("A"), Column("B", "share")), (("x", 0.004), ("y", 0.5))),
                Group("Deeper", (Sentence("Still read."),)),
            ),
        ),
        Empty("Nothing yet", "What would be here.", "Import orders", "/imports"),
    ),
    "EUR",
    True,
)


@dataclass(frozen=True)
class MadeUpReport:
    """A report that tells all of it, whoever asks."""

    name: str = "blocks"
    title: str = "Blocks"
    takes: tuple[str, ...] = ()

    def asked(self, given: Any) -> Asked:
        return Asked()

    def read(self, chair: Any, asked: Asked) -> Told:
        return TOLD

    def tell(self, view: Told) -> Told:
        return view
