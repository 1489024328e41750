"""A survey as a letter: its first question with one link a score, in the customer's language."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from openchair.chair.acting.carrying import Outgoing, Undone
from openchair.chair.listening.asking.picking import WAY, thing_of
from openchair.chair.ports import Letter
from openchair.chair.state.records import Message
from openchair.core.ids import identifier
from openchair.listening.asking.survey import Survey

if TYPE_CHECKING:
    from openchair.chair.chair import Chair

WORDS: Mapping[str, tuple[str, str, str]] = {
    "en": (
        "Answer in your browser",
        "No more questions by e-mail",
        "You get this because you are a customer of {shop} and agreed to be asked.",
    ),
    "ur": (
        "براؤزر میں جواب دیں",
        "مجھے ای میل سے مزید سوال نہ بھیجیں",
        "یہ پیغام آپ کو اس لیے ملا ہے کہ آپ {shop} کے گاہک ہیں اور آپ نے سوال پوچھے جانے کی اجازت دی ہے۔",
    ),
    "th": (
        "ตอบในเบราว์เซอร์",
        "ไม่ต้องส่งคำถามทางอีเมลอีก",
        "คุณได้รับอีเมลนี้เพราะคุณเป็นลูกค้าของ {shop} และยินยอมให้เราสอบถามความคิดเห็น",
    ),
}
"""By language: where to answer, how to leave, why they get it. English where a survey speaks a language of its own."""


def ready(chair: "Chair", message: Message, customer_id: str) -> Outgoing | Undone:
    """An invitation as it goes out now, or why it goes no more."""
    found = chair.state.invitation(message.message_id)
    if found is None or found.survey.status != "live" or found.identifier is None:
        return Undone("the survey is closed")
    if message.channel == "e-mail" and chair.state.find(identifier("email", message.address)) != customer_id:
        return Undone("the address is theirs no more")
    settings, survey = chair.settings, found.survey.definition
    where = settings.address + chair.surveys.path(message)
    letter = letter_of(survey, message, to=message.address or found.identifier, where=where, shop=settings.name)
    return Outgoing(WAY, thing_of(survey, message.channel), letter)


def about(chair: "Chair", message: Message) -> dict[str, Any]:
    """What a contact by an invitation is about."""
    return {"action": chair.surveys.get(message.subject).definition.action}


def purpose(chair: "Chair", message: Message) -> str:
    """What whoever leaves by an invitation has had enough of."""
    return "research"


def letter_of(survey: Survey, message: Message, *, to: str, where: str, shop: str) -> Letter:
    """What a customer is sent. where: the address at which the invitation is answered; looking records nothing."""
    language = survey.spoken(message.language)
    question, bounds = survey.questions[0], survey.bounds(survey.questions[0])
    answer, leave, footer = WORDS.get(language, WORDS["en"])
    scores = range(bounds[0], bounds[1] + 1) if bounds else ()
    return Letter(
        message_id=message.message_id,
        kind=message.kind,
        channel=message.channel,
        subject=message.subject,
        to=to,
        language=language,
        title=survey.title[language],
        text=survey.why[language],
        question=question.text[language],
        choices=tuple((str(score), f"{where}?score={score}") for score in scores),
        ends=(question.low.get(language, ""), question.high.get(language, "")),
        link=(answer, where),
        leave=(leave, f"{where}/unsubscribe"),
        trap=f"{where}?trap=1",
        footer=footer.format(shop=shop),
    )
