"""Track calls: what an event of a known name says, by tables of names; whatever has no name here is kept as an event.

Names and properties are those of Segment's E-commerce V2, e-mail, live-chat and survey specifications, of Delighted,
Wootric and PostHog, and of Openchair's own decisions. Names are compared without case and with any separator.
"""

from collections.abc import Callable, Mapping
from typing import Any, Literal, get_args

import msgspec

from openchair.core.errors import BadInput
from openchair.core.ids import IDENTIFIER_KINDS, identifier
from openchair.core.money import check_currency
from openchair.facts import basket
from openchair.facts.kinds import Contact

Row = dict[str, Any]
Facts = list[tuple[str, Row]]
Properties = Mapping[str, Any]
Builder = Callable[[str, Properties, Row, str], Facts]
"""(event name as sent, properties, what every fact of the call has in common, the shop's currency) -> facts."""

MOMENTS: dict[str, str] = {
    name: moment
    for moment, names in {
        "recognise": (
            "product list viewed", "product list filtered", "products searched", "promotion viewed",
            "promotion clicked", "product clicked", "product viewed",
        ),
        "request": (
            "product added", "product removed", "cart viewed", "checkout started", "checkout step viewed",
            "checkout step completed", "payment info entered", "coupon entered", "coupon applied", "coupon denied",
            "coupon removed", "product added to wishlist", "product removed from wishlist",
            "wishlist product added to cart", "signed up", "account created", "trial started",
        ),
        "respond": (
            "order updated", "order shipped", "order fulfilled", "order delivered", "order cancelled",
            "order canceled", "box opened", "live chat conversation started", "live chat conversation ended",
            "live chat message received",
        ),
        "repeat": (
            "product shared", "cart shared", "subscription started", "subscription renewed", "subscription paused",
            "subscription resumed", "subscription cancelled", "subscription canceled", "subscription ended",
            "subscription expired", "box skipped", "points earned", "points redeemed",
        ),
    }.items()
    for name in names
}  # fmt: skip
"""Event name -> the moment of the journey a step belongs to."""

STATUS_OF = {
    "email delivered": "delivered", "email opened": "opened", "email link clicked": "clicked",
    "email bounced": "failed", "email marked as spam": "vetoed", "unsubscribed": "vetoed",
    "push notification received": "delivered", "push notification tapped": "clicked",
    "product clicked": "clicked", "product viewed": "clicked", "promotion clicked": "clicked",
}  # fmt: skip
"""Event name -> the status of the contact it speaks of, when the properties have none."""
STATUSES: tuple[str, ...] = get_args(msgspec.structs.fields(Contact)[7].type)


def plain(name: str) -> str:
    """A name to compare by: lower case, words parted by one blank.

    >>> plain("Order_Completed"), plain("  Survey-Question  Answered ")
    ('order completed', 'survey question answered')
    """
    return " ".join(name.lower().replace("_", " ").replace("-", " ").split())


def text_of(value: Any) -> str | None:
    """A value as text: itself, a number plainly (1 for 1.0), lists and objects as JSON; None when there is nothing."""
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return msgspec.json.encode(value).decode()


def first(properties: Properties, *names: str) -> str | None:
    """The first of these properties that says something, as text."""
    return next((t for n in names if (t := text_of(properties.get(n))) is not None), None)


def number_of(value: Any) -> float | None:
    """A finite number, or None."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        n = float(value)
    except ValueError:
        return None
    return n if abs(n) < 1e300 else None


def person(value: str) -> str:
    """The identifier of a person named in a property: kind:value as it is, an e-mail by its @, else a shop's own id.

    >>> person("ada@example.org"), person("17850"), person("email:A@b.c")
    ('email:ada@example.org', 'id:17850', 'email:a@b.c')
    """
    kind, colon, rest = value.partition(":")
    if colon and kind in IDENTIFIER_KINDS and rest.strip():
        return identifier(kind, rest)
    return identifier("email" if "@" in value.strip("@") else "id", value)


def event(name: str, properties: Properties, base: Row, currency: str) -> Facts:
    """Anything else that happened."""
    return [("events", {**base, "name": name[:300]})]


def step(name: str, properties: Properties, base: Row, currency: str) -> Facts:
    """A step of the journey."""
    row = {
        "name": name[:300],
        "moment": MOMENTS.get(plain(name)),
        "session_id": cut(first(properties, "session_id", "sessionId", "checkout_id", "cart_id")),
        "item_id": cut(first(properties, "product_id", "sku")),
        "order_id": cut(first(properties, "order_id")),
    }
    return [("steps", {**base, **row})]


PERIOD_DAYS = {"da": 1.0, "we": 7.0, "mo": 365.25 / 12, "qu": 365.25 / 4, "ye": 365.25, "an": 365.25}
"""The first letters of what a subscription calls its period (daily, weeks, month, annual), and the days one takes."""


def subscription(name: str, properties: Properties, base: Row, currency: str) -> Facts:
    """A subscription started, renewed, paused or ended: a step, whose properties say first what it costs a period."""
    money = _money(properties, currency)
    word = first(properties, "interval", "billing_interval", "billing_period", "plan_interval", "frequency") or "month"
    days, times = PERIOD_DAYS.get(word[:2].lower()), number_of(properties.get("interval_count")) or 1.0
    paid = basket.money(first(properties, "amount", "price", "total", "revenue", "plan_amount"), money) or 0
    told = {
        "subscription_id": first(properties, "subscription_id", "subscriptionId", "subscription"),
        "period_days": round(days * times, 4) if days and 0 < times <= 1_000 else None,
        "amount_minor": paid if paid > 0 else None,
        "currency": money,
    }
    said = {key: value for key, value in {**told, **properties, **told}.items() if value is not None}
    whole = msgspec.json.encode(said).decode()
    kept = whole if len(whole) <= 20_000 else msgspec.json.encode(told).decode()
    return step(name, properties, {**base, "properties": kept}, currency)


def cut(text: str | None, longest: int = 300) -> str | None:
    """A text no longer than a column takes."""
    return text if text is None else text[:longest]


def _money(properties: Properties, currency: str) -> str:
    said = properties.get("currency")
    return check_currency(said) if isinstance(said, str) and said.strip() else currency


def purchases(name: str, properties: Properties, base: Row, currency: str) -> Facts:
    """Order Completed: one purchase a product."""
    return _lines(name, properties, base, currency, is_return=False)


def returns(name: str, properties: Properties, base: Row, currency: str) -> Facts:
    """Order Refunded, whole or in part: one return a product, or one of the total."""
    return _lines(name, properties, base, currency, is_return=True)


def _lines(name: str, properties: Properties, base: Row, currency: str, *, is_return: bool) -> Facts:
    money = _money(properties, currency)
    order_id = first(properties, "order_id", "orderId", "checkout_id") or base["_key"]
    rows: Facts = []
    for product, count, paid, off in basket.lines(properties, money):
        brand_and_rest = {k: v for k, v in product.items() if k in ("brand", "variant", "position") and v is not None}
        brand_and_rest |= {k: v for k in ("subscription_id", "referral_code") if (v := first(properties, k))}
        row = {
            "order_id": order_id[:300],
            "item_id": cut(first(product, "product_id", "sku", "id")),
            "item_name": cut(first(product, "name"), 20_000),
            "category": cut(first(product, "category")),
            "quantity": -count if is_return else count,
            "amount_minor": -abs(paid) if is_return else paid,
            "discount_minor": 0 if is_return else off,
            "currency": money,
            "is_return": is_return,
            "coupon": cut(first(product, "coupon") or first(properties, "coupon")),
            "properties": msgspec.json.encode(brand_and_rest).decode() if brand_and_rest else None,
        }
        rows.append(("purchases", {**base, **row}))
    return rows or event(name, properties, base, currency)


def review(name: str, properties: Properties, base: Row, currency: str) -> Facts:
    """Product Reviewed: the words are a voice with its rating; a rating without words is an answer."""
    words = first(properties, "review_body", "body", "text", "comment")
    rating = number_of(properties.get("rating"))
    rating = rating if rating is not None and 0 <= rating <= 10 else None
    item = cut(first(properties, "product_id", "sku"))
    if words:
        said = {"channel": "review", "text": words[:20_000], "rating": rating, "item_id": item}
        return [("voices", {**base, **said, "conversation_id": cut(first(properties, "review_id"))})]
    if rating is None:
        return event(name, properties, base, currency)
    answer = {"survey_id": "product review", "metric": "own", "question": "rating", "score": rating}
    return [("answers", {**base, **answer})]


def _voice(channel: str) -> Builder:
    def build(name: str, properties: Properties, base: Row, currency: str) -> Facts:
        words = first(properties, "message_body", "message", "body", "text", "comment", "description", "note", "notes")
        subject = first(properties, "subject", "title")
        words = f"{subject}\n{words}" if subject and words else words or subject
        if not words:
            return (
                step(name, properties, base, currency)
                if plain(name) in MOMENTS
                else event(name, properties, base, currency)
            )
        talk = first(properties, "conversation_id", "ticket_id", "call_id", "thread_id")
        row = {"channel": channel, "text": words[:20_000], "conversation_id": cut(talk)}
        return [("voices", {**base, **row, "item_id": cut(first(properties, "product_id"))})]

    return build


def chat_received(name: str, properties: Properties, base: Row, currency: str) -> Facts:
    """A message the customer received is the agent's, so a step; unless it says that a customer wrote it."""
    role = plain(first(properties, "sender_role", "sender_type", "sender", "role", "author_type") or "")
    wrote = role in ("customer", "user", "visitor", "client", "contact", "end user", "lead")
    return (_voice("chat") if wrote else step)(name, properties, base, currency)


def answer(name: str, properties: Properties, base: Row, currency: str) -> Facts:
    """A survey's answer, in the shapes of Delighted, Wootric and PostHog, or plainly metric, score, text."""
    question = cut(first(properties, "question", "question_text", "$survey_question", "$survey_name"), 20_000)
    raw = next(
        (properties[n] for n in ("score", "answer_value", "$survey_response", "answer", "value", "rating")
         if properties.get(n) not in (None, "")), None,
    )  # fmt: skip
    score = number_of(raw)
    words = first(properties, "comment", "text", "feedback", "answer_text", "$survey_response_1")
    if score is None and words is None:
        words = text_of(raw)
    told = first(properties, "metric", "metric_type", "survey_type", "$survey_type", "type", "question_type") or ""
    said = plain(" ".join(t for t in (told, first(properties, "$survey_name", "survey_name") or "") if t))
    metric = next((m for m in ("nps", "csat", "ces") if m in said.split()), "")
    if "promoter" in said or "recommend" in (question or "").lower():
        metric = "nps"
    named = first(properties, "$survey_name", "survey_name", "survey_type", "metric")
    if not metric:
        metric = "nps" if score is not None and named is None else "own"
    if metric == "nps" and score is not None and not (0 <= score <= 10 and score == int(score)):
        metric = "own"
    if score is not None and abs(score) > 100:
        score, words = None, words or text_of(raw)
    if score is None and words is None:
        return event(name, properties, base, currency)
    row = {
        "survey_id": cut(first(properties, "survey_id", "$survey_id", "question_id", "survey_name"))
        or plain(name)[:300],
        "metric": metric,
        "question": question,
        "score": score,
        "text": cut(words, 20_000),
        "language": cut(first(properties, "language", "locale")),
        "decision_id": cut(first(properties, "decision_id")),
    }
    return [("answers", {**base, **row})]


def answers(name: str, properties: Properties, base: Row, currency: str) -> Facts:
    """PostHog's `survey sent`: an answer for each of the questions that it lists, else one like any other."""
    questions = properties.get("$survey_questions")
    asked = [q for q in questions if isinstance(q, Mapping)] if isinstance(questions, list) else []
    found: Facts = []
    for place, one in enumerate(asked):
        before = ("$survey_response", f"$survey_response_{place}")[place > 0]
        keys = (f"$survey_response_{one.get('id')}", before)
        said = next((properties[key] for key in keys if properties.get(key) not in (None, "", [])), None)
        if said is not None:
            plainly = {key: value for key, value in properties.items() if not key.startswith("$survey_response")}
            told = {"metric": "own", "question": text_of(one.get("question")), "$survey_response": said}
            found += answer(name, {**plainly, **told}, base, currency)
    return found or answer(name, properties, base, currency)


def _referral(status: Literal["invited", "joined", "bought"]) -> Builder:
    def build(name: str, properties: Properties, base: Row, currency: str) -> Facts:
        sender = first(properties, "referrer", "referrer_id", "referred_by", "inviter", "inviter_id", "referrer_email")
        friend = first(
            properties, "invitee", "invitee_id", "friend_id", "referred_id", "referee_id", "friend", "invitee_email",
            "friend_email", "referred_email", "referee_email", "email", "invitee_emails",
        )  # fmt: skip
        code = cut(first(properties, "code", "referral_code", "coupon"))
        if sender and base.get("identifier"):
            invitee = person(friend) if friend else base["identifier"]
            return [
                (
                    "referrals",
                    {**base, "identifier": person(sender), "invitee": invitee, "status": status, "code": code},
                )
            ]
        if not friend or not base.get("identifier"):
            return event(name, properties, base, currency)
        return [("referrals", {**base, "invitee": person(friend), "status": status, "code": code})]

    return build


def joined(name: str, properties: Properties, base: Row, currency: str) -> Facts:
    """Signed Up: a step, and where it says who sent them, a referral too."""
    sent = first(properties, "referrer_id", "referred_by", "inviter_id", "referrer_email")
    return step(name, properties, base, currency) + (
        _referral("joined")(name, properties, base, currency) if sent else []
    )


def contact(name: str, properties: Properties, base: Row, currency: str) -> Facts:
    """What became of something we did: one status."""
    said = plain(first(properties, "status") or "")
    status = said if said in STATUSES else STATUS_OF.get(plain(name), "answered")
    campaign = first(properties, "campaign_name", "campaign_id", "campaign")
    channel = first(properties, "channel") or (
        "e-mail" if plain(name).startswith("email") or name == "Unsubscribed" else None
    )
    row = {
        "action": cut(first(properties, "action") or campaign or name),
        "status": status,
        "decision_id": cut(first(properties, "decision_id")),
        "pillar": cut(first(properties, "pillar")),
        "channel": cut(channel),
        "campaign": cut(campaign),
    }
    return [("contacts", {**base, **row})]


def unsubscribed(name: str, properties: Properties, base: Row, currency: str) -> Facts:
    """A no to marketing by e-mail, in the customer's own name."""
    said = {"name": "consent.email.marketing", "value": "no", "said_by": "customer", "confidence": 1.0}
    return [*contact(name, properties, base, currency), ("traits", {**base, **said})]


BUILDERS: dict[str, Builder] = {
    **dict.fromkeys(MOMENTS, step),
    **{name: subscription for name in MOMENTS if name.startswith("subscription ")},
    "order completed": purchases,
    "order refunded": returns,
    "product reviewed": review,
    **dict.fromkeys(("review submitted", "review created"), review),
    "live chat message sent": _voice("chat"),
    "live chat message received": chat_received,
    **dict.fromkeys(("ticket created", "support ticket created", "complaint", "complaint raised"), _voice("ticket")),
    **dict.fromkeys(("feedback submitted", "feedback given"), _voice("ticket")),
    **dict.fromkeys(("call noted", "call held", "customer call", "call completed"), _voice("call")),
    **dict.fromkeys(("social mention", "post mentioned"), _voice("social")),
    "survey question answered": answer,
    **dict.fromkeys(("wootric survey response created", "wootric survey response updated"), answer),
    "[wootric] survey response created": answer,
    "survey sent": answers,
    **dict.fromkeys(("survey answered", "survey response created", "nps answered"), answer),
    **dict.fromkeys(
        ("friend invited", "invite sent", "referral sent", "referral invited", "referral created"), _referral("invited")
    ),
    **dict.fromkeys(
        ("friend joined", "referral joined", "referral accepted", "referral completed"), _referral("joined")
    ),
    **dict.fromkeys(
        ("friend bought", "referral bought", "referral converted", "referral purchased"), _referral("bought")
    ),
    "signed up": joined,
    **dict.fromkeys(("email delivered", "email opened", "email link clicked", "email bounced"), contact),
    **dict.fromkeys(("email marked as spam", "unsubscribed"), unsubscribed),
    **dict.fromkeys(("push notification received", "push notification tapped"), contact),
}
"""Event name (see `plain`) -> what it becomes."""


def tracked(name: str, properties: Properties, base: Row, currency: str) -> Facts:
    """The facts of a track call, by its name; a decision it mentions also becomes a contact.

    An event whose properties do not hold what its name promises is kept as an event: nothing acknowledged is lost.
    """
    known = plain(name)
    if known.startswith("openchair decision"):
        return (
            contact(name, properties, base, currency)
            if first(properties, "decision_id")
            else event(name, properties, base, currency)
        )
    build = BUILDERS.get(known, event)
    try:
        found = build(name, properties, base, currency)
    except BadInput:
        found = event(name, properties, base, currency)
    if first(properties, "decision_id") and not any(kind in ("contacts", "answers") for kind, _ in found):
        found = [*found, *contact(name, properties, base, currency)]
    return found
