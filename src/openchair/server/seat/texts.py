"""What the seat says, by what it says it of. Each text is English and the key of its translations (server/locale)."""

from collections.abc import Mapping

from openchair.dossier.rules import ALLERGENS, DIETS

TERMS: Mapping[str, str] = {
    "gluten": "No gluten",
    "crustaceans": "No crustaceans (prawns, crab)",
    "eggs": "No eggs",
    "fish": "No fish",
    "peanuts": "No peanuts",
    "soybeans": "No soya",
    "milk": "No milk",
    "nuts": "No nuts",
    "celery": "No celery",
    "mustard": "No mustard",
    "sesame": "No sesame",
    "sulphites": "No sulphites",
    "lupin": "No lupin",
    "molluscs": "No molluscs (mussels, squid)",
    "other allergy": "An allergy we could not match, so nothing to eat at all",
    "other diet": "A diet we could not match, so nothing to eat at all",
    "other rule": "A wish of yours that a person must judge each time",
    "vegetarian": "Vegetarian",
    "vegan": "Vegan",
    "pescatarian": "Fish, but no meat",
    "halal": "Halal",
    "kosher": "Kosher",
    "no pork": "No pork",
    "no beef": "No beef",
    "no alcohol": "No alcohol",
    "no calls": "No calls",
    "no e-mail": "No e-mail",
    "no letters": "No letters",
    "no messages": "No text messages",
    "no visits": "No visits",
    "no gifts": "No gifts",
    "no flowers": "No flowers",
    "under age": "Under 18: no advertising, no alcohol",
}
"""Hard rules by term (dossier.rules)."""

VOCABULARY: Mapping[str, tuple[str, ...]] = {
    "Allergies": ALLERGENS,
    "What I eat and drink": (*DIETS, "no alcohol"),
    "How you reach me": ("no calls", "no e-mail", "no letters", "no messages", "no visits"),
    "Presents": ("no gifts", "no flowers"),
}
"""The rules a customer may choose from, by heading."""

PURPOSES: Mapping[str, str] = {
    "marketing": "Offers and news",
    "service": "Your orders and questions",
    "research": "Asking what you think",
    "profiling": "Learning what suits you",
    "automatic orders": "Ordering for you",
}

WORDINGS: Mapping[tuple[str, str], str] = {
    ("marketing", "any"): "You may turn to me with offers and news, in the ways that I agree to here.",
    ("marketing", "e-mail"): "You may send me offers and news by e-mail.",
    ("marketing", "message"): "You may send me offers and news by text message.",
    ("marketing", "call"): "You may call me with offers and news.",
    ("marketing", "letter"): "You may send me offers and news by post.",
    ("marketing", "parcel"): "You may put offers and small extras into my parcels.",
    ("service", "any"): "You may turn to me about my orders and questions, in the ways that I agree to here.",
    ("service", "e-mail"): "You may write to me by e-mail about my orders and questions.",
    ("service", "message"): "You may send me text messages about my orders and questions.",
    ("service", "call"): "You may call me about my orders and questions.",
    ("service", "letter"): "You may write to me by post about my orders and questions.",
    ("service", "parcel"): "You may put notes about my orders into my parcels.",
    ("research", "any"): "You may ask me what I think, in the ways that I agree to here.",
    ("research", "e-mail"): "You may ask me by e-mail what I think.",
    ("research", "message"): "You may ask me by text message what I think.",
    ("research", "call"): "You may call me to ask what I think.",
    ("profiling", "any"): "You may learn from what I buy and say, to choose what suits me.",
    ("automatic orders", "any"): "You may place orders for me, within limits that I set.",
}
"""What is agreed to, word for word: kept with each answer, in the language it was read in."""

WISHES: Mapping[str, str] = {
    "normal": "As you think best",
    "less": "Half as often",
    "important": "No offers and no questions, and half as often",
    "nothing": "Only what I ordered, and answers to what I said",
}

SPEAKERS: Mapping[str, str] = {
    "customer": "you said so",
    "owner": "our team noted it",
    "staff": "our team noted it",
    "shop": "from our records",
    "inferred": "we concluded it",
}

STATUSES: Mapping[str, str] = {
    "proposed": "Not done yet; a person decides.",
    "approved": "We mean to do this.",
    "deferred": "We are waiting with this.",
    "dismissed": "We did not do this.",
    "vetoed": "You stopped this.",
    "sent": "Sent to you.",
    "delivered": "Sent to you.",
    "opened": "Sent to you.",
    "clicked": "Sent to you.",
    "answered": "Sent, and you answered.",
    "failed": "We tried, and it did not reach you.",
}
OPEN_STATUSES = ("proposed", "approved", "deferred")
"""Decisions that can still be stopped."""

TRAITS: Mapping[str, str] = {
    "address": "Address",
    "age": "Age",
    "allergies": "Allergies",
    "best time": "Best time to reach you",
    "best time to call": "Best time to reach you",
    "birth date": "Birthday",
    "birthday": "Birthday",
    "channel": "How you like to be reached",
    "children": "Children",
    "city": "City",
    "company": "Company",
    "country": "Country",
    "diet": "Diet",
    "email": "E-mail",
    "favourite drink": "Favourite drink",
    "favourite food": "Favourite food",
    "favourite foods": "Favourite food",
    "favourite team": "Favourite team",
    "first name": "First name",
    "gender": "Gender",
    "hobby": "Hobby",
    "household": "Household",
    "job": "Work",
    "language": "Language",
    "last name": "Last name",
    "name": "Name",
    "partner": "Partner",
    "pet": "Pet",
    "phone": "Phone",
    "postcode": "Postcode",
    "religion": "Religion",
    "timezone": "Time zone",
}
"""Traits by name as people say it (blanks for underscores); others are shown as they are called."""
TELL_US = ("favourite food", "favourite team", "children", "birthday", "language", "city", "best time", "name")
"""What the page invites a customer to tell."""

KINDS: Mapping[str, str] = {
    "purchases": "What you bought",
    "steps": "What you did on our pages",
    "answers": "What you answered",
    "voices": "What you told us",
    "referrals": "Whom you sent us",
    "ties": "Whom you belong with",
    "contacts": "What we did",
    "traits": "What was said of you",
    "events": "What else happened",
    "dossier": "What we make of it",
    "decisions": "What we decided",
    "who_looked": "Who looked at it",
}
"""Parts of the copy of everything."""

DONE: Mapping[str, str] = {
    "rules": "Done. It holds from this moment.",
    "known": "Noted. Your word goes before anybody else’s.",
    "agreed": "Done. It holds from this moment, also for what was already on its way.",
    "often": "Done. We keep to it from this moment.",
    "decided": "Your word is with us.",
}
"""What the page says after an act, by the part of it where the act was."""

WRONG: Mapping[int, str] = {
    400: "That could not be read. Look at what you entered, and try again.",
    403: "That is not yours to change here. Ask us, and a person will look at it.",
    404: "That is no longer there.",
    409: "That cannot be done just now: it is done, or our books are being written. Try again in a few minutes.",
    503: "Nothing was changed: our server cannot do it at this moment. Try again in a few minutes.",
}
"""Why an act was refused, by the status of the error."""

TABLES: tuple[Mapping[str, str] | Mapping[tuple[str, str], str] | Mapping[int, str], ...] = (
    TERMS, PURPOSES, WORDINGS, WISHES, SPEAKERS, STATUSES, TRAITS, KINDS, DONE, WRONG,
)  # fmt: skip
"""All of them, for the check that each text is translated."""
