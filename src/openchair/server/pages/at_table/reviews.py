"""Reviews: what only a person can tell. Who is one and who is not, shared identifiers, decisions to look at again."""

from collections.abc import Iterable

from starlette.responses import Response

from openchair.chair.intake import own
from openchair.chair.people.resolving import HOUSE
from openchair.chair.views import Merge
from openchair.server.pages.drawing import words
from openchair.server.pages.page import Form, Page, Visit

PAGE = 20
VERDICTS = {
    "identifier": {"seen": "Seen"},
    "decision": {"upheld": "It stays", "changed": "It was changed"},
    "proposal": {"take": "Take it", "leave": "Leave it"},
}
"""What may be answered to a review that is no merge, by its kind."""


def headline(asked: int, others: int, more: bool) -> str:
    """What waits, in words.

    >>> headline(1, 2, False), headline(0, 0, False), headline(20, 0, True)
    ('Three questions wait for a person', 'Nothing waits for a person', 'More than twenty questions wait for a person')
    """
    waiting = asked + others
    if not waiting:
        return "Nothing waits for a person"
    said = words.counted(waiting, "question waits for a person", "questions wait for a person")
    return f"More than {said[0].lower()}{said[1:]}" if more else said


def heaviest(merges: Iterable[Merge]) -> float:
    """The weight that fills half a line, the same for all pairs shown."""
    return max((abs(field.weight) for merge in merges for field in merge.evidence), default=1.0)


def likeliest(merges: Iterable[Merge]) -> list[Merge]:
    """The likeliest first; those who may be two of one house, who are alike in all else, come last.

    >>> from datetime import UTC, datetime
    >>> def pair(because: str, chance: float) -> Merge:
    ...     return Merge("m", "a", "b", "model", because, chance, (), "asked", datetime(2026, 1, 1, tzinfo=UTC))
    >>> [one.probability for one in likeliest([pair(HOUSE, 0.999), pair("name", 0.6), pair("place", 0.9)])]
    [0.9, 0.6, 0.999]
    """
    return sorted(merges, key=lambda merge: (HOUSE in merge.because, -(merge.probability or 0.0)))


def _reviews(at: Visit) -> Response:
    chair, customer = at.chair, at.asked("customer")
    asked, more = chair.merging.merges(status="asked", customer=customer, limit=PAGE, after=at.asked("after") or None)
    merged, apart = (
        chair.merging.merges(status=status, customer=customer, limit=PAGE)[0] for status in ("merged", "apart")
    )
    reviews = [one for kind in VERDICTS for one in chair.merging.reviews(kind=kind, limit=PAGE)[0]]
    ids = sorted({one for merge in (*asked, *merged, *apart) for one in (merge.left_id, merge.right_id)})
    return at.draw(
        "merges.html", headline=headline(len(asked), len(reviews), more), asked=likeliest(asked), merged=merged,
        apart=apart, reviews=reviews, verdicts=VERDICTS, unhappy=chair.cases.figures().open, largest=heaviest(asked),
        rows={row["customer_id"]: row for row in chair.state.rows_of(ids).to_pylist()},
        known_by={base: own.named(names).partition(":")[2] for base, names in chair.state.known_by(ids).items()},
        customer=customer, following=at.linked(customer=customer, after=asked[-1].merge_id) if more else "",
        here=at.address,
    )  # fmt: skip


def _settle(at: Visit) -> object:
    return at.chair.merging.settle(at.key("review_id"), at.key("verdict"), by=at.by, why=at.said("why"))


PAGES = (
    Page(
        "/merges",
        _reviews,
        (
            Form("find", lambda at: at.chair.merging.resolve(), shown=True),
            Form("{merge_id}/join", lambda at: at.chair.merging.join(at.key("merge_id"), by=at.by, why=at.said("why"))),
            Form(
                "{merge_id}/apart", lambda at: at.chair.merging.apart(at.key("merge_id"), by=at.by, why=at.said("why"))
            ),
            Form("/reviews/{review_id}/{verdict}", _settle),
        ),
    ),
)
