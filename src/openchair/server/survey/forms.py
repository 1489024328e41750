"""What comes with a request to a survey's page: fields of a form, bounded, and what the address says."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from starlette.requests import Request

from openchair.listening.asking.answers import LONGEST_TEXT
from openchair.listening.asking.survey import Survey
from openchair.server.problems import Refused

BODY_BYTES = 512 * 1024
"""Two of the longest texts in letters of four bytes; more is refused whole."""
FIELDS = 60
ANSWER = "q."
"""What the name of a field begins with that answers a question."""
HONEYPOT = "leave_empty"
CHOOSE = "Choose one of the answers."
TOO_LONG = "This text is too long to be kept: at most {most} signs. Nothing was recorded yet."


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request says: of its form on POST, else of its address."""

    said: Mapping[str, str]
    answers: Mapping[str, str] = field(default_factory=dict)

    def get(self, name: str) -> str:
        """A field, or nothing."""
        return self.said.get(name, "")

    def score(self, name: str, survey: Survey) -> int | None:
        """A number that the first question could have been answered with; None for anything else."""
        bounds, text = survey.bounds(survey.questions[0]), self.get(name)
        if bounds is None or not (text.isdecimal() and len(text) <= 2 and bounds[0] <= int(text) <= bounds[1]):
            return None
        return int(text)


async def asked(request: Request) -> Asked:
    """What a request says. Raises Refused with 413 for a form that is too large, 400 for one with too many fields."""
    if request.method != "POST":
        return Asked({name: value[:300] for name, value in request.query_params.items()})
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        # What does not fit is read on for a while, so that the browser hears 413 and not a broken pipe.
        if size <= BODY_BYTES:
            parts.append(part)
        elif size > 8 * BODY_BYTES:
            break
    if size > BODY_BYTES:
        raise Refused(413, "too_large", "the form", value=size, bound=f"at most {BODY_BYTES} bytes")
    try:
        body = b"".join(parts).decode("utf-8", "replace")
        pairs = parse_qsl(body, keep_blank_values=True, max_num_fields=FIELDS, errors="replace")
    except ValueError:
        raise Refused(400, "bad_form", "the form", bound=f"at most {FIELDS} fields") from None
    answers = {name.removeprefix(ANSWER): value for name, value in pairs if name.startswith(ANSWER)}
    return Asked({name: value[:300] for name, value in pairs if not name.startswith(ANSWER)}, answers)


def too_long(answers: Mapping[str, str]) -> bool:
    """Whether one of these texts is longer than can be kept."""
    return any(len(text) > LONGEST_TEXT for text in answers.values())
