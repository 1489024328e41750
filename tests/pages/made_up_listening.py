"""What a made-up chair has heard: scores with and without enough answers, themes in three languages, wishes."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from openchair.chair.actor import Actor
from openchair.chair.listening.views import Change, Heard, Part, Point, Quote, ScoreReport, Theme, Wish
from openchair.core.errors import BadInput, NotFound
from openchair.core.estimate import Estimate, Unknown

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
MONDAY = date(2026, 8, 31)
ENDLESS = "a" * 180


def weeks(values: Sequence[float | None], width: float) -> tuple[Point, ...]:
    """A trend of so many weeks; None is a week with too few answers."""
    return tuple(
        Point(MONDAY + timedelta(weeks=k), v, v and v - width, v and v + width, 20 if v else 3)
        for k, v in enumerate(values)
    )


def change(moved: float, sure: bool) -> Change:
    known = Estimate(40.0, 35.0, 45.0, 200)
    return Change(date(2026, 11, 1), known, known, Estimate(moved, moved - 7, moved + 7, 200), sure)


NPS = ScoreReport(
    metric="nps", as_of=NOW, days=90, value=41.2, low=35.6, high=46.4, n=312, effective_n=268.4, promoters=178,
    passives=89, detractors=45, weighted_on=("stage", "language"), unweighted=Estimate(44.0, 39.0, 49.0, 312),
    response=Estimate(0.31, 0.28, 0.34, 1002), change=change(4.0, False), simulated=True,
    trend=weeks([38.0, 40.0, None, None, 36.0, 42.0, 41.0, 44.0, 39.0, 45.0, 43.0, 47.0], 11.0),
    by="stage", parts=(
        Part("steady", Estimate(52.0, 44.0, 59.0, 140), 140, 600),
        Part("slipping", Estimate(-18.0, -36.0, 1.0, 40), 40, 90),
        Part("new", Unknown("4 answers", needed=6), 4, 61), Part(ENDLESS, Estimate(10.0, -30.0, 48.0, 12), 12, 30),
    ),
)  # fmt: skip
NOTHING = ScoreReport(
    metric="nps", as_of=NOW, days=90, value=None, low=None, high=None, n=3, effective_n=None, promoters=2, passives=1,
    detractors=0, unknown="3 answers", needed=7,
)  # fmt: skip
CSAT = replace(NPS, metric="csat", value=83.0, low=79.0, high=86.0, parts=(), trend=(), change=None, by="")
CES = replace(NPS, metric="ces", value=5.6, low=5.4, high=5.8, parts=(), trend=(), change=None, by="")


def quote(place: int, text: str, language: str = "en", **changed: Any) -> Quote:
    base = Quote(
        fact_id="v1", place=place, kind="voices", customer_id="c0001", customer="Made-up Nadia", happened_at=NOW,
        channel="review", language=language, before="This is our third box.", text=text, after="", reading="pain",
        surety=0.82, read_by="model", sentiment=-0.6, theme_id="t1",
    )  # fmt: skip
    return replace(base, **changed)


LATE = Theme(
    theme_id="t1", name="late box", names={"en": "late box", "th": "มาช้า", "ur": "دیر سے"},
    telling={"en": ("late", "courier", "days"), "th": ("มาช้า", "รอ"), "ur": ("دیر", "انتظار")},
    born_on=date(2026, 3, 2), named_by="", sentences=214, messages=180, customers=161,
    share=Estimate(0.22, 0.19, 0.25, 730), sentiment=-0.62,
    readings={"pain": 180, "need": 12, "other": 22}, languages={"en": 120, "th": 60, "ur": 34},
    at_stake=Estimate(940_000.0, 510_000.0, 1_400_000.0, 150), trend=weeks([0.2, 0.21, 0.18, 0.24, 0.25, 0.3], 0.06),
    change=change(8.0, True),
    quotes=(quote(0, "The box came four days late."), quote(1, "ڈبہ چار دن دیر سے آیا۔", "ur", read_by="Bilal"),
            quote(2, "<script>alert(1)</script> " + ENDLESS, "und", customer_id=None)),
)  # fmt: skip
THEMES = (
    LATE,
    replace(LATE, theme_id="t2", name="ราคาสมเหตุสมผล", names={"th": "ราคาสมเหตุสมผล"}, telling={}, sentiment=0.4,
            change=None, named_by="Bilal", at_stake=Unknown("nobody unhappy has a value yet"), trend=(), quotes=()),
    replace(LATE, theme_id="t3", name=ENDLESS, share=Unknown("2 customers", needed=8), customers=2,
            trend=weeks([None] * 4, 1)),
)  # fmt: skip
HEARD = Heard(
    as_of=NOW, days=90, messages=812, sentences=2140, customers=730, languages={"en": 400, "th": 250, "ur": 162},
    themes=THEMES, unplaced=31, embedder="letters", simulated=True,
    wishes=(
        Wish("need", "t1", "less to decide", 61, Estimate(0.08, 0.06, 0.11, 730), Estimate(4e5, 2e5, 6e5, 61),
             (quote(0, "Just send what we liked last time.", reading="need"),), ("a kitchen without junk",)),
        Wish("aspiration", "t2", "to taste the world", 3, Unknown("3 customers", needed=7), Unknown("too few"), ()),
    ),
)  # fmt: skip


@dataclass
class MadeUpScores:
    """Answers as `chair.scores` does."""

    nps: ScoreReport = NPS

    def report(
        self, metric: str = "nps", *, days: int = 90, by: str = "", since: date | None = None, as_of: str = ""
    ) -> ScoreReport:
        return {"nps": replace(self.nps, by=by), "csat": CSAT, "ces": CES}[metric]


@dataclass
class MadeUpVoices:
    """Answers as `chair.voices` does; remembers what it was told."""

    all: Heard = HEARD
    said: list[tuple[Any, ...]] = field(default_factory=list)

    def heard(self, *, days: int = 90) -> Heard:
        return self.all

    def theme(self, theme_id: str, *, days: int = 90) -> Theme:
        found = {theme.theme_id: theme for theme in self.all.themes}
        if theme_id not in found:
            raise NotFound("theme", value=theme_id, bound="is not here", remedy="Open Listening.")
        return found[theme_id]

    def rename(self, theme_id: str, name: str, *, by: Actor) -> Theme:
        if not name.strip():
            raise BadInput("name", value=name, bound="must say something", remedy="Write a few words.")
        self.said.append(("rename", theme_id, name, by.name))
        return self.theme(theme_id)

    def correct(self, fact_id: str, place: int, *, reading: str = "", theme_id: str = "", by: Actor) -> None:
        self.said.append(("correct", fact_id, place, reading, by.name))
