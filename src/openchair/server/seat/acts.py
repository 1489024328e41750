"""What a customer may do from their seat: one row an act, each said by the customer and by nobody else."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC

from openchair.chair.actor import CUSTOMER
from openchair.chair.chair import Chair
from openchair.core.errors import BadInput, NotAllowed
from openchair.dossier import telephone
from openchair.dossier.traits import NOTE
from openchair.facts.kinds import LINKS
from openchair.server.seat.texts import WORDINGS
from openchair.server.tongue import NAMES, Tongue

Fields = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Act:
    """Something that is done, and the part of the page where it was asked for."""

    part: str
    do: Callable[[Chair, str, Fields], object]


def _agree(chair: Chair, who: str, fields: Fields) -> None:
    """An answer is kept with the words it was given to, in the language they were read in."""
    purpose, channel, answer = [*fields["answer"].split("/"), "", ""][:3]
    language = fields["language"] if fields["language"] in NAMES else "en"
    wording = Tongue(language, UTC).plain(WORDINGS.get((purpose, channel), ""))
    chair.people.agree(who, purpose, channel, answer, by=CUSTOMER, wording=wording, language=language)


def _attend(chair: Chair, who: str, fields: Fields) -> None:
    """Where they name no hours, the shop's own hold again."""
    quiet = f"{fields['from']}-{fields['until']}" if fields["from"] and fields["until"] else ""
    chair.people.attend(who, by=CUSTOMER, wish=fields["wish"], quiet=quiet, timezone=fields["timezone"])
    if not quiet:
        chair.people.say(who, "quiet_hours", "", by=CUSTOMER)


def _say(chair: Chair, who: str, fields: Fields) -> None:
    if not fields["value"].strip():
        raise BadInput("value", value="", bound="must say something", remedy="To take it back, remove it.")
    chair.people.say(who, _open(fields["name"]), fields["value"], by=CUSTOMER)


def _open(name: str) -> str:
    """A trait that may be said at a seat: not an identifier, by which one would become somebody else."""
    if re.sub(r"[\s-]+", "_", name.strip().casefold()) in {*LINKS, *telephone.NAMES, NOTE}:
        raise NotAllowed("trait", value=name, bound="says who somebody is", remedy="Ask the team to change it.")
    return name


ACTS: Mapping[str, Act] = {
    "forbid": Act("rules", lambda chair, who, f: chair.people.forbid(who, f["term"], by=CUSTOMER)),
    "lift": Act("rules", lambda chair, who, f: chair.people.lift(who, f["term"], by=CUSTOMER)),
    "well": Act("rules", lambda chair, who, f: chair.people.say(who, "allergies", "none", by=CUSTOMER)),
    "say": Act("known", _say),
    "unsay": Act("known", lambda chair, who, f: chair.people.say(who, _open(f["name"]), "", by=CUSTOMER)),
    "agree": Act("agreed", _agree),
    "attend": Act("often", _attend),
    "veto": Act("decided", lambda chair, who, f: chair.people.veto(who, f["decision"], by=CUSTOMER)),
    "review": Act(
        "decided", lambda chair, who, f: chair.people.ask_review(who, f["decision"], by=CUSTOMER, text=f["text"])
    ),
}
"""By the last part of their address."""
