"""Opportunities: needs by how they matter and how they are met, and the sheets that work backwards from them."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from openchair.chair.actor import Actor
from openchair.chair.focus.opportunities.views import OpportunitiesReport, Opportunity, SheetView, Version, Written
from openchair.chair.listening.views import Heard, Quote, Wish
from openchair.chair.listening.voices.hearing import UNNAMED
from openchair.chair.state.records import Choice
from openchair.chair.wheel.stand import owned
from openchair.core.errors import BadInput, NotAllowed, NotFound
from openchair.core.estimate import Estimate, Unknown
from openchair.core.figures import interval
from openchair.core.ids import digest
from openchair.focus.opportunities import FEWEST, FIELDS, Evidence, Sheet, asked, draft, scored

if TYPE_CHECKING:
    from openchair.chair.chair import Chair

DAYS = 365
SPOKE = 3
"""Customers who must have spoken of a need before it is listed."""
SEED = 6
LONGEST, LONGEST_WHY, LONGEST_WHAT = 20_000, 2_000, 300
SHARED = 2
"""Words that an action must share with what tells a need before it may be what meets it."""
CAPABILITIES = ("held", "lacking")
SHEET, CAPABILITY = "sheet", "capability"
"""Kinds of choices."""


@dataclass(frozen=True, slots=True)
class Opportunities:
    """What there is to gain in meeting needs."""

    chair: "Chair"

    def report(self, days: int = DAYS) -> OpportunitiesReport:
        """Needs, wants and aspirations of the last days, ranked by opportunity score. Raises BadInput."""
        heard = self.chair.voices.heard(days)
        found = sorted((*self._heard(heard, days), *self._asked(days)), key=_rank)
        enough = any(isinstance(one.score, Estimate) for one in found)
        answers = max([heard.customers, *(one.customers for one in found)])
        return OpportunitiesReport(
            currency=self.chair.currency,
            as_of=heard.as_of,
            days=days,
            customers=heard.customers,
            opportunities=tuple(found),
            unknown="" if enough else "too few customers spoke or were asked",
            needed=None if enough else max(FEWEST - answers, 0) or None,
            simulated=self.chair.simulated,
        )

    def sheet(self, key: str, number: int = 0) -> SheetView:
        """The working-backwards page of an opportunity: its newest version, or one by number, or a draft.

        Raises NotFound.
        """
        kept, report = self.chair.state.choices(SHEET, key), self.report()
        known = next((one for one in report.opportunities if one.key == key), None)
        shown = next((one for one in kept if number in (0, one.number)), None)
        if number and shown is None:
            bound = "was never kept, or is gone"
            raise NotFound("version", value=number, bound=bound, remedy="Choose one that is listed.")
        if shown is not None:
            body = json.loads(shown.body)
            name, sheet = body.pop("name"), Sheet(**body)
        elif known is not None:
            name, sheet = known.name, self._draft(known, report.customers)
        else:
            raise NotFound("opportunity", value=key, bound="is not here", remedy="List opportunities to find it.")
        fact_id, _, sentence = sheet.quote.partition(" ")
        quote = self.chair.voices.said(fact_id, int(sentence)) if sentence.isdecimal() else None
        versions = tuple(Version(one.number, one.by, one.at, one.why) for one in kept)
        return SheetView(key, name, shown.number if shown else 0, sheet, quote, versions, known, self.chair.simulated)

    def write(self, key: str, written: Written, *, over: int, why: str = "", by: Actor) -> SheetView:
        """Keep a sheet as a new version. over: the version that was edited, 0 for the draft.

        Raises BadInput, NotFound, NotAllowed; Conflict where somebody kept another version meanwhile.
        """
        _of_the_team(by)
        before = self.sheet(key)
        if unknown := written.keys() - {one.name for one in fields(Sheet)}:
            bound = f"one of {', '.join(FIELDS)}, quote"
            raise BadInput("part of a sheet", value=min(unknown), bound=bound, remedy="Name one of these.")
        sheet = Sheet(**{**asdict(before.sheet), **{name: text.strip() for name, text in written.items()}})
        for name, text in asdict(sheet).items():
            if len(text) > LONGEST or (name == "headline" and not text):
                bound = f"has 1 to {LONGEST:,} characters" if name == "headline" else f"at most {LONGEST:,} characters"
                raise BadInput(name, value=f"{len(text):,} characters", bound=bound, remedy="Write another.")
        self._keep(SHEET, key, asdict(sheet) | {"name": before.name}, why, by, over)
        return self.sheet(key)

    def restore(self, key: str, number: int, *, by: Actor) -> SheetView:
        """Keep an older version anew, as the newest. Raises NotFound, NotAllowed."""
        _of_the_team(by)
        old = self.sheet(key, number)
        self._keep(SHEET, key, asdict(old.sheet) | {"name": old.name}, f"version {number} again", by)
        return self.sheet(key)

    def capable(self, key: str, capability: str, what: str = "", *, why: str = "", by: Actor) -> SheetView:
        """Say whether the shop holds what meets a need, and what it is; empty: as the catalogue has it.

        Raises BadInput, NotFound, NotAllowed.
        """
        _of_the_team(by)
        if capability and capability not in CAPABILITIES:
            bound = f"one of {', '.join(CAPABILITIES)}, or empty"
            raise BadInput("capability", value=capability, bound=bound, remedy="Choose one of these.")
        if len(what) > LONGEST_WHAT:
            bound = f"at most {LONGEST_WHAT} characters"
            raise BadInput("what meets it", value=f"{len(what)} characters", bound=bound, remedy="Say it shorter.")
        self.sheet(key)
        self._keep(CAPABILITY, key, {"capability": capability, "what": what.strip()}, why, by)
        return self.sheet(key)

    def _keep(
        self, kind: str, key: str, said: Mapping[str, str], why: str, by: Actor, over: int | None = None
    ) -> Choice:
        if len(why) > LONGEST_WHY:
            bound = f"at most {LONGEST_WHY:,} characters"
            raise BadInput("reason", value=f"{len(why):,} characters", bound=bound, remedy="Give a shorter one.")
        now, body = self.chair.clock(), json.dumps(said, ensure_ascii=False)
        kept = self.chair.state.choose(kind, key, body, by=by.name, at=now, why=why.strip(), over=over)
        self.chair.state.log(by.name, f"kept a {kind}", None, key, now)
        return kept

    def _heard(self, heard: Heard, days: int) -> Iterator[Opportunity]:
        """From what customers said by themselves."""
        since = heard.as_of - timedelta(days=days)
        spoke = {one["theme_id"]: one for one in self.chair.state.heard_by(since, heard.as_of) if "theme_id" in one}
        wishes = [one for one in heard.wishes if one.customers >= SPOKE and one.name != UNNAMED]
        most = max((one.customers for one in wishes), default=0) / max(heard.customers, 1)
        said, written = self.chair.state.chosen(CAPABILITY), self.chair.state.chosen(SHEET)
        for one in wishes:
            theme, rng = spoke[one.theme_id], np.random.default_rng(SEED)
            pleased = theme["customers"] - theme["ill"]
            wanted, met = (one.customers, heard.customers), (pleased, theme["customers"])
            found = scored(wanted, met, heard.customers, most, rng, self.chair.settings.confidence)
            key = f"{one.reading}-{one.theme_id}"
            capability, what, by = self._capability(said.get(key), self._words(one))
            yield Opportunity(
                key, one.reading, one.name, one.customers, found.importance, found.satisfaction, found.score, "heard",
                one.worth, capability, what, by, one.leads_to, one.quotes, key in written,
            )  # fmt: skip

    def _asked(self, days: int) -> Iterator[Opportunity]:
        """From surveys that ask how much needs matter and how well they are met."""
        with self.chair.reading() as engine:
            answers, now = engine.facts("answers"), self.chair.now_or_last()
            recent = answers.filter(answers.happened_at >= now - timedelta(days=days), answers.happened_at < now)
            identities = engine.share(self.chair.state.identities()).select("identifier", "customer_id")
            rows = engine.rows(asked(owned(recent, identities))).to_pylist()
        told = {(row["need"], row["asks"]): (row["top"], row["n"]) for row in rows}
        said, written = self.chair.state.chosen(CAPABILITY), self.chair.state.chosen(SHEET)
        for need in sorted({need for need, _asks in told}):
            wanted, met = (told.get((need, asks), (0, 0)) for asks in ("importance", "satisfaction"))
            answers, rng = min(wanted[1], met[1]), np.random.default_rng(SEED)
            found = scored(wanted, met, answers, 1.0, rng, self.chair.settings.confidence)
            key = f"asked-{digest('need', need)[:20]}"
            capability, what, by = self._capability(said.get(key), _stems(need))
            yield Opportunity(
                key, "asked", need, wanted[1], found.importance, found.satisfaction, found.score, "asked",
                Unknown("those who answered are counted, not what they are worth"), capability, what, by, (), (),
                key in written,
            )  # fmt: skip

    def _words(self, wish: Wish) -> frozenset[str]:
        theme = next((one for one in self.chair.state.themes() if one.theme_id == wish.theme_id), None)
        return _stems(" ".join((wish.name, *(theme.telling.get("en", ()) if theme else ()))))

    def _capability(self, said: Choice | None, words: frozenset[str]) -> tuple[str, str, str]:
        """held, perhaps or lacking; what meets it; and who said so."""
        told = json.loads(said.body) if said else {}
        if said and told["capability"]:
            return told["capability"], told["what"], said.by
        shared = {
            action.title: len(words & _stems(f"{action.title} {action.want} {action.relationship}"))
            for action in self.chair.catalogue
        }
        best = max(shared, key=lambda title: (shared[title], title), default="")
        return ("perhaps", best, "") if shared.get(best, 0) >= SHARED else ("lacking", "", "")

    def _draft(self, known: Opportunity, everyone: int) -> Sheet:
        worth = "Not known yet."
        if isinstance(known.worth, Estimate):
            worth = f"They are expected to spend {interval(known.worth, 'money', self.chair.currency)} in 12 months."
        met = "Not known yet: too few spoke of it."
        if isinstance(known.satisfaction, Estimate):
            met = f"Satisfaction is {interval(known.satisfaction, 'number', '')} of 10, as {known.known_by}."
        return draft(
            Evidence(
                shop=self.chair.settings.name or "The shop",
                name=known.name,
                reading=known.reading,
                customers=known.customers,
                everyone=everyone,
                worth=worth,
                met=met,
                leads_to=known.leads_to,
                held=known.what,
                quote=reference(known.quotes[0]) if known.quotes else "",
            )
        )


def reference(quote: Quote) -> str:
    """How a sheet names a customer's sentence: by its fact and place, so that who is erased is quoted no more."""
    return f"{quote.fact_id} {quote.place}"


def _rank(one: Opportunity) -> tuple[float, float, str]:
    worth = one.worth.value if isinstance(one.worth, Estimate) else 0.0
    return -(one.score.value if isinstance(one.score, Estimate) else -1.0), -worth, one.key


def _stems(text: str) -> frozenset[str]:
    """Beginnings of the longer words of a text."""
    return frozenset(word[:5] for word in re.findall(r"\w{4,}", text.lower()))


def _of_the_team(by: Actor) -> None:
    if by.role == "customer":
        raise NotAllowed("focus", value=by.name, bound="is for the team to choose", remedy="Ask them.")
