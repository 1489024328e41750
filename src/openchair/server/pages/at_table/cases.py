"""Cases: who is unhappy, what they said, what would put it right, and what was done."""

from starlette.responses import Response

from openchair.chair.listening.speaking.caring import CHANNELS, UNWANTED, VERDICTS
from openchair.chair.listening.views import CaseFigures
from openchair.core.estimate import Estimate, Number
from openchair.server.pages.drawing import words
from openchair.server.pages.drawing.bars import scale_of
from openchair.server.pages.page import Form, Page, Visit

PAGE = 50
LATELY = 20
WHOSE = {"": "Everyone’s", "mine": "Mine", "nobody": "Nobody’s"}
LABELS = {
    "fixed": "It is put right",
    "explained": "It is explained",
    "not reached": "They were not reached",
    UNWANTED: "They want no answer",
}
"""What a case may close with (caring.VERDICTS), as a person says it."""


def headline(figures: CaseFigures) -> str:
    """How many are owed an answer, in words.

    >>> from openchair.core.estimate import Unknown
    >>> headline(CaseFigures(2, 1, 0, Unknown(""), Unknown(""), Unknown("")))
    'Two people are owed an answer'
    """
    if not figures.open:
        return "Nobody is owed an answer"
    return words.counted(figures.open, "person is owed an answer", "people are owed an answer")


def told(number: Number, factor: float = 1.0, unit: str = "", *, sign: bool = False) -> tuple[str, str] | None:
    """A figure and its interval in words; None where it is not known.

    >>> told(Estimate(12.4, 8.0, 20.1, n=30), unit=" hours")
    ('12 hours', '8 to 20')
    >>> told(Estimate(-1.25, -2.0, 0.5, n=30), sign=True)
    ('−1.2', '−2.0 to +0.5')
    """
    if not isinstance(number, Estimate):
        return None
    form = "{:+.1f}" if sign else "{:,.0f}"
    value, low, high = (form.format(factor * x).replace("-", "−") for x in (number.value, number.low, number.high))
    return f"{value}{unit}", f"{low} to {high}"


def _cases(at: Visit) -> Response:
    whose = at.asked("whose") if at.asked("whose") in WHOSE else ""
    owner = {"": None, "mine": at.by.name, "nobody": ""}[whose]
    found, more = at.chair.cases.cases(owner=owner, limit=PAGE, after=at.asked("after") or None)
    figures = at.chair.cases.figures()
    return at.draw(
        "cases.html", headline=headline(figures), figures=figures, told=told, cases=found,
        closed=at.chair.cases.cases(closed=True, limit=LATELY)[0], whose=whose,
        ways={name: (label, f"/cases?whose={name}") for name, label in WHOSE.items()},
        following=at.linked(whose=whose, after=found[-1].case_id) if more and found else "", labels=LABELS,
        hours=at.house.settings.case_hours,
    )  # fmt: skip


def _case(at: Visit) -> Response:
    case = at.chair.cases.case(at.key("case_id"), by=at.by)
    dossier = at.chair.people.dossier(case.customer.customer_id, by=at.by)
    return at.draw(
        "case.html", case=case, dossier=dossier,
        phones=[name.removeprefix("phone:") for name in dossier.identifiers if name.startswith("phone:")],
        scale=scale_of([dossier.worth]), me=at.by.name,
        verdicts={verdict: LABELS[verdict] for verdict in (*VERDICTS, UNWANTED)}, channels=CHANNELS, labels=LABELS,
    )  # fmt: skip


def _close(at: Visit) -> object:
    channel = at.said("channel") if "channel" in at.given else CHANNELS[0]
    given = at.some("done", "words")
    return at.chair.cases.close(at.key("case_id"), at.said("verdict"), by=at.by, channel=channel, **given)


PAGES = (
    Page("/cases", _cases),
    Page(
        "/cases/{case_id}",
        _case,
        (
            Form("owner", lambda at: at.chair.cases.own(at.key("case_id"), at.said("owner"), by=at.by)),
            Form("close", _close),
        ),
    ),
)
