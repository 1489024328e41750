"""A survey as a letter: its first question with one link a score, in the customer's language."""

from collections.abc import Mapping

from openchair.chair.ports import Letter
from openchair.chair.state.outbox import Message
from openchair.listening.asking.survey import Survey

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


def letter_of(survey: Survey, message: Message, *, to: str, where: str, shop: str) -> Letter:
    """What a customer is sent. where: the address at which the invitation is answered; looking records nothing."""
    language = survey.spoken(message.language)
    question, bounds = survey.questions[0], survey.bounds(survey.questions[0])
    answer, leave, footer = WORDS.get(language, WORDS["en"])
    scores = range(bounds[0], bounds[1] + 1) if bounds else ()
    return Letter(
        message_id=message.message_id,
        kind=message.kind,
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
