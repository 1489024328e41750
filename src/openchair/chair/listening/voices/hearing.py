"""Voices: what customers say in their own words, heard sentence by sentence and gathered into themes."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from openchair.chair.actor import Actor
from openchair.chair.listening.views import Heard, Quote, Theme, Wish
from openchair.chair.listening.voices import proposing
from openchair.chair.listening.voices.figuring import changes, needs_of, share_of, stake, wanted, weekly
from openchair.chair.listening.voices.hear import spoken
from openchair.chair.state.records import ThemeRow
from openchair.chair.views import Review
from openchair.core.clock import Moment
from openchair.core.errors import BadInput, NotAllowed, NotFound
from openchair.core.records import filled
from openchair.listening.voices.embedding import Embedder, embedder_of
from openchair.listening.voices.reading import READINGS, WISHES

if TYPE_CHECKING:
    from openchair.chair.chair import Chair

DAYS = 90
MOST_DAYS = 3_660
QUOTES = 3
QUOTES_OF_THEME = 30
LONGEST_NAME = 80
PROPOSALS, DOUBTFUL = 10, 0.45
"""Names and readings that an assistant proposes at once, and how sure a reading is that it is asked about."""
UNNAMED = "not named yet"
"""A theme in which no word was used by customers enough."""


@dataclass(frozen=True, slots=True)
class Voices:
    """What a shop's customers say."""

    chair: "Chair"

    @property
    def embedder(self) -> Embedder:
        """What gives sentences their meaning, as the settings have it. Raises BadInput where it is not at hand."""
        settings = self.chair.settings
        return embedder_of(settings.embedder, self.chair.encode, settings.embedder_model)

    def heard(self, days: int = DAYS) -> Heard:
        """Themes, those with most to say of them first, needs and aspirations of the last days (1 to 3,660).

        Raises BadInput.
        """
        if not 1 <= days <= MOST_DAYS:
            raise BadInput("days", value=days, bound=f"1 to {MOST_DAYS:,}", remedy="Give 90, say.")
        moment, state = self._moment(), self.chair.state
        since = moment.now - timedelta(days=days)
        totals = state.heard_totals(since, moment.now)
        rows = state.themes()
        quotes = self._quotes(state.heard_quotes(since, moment.now, each=QUOTES))
        themes = self._themes(rows, since, moment, totals["customers"], quotes)
        wishes = self._wishes({row.theme_id: row.name for row in rows}, since, moment, totals["customers"])
        return Heard(
            as_of=moment.now,
            days=days,
            **totals,
            themes=themes,
            wishes=wishes,
            embedder=self.chair.settings.embedder,
            simulated=self.chair.simulated,
        )

    def theme(self, theme_id: str, days: int = DAYS) -> Theme:
        """One theme with more of its sentences. Raises NotFound, BadInput."""
        row = next((one for one in self.chair.state.themes() if one.theme_id == theme_id), None)
        if row is None:
            raise NotFound("theme", value=theme_id, bound="is not here", remedy="List themes to find it.")
        moment, state = self._moment(), self.chair.state
        since = moment.now - timedelta(days=min(max(days, 1), MOST_DAYS))
        everyone = state.heard_totals(since, moment.now)["customers"]
        found = state.heard_quotes(since, moment.now, each=QUOTES_OF_THEME, theme_id=theme_id)
        return self._themes([row], since, moment, everyone, self._quotes(found), all=True)[0]

    def rename(self, theme_id: str, name: str, *, by: Actor) -> Theme:
        """Give a theme a name that no turn changes. Raises BadInput, NotAllowed, NotFound."""
        _of_the_team(by)
        plain = " ".join(name.split())
        if not 1 <= len(plain) <= LONGEST_NAME:
            raise BadInput(
                "name", value=name, bound=f"must have 1 to {LONGEST_NAME} characters", remedy="Give a shorter name."
            )
        if not self.chair.state.rename_theme(theme_id, plain, by.name):
            raise NotFound("theme", value=theme_id, bound="is not here", remedy="List themes to find it.")
        by.did(self.chair, "named a theme", None, f"{theme_id} {plain}")
        return self.theme(theme_id)

    def correct(self, fact_id: str, place: int, *, reading: str = "", theme_id: str = "", by: Actor) -> None:
        """Say what a sentence is, or which theme it is of. It is kept, and learned from at the next turn.

        Raises BadInput for what is no reading, NotFound for no such sentence or theme, NotAllowed.
        """
        _of_the_team(by)
        if not reading and not theme_id:
            raise BadInput("reading", bound=f"one of {', '.join(READINGS)}", remedy="Say what the sentence is.")
        if reading and reading not in READINGS:
            raise BadInput(
                "reading", value=reading, bound=f"one of {', '.join(READINGS)}", remedy="Choose one of these."
            )
        state = self.chair.state
        if theme_id and theme_id not in {one.theme_id for one in state.themes()}:
            raise NotFound("theme", value=theme_id, bound="is not here", remedy="List themes to find it.")
        if not state.correct(fact_id, place, by.name, reading=reading, theme_id=theme_id):
            raise NotFound(
                "sentence", value=f"{fact_id} {place}", bound="is not here", remedy="See the page Listening."
            )
        by.did(self.chair, "corrected a reading", None, f"{fact_id} {place}: {reading or theme_id}")

    def of(self, customer_id: str) -> tuple[str, ...]:
        """What a customer needs, wants and hopes for, in words, the most said first; empty where nothing was heard."""
        return needs_of(self.chair.state, customer_id)

    def said(self, fact_id: str, place: int) -> Quote | None:
        """One sentence, as evidence; None where it is not here, or whoever said it was erased."""
        rows = [row for row in self.chair.state.sentences(of=[fact_id]).to_pylist() if row["place"] == place]
        who = [self.chair.state.find(row["identifier"]) if row["identifier"] else None for row in rows]
        names = [(self.chair.state.customer(one) or {}).get("name") or "" if one else "" for one in who]
        told = [row | {"customer_id": c, "customer": n} for row, c, n in zip(rows, who, names, strict=True)]
        return next((one for some in self._quotes(told).values() for one in some), None)

    def propose(self, most: int = PROPOSALS) -> tuple[Review, ...]:
        """Let the assistant propose names of themes and what doubtful sentences are; each waits for a person.

        Raises BadInput where there is no assistant, Unreachable.
        """
        assistant = self.chair.assistant
        if assistant is None:
            raise BadInput("assistant", bound="is not set up", remedy="Set assistant_url and assistant_model.")
        now, themes = self.chair.clock(), self.heard().themes
        unnamed = [one for one in themes if not one.named_by and one.quotes][:most]
        doubtful = sorted((one for theme in themes for one in theme.quotes if one.surety < DOUBTFUL), key=_surety)
        names = [(proposing.name_of(theme, assistant), None) for theme in unnamed]
        readings = [(proposing.reading_of(quote, assistant), quote.customer_id) for quote in doubtful[:most]]
        found = [proposing.review_of(one, who, now) for one, who in (*names, *readings) if one is not None]
        self.chair.state.open_reviews(found)
        return tuple(found)

    def take(self, review: Review, *, by: Actor) -> None:
        """Do what an assistant proposed and a person took. Raises as `rename` and `correct` do."""
        what, _, rest = review.subject.partition(" ")
        if what == "theme":
            self.rename(rest, review.text, by=by)
        else:
            fact_id, _, place = rest.rpartition(" ")
            self.correct(fact_id, int(place), reading=review.text, by=by)

    def _moment(self) -> Moment:
        now = self.chair.moment()
        return Moment(max(now.now, self.chair.now_or_last()), now.zone)

    def _themes(
        self, rows: Sequence[ThemeRow], since: datetime, moment: Moment, everyone: int,
        quotes: Mapping[tuple[str, str], list[Quote]], *, all: bool = False,
    ) -> tuple[Theme, ...]:  # fmt: skip
        """Themes that were spoken of in these days, or all that are given."""
        state = self.chair.state
        sentences: dict[str, int] = defaultdict(int)
        felt: dict[str, float] = defaultdict(float)
        readings: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        languages: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        for one in state.heard_themes(since, moment.now):
            sentences[one["theme_id"]] += one["sentences"]
            felt[one["theme_id"]] += one["felt"]
            readings[one["theme_id"]][one["reading"]] += one["sentences"]
            languages[one["theme_id"]][one["language"]] += one["sentences"]
        spoke = {one["theme_id"]: one for one in state.heard_by(since, moment.now) if "theme_id" in one}
        trend = weekly(state, since, moment)
        changed = changes(state, moment, [row.theme_id for row in rows])
        found = [
            Theme(
                theme_id=row.theme_id,
                name=row.name or UNNAMED,
                names=dict(row.names),
                telling={code: tuple(words) for code, words in row.telling.items()},
                born_on=row.born_on,
                named_by=row.named_by,
                sentences=sentences[row.theme_id],
                messages=int(spoke[row.theme_id]["messages"]) if row.theme_id in spoke else 0,
                customers=int(spoke[row.theme_id]["customers"]) if row.theme_id in spoke else 0,
                share=share_of(spoke[row.theme_id]["customers"] if row.theme_id in spoke else 0, everyone),
                sentiment=felt[row.theme_id] / max(sentences[row.theme_id], 1),
                readings={name: readings[row.theme_id][name] for name in READINGS if readings[row.theme_id][name]},
                languages=_most_first(languages[row.theme_id]),
                at_stake=stake(spoke.get(row.theme_id), "ill"),
                trend=trend.get(row.theme_id, ()),
                change=changed.get(row.theme_id),
                quotes=tuple(quotes.get((row.theme_id, ""), ())),
            )
            for row in rows
            if all or sentences[row.theme_id]
        ]
        # Greetings and farewells are themes too; what says something comes first.
        return tuple(sorted(found, key=lambda one: (-_telling(one), one.theme_id)))

    def _wishes(self, names: Mapping[str, str], since: datetime, moment: Moment, everyone: int) -> tuple[Wish, ...]:
        state = self.chair.state
        rows = state.heard_by(since, moment.now, readings=WISHES)
        found = state.heard_quotes(since, moment.now, each=QUOTES, readings=WISHES)
        quotes = self._quotes(found, by_reading=True)
        ladder = wanted(state.heard_together(since, moment.now, WISHES), everyone)
        wishes = [
            Wish(
                reading=row["reading"],
                theme_id=row["theme_id"],
                name=names.get(row["theme_id"], "") or UNNAMED,
                customers=int(row["customers"]),
                share=share_of(row["customers"], everyone),
                worth=stake(row, ""),
                quotes=tuple(quotes.get((row["theme_id"], row["reading"]), ())),
                leads_to=tuple(
                    names[one] for one in ladder.get((row["theme_id"], row["reading"]), ()) if names.get(one)
                ),
            )
            for row in rows
            if row["customers"]
        ]
        return tuple(sorted(wishes, key=lambda one: (-one.customers, one.reading, one.theme_id)))

    def _quotes(
        self, rows: Sequence[Mapping[str, Any]], *, by_reading: bool = False
    ) -> dict[tuple[str, str], list[Quote]]:
        """Sentences with the words themselves, read back from history in one query; what is gone there is left out."""
        ids = sorted({row["fact_id"] for row in rows})
        texts: dict[str, str] = {}
        if ids:
            with self.chair.reading() as engine:
                said = spoken({kind: engine.facts(kind) for kind in ("voices", "answers")})
                wanted = engine.share(pa.table({"fact_id": ids}))
                found = engine.rows(said.semi_join(wanted, "fact_id").select("fact_id", "text"))
            texts = dict(zip(found["fact_id"].to_pylist(), found["text"].to_pylist(), strict=True))
        quotes: dict[tuple[str, str], list[Quote]] = defaultdict(list)
        seen = set()
        for row in rows:
            text = texts.get(row["fact_id"], "")
            words = text[row["begins"] : row["ends"]]
            key = (row["theme_id"], row["reading"] if by_reading else "")
            if not words or (key, words) in seen:
                continue
            seen.add((key, words))
            quotes[key].append(_quote(row, text, words))
        return quotes


AROUND = 160
"""Characters of what stood around a quote."""


def _quote(row: Mapping[str, Any], text: str, words: str) -> Quote:
    before, after = text[: row["begins"]].strip(), text[row["ends"] :].strip()
    return filled(
        Quote,
        row,
        before=before if len(before) <= AROUND else "…" + before[-AROUND:],
        text=words,
        after=after if len(after) <= AROUND else after[:AROUND] + "…",
    )


def _surety(quote: Quote) -> tuple[float, str, int]:
    return quote.surety, quote.fact_id, quote.place


def _telling(theme: Theme) -> float:
    """Customers, by the share of sentences that say something."""
    return theme.customers * (1 - theme.readings.get("other", 0) / max(theme.sentences, 1))


def _most_first(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def _of_the_team(by: Actor) -> None:
    if by.role == "customer":
        raise NotAllowed("voices", value=by.name, bound="are for the team to read", remedy="Ask them.")
