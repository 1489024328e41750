"""Hard rules: what must never be done to a customer, as bits of one integer that every path checks.

A rule is a term of a fixed vocabulary. The bits of all of a customer's traits are combined by bitwise or; the state of
what we know of their allergies by the maximum, for it is one of three: unknown, none (they said so), declared. *What is
not known to be safe is not safe* where a thing to eat holds one of the allergens, or nobody declared what it holds.
There is one check, `blocks`; whatever offers, sends or books something must ask it.
"""

import re
from functools import lru_cache, reduce
from operator import or_
from typing import Literal, NamedTuple, get_args

import msgspec
import numpy as np
from numpy.typing import NDArray

from openchair.dossier.words import (
    FILLERS,
    IS_NOTHING,
    IS_SILENCE,
    IS_TRUE,
    RELIGIONS,
    WORDS,
    normal,
    pattern,
    pieces,
    split,
)

Allergen = Literal["gluten", "crustaceans", "eggs", "fish", "peanuts", "soybeans", "milk", "nuts", "celery", "mustard",
                   "sesame", "sulphites", "lupin", "molluscs"]  # fmt: skip
"""The fourteen of Regulation (EU) 1169/2011, annex II."""
Diet = Literal["vegetarian", "vegan", "pescatarian", "halal", "kosher", "no pork", "no beef"]
"""Diets that a thing to eat can be declared fit for."""
Channel = Literal["person", "parcel", "e-mail", "call", "letter", "message", "webhook"]
"""How an action reaches the customer; `webhook` stays between machines until the customer looks."""
Purpose = Literal["service", "marketing", "research", "automatic orders"]
FoodSafety = Literal["unknown", "none", "declared"]

ALLERGENS: tuple[str, ...] = get_args(Allergen)
DIETS: tuple[str, ...] = get_args(Diet)
FOOD_SAFETY: tuple[FoodSafety, ...] = get_args(FoodSafety)
UNKNOWN, NONE, DECLARED = range(3)

_OTHERS = ("other allergy", "other diet", "other rule")
TERMS: tuple[str, ...] = (
    *ALLERGENS, *_OTHERS, *DIETS, "no alcohol", "no calls", "no e-mail", "no letters", "no messages", "no visits",
    "no gifts", "no flowers", "under age",
)  # fmt: skip
"""Bit i of a customer's rules is TERMS[i]. New terms go to the end, for the bits are kept."""
BIT: dict[str, int] = {term: 1 << place for place, term in enumerate(TERMS)}
ALLERGIES = sum(BIT[term] for term in (*ALLERGENS, "other allergy"))

# What a thing must be declared fit for to satisfy a diet.
_SATISFIED_BY = {
    "vegetarian": ("vegetarian", "vegan"),
    "vegan": ("vegan",),
    "pescatarian": ("pescatarian", "vegetarian", "vegan"),
    "halal": ("halal",),
    "kosher": ("kosher",),
    "no pork": ("no pork", "vegetarian", "vegan", "pescatarian", "halal", "kosher"),
    "no beef": ("no beef", "vegetarian", "vegan", "pescatarian"),
}
_CHANNEL_TERMS = {
    "call": "no calls", "e-mail": "no e-mail", "letter": "no letters", "message": "no messages", "person": "no visits",
}  # fmt: skip
_TEXTS = {
    "other allergy": "an allergy we cannot match to contents",
    "other diet": "a diet we cannot match to contents",
    "other rule": "a rule of theirs that only a person can judge",
    "under age": "under age",
}

ALLERGIES_UNKNOWN = 1 + len(TERMS)
REASONS: tuple[str, ...] = (
    "",
    *(_TEXTS.get(term, term if term.startswith("no ") else f"never: {term}" if term in ALLERGENS else term)
      for term in TERMS),
    "their allergies are not known, and it is not known to be free of them",
)  # fmt: skip
"""By the code that `blocks` gives; 0 is allowed, 1 + i is TERMS[i]."""


class Contents(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an item or action holds, as declared. `allergens` None is undeclared, () is declared free of all fourteen.

    Traces ("may contain") count as contents. `suits` names the diets it is declared fit for.
    """

    edible: bool = False
    allergens: tuple[Allergen, ...] | None = None
    suits: tuple[Diet, ...] = ()
    alcohol: bool = False
    gift: bool = False
    flowers: bool = False


def forbidding(contents: Contents, channel: Channel | None = None, purpose: Purpose = "service") -> int:
    """The rules that forbid this: a customer who has any of these bits must not get it.

    >>> terms_of(forbidding(Contents(flowers=True), "call"))
    ('other rule', 'no calls', 'no flowers')
    """
    terms: set[str] = set()
    if contents.edible:
        undeclared = contents.allergens is None
        terms |= set(ALLERGENS) if contents.allergens is None else set(contents.allergens)
        terms |= {diet for diet, by in _SATISFIED_BY.items() if not set(by) & set(contents.suits)}
        terms |= set(_OTHERS) | ({"no alcohol"} if undeclared else set())
    terms |= {"no alcohol", "halal", "under age"} if contents.alcohol else set()
    terms |= {"no gifts", "other rule"} if contents.gift else set()
    terms |= {"no flowers", "other rule"} if contents.flowers else set()
    terms |= {_CHANNEL_TERMS[channel]} if channel in _CHANNEL_TERMS else set()
    terms |= {"under age"} if purpose != "service" else set()
    return sum(BIT[term] for term in terms)


class Barred(NamedTuple):
    """What hard rules have against a thing: the bits that forbid it, and whether it may hold what is not known."""

    terms: int
    unsure: bool


@lru_cache(maxsize=1 << 16)
def barred(contents: Contents, channel: Channel | None = None, purpose: Purpose = "service") -> Barred:
    """A thing as `blocks` judges it, worked out once for equal contents, channel and purpose."""
    return Barred(forbidding(contents, channel, purpose), contents.edible and contents.allergens != ())


def blocks(
    rules: NDArray[np.int64], food_safety: NDArray[np.integer], terms: NDArray[np.int64], unsure: NDArray[np.bool_]
) -> NDArray[np.int16]:
    """(k, t) for each customer, why they must not get each thing: an index into REASONS, 0 where they may.

    rules: (k,) bits. food_safety: (k,) UNKNOWN, NONE or DECLARED. terms, unsure: (t,) of things, as in Barred. This is
    the one check of hard rules.
    """
    hit = rules[:, None] & terms
    codes = np.zeros(hit.shape, dtype=np.int16)
    rows, columns = np.nonzero(hit)  # few: most customers forbid nothing
    first = hit[rows, columns]
    codes[rows, columns] = 1 + np.log2(first & -first).astype(np.int16)
    # A declaration that names no allergy we hold is no declaration.
    unsafe = (food_safety == UNKNOWN) | ((food_safety == DECLARED) & ((rules & ALLERGIES) == 0))
    codes[(codes == 0) & unsafe[:, None] & unsure] = ALLERGIES_UNKNOWN
    return codes


def blocked(
    rules: int,
    food_safety: FoodSafety,
    contents: Contents,
    channel: Channel | None = None,
    purpose: Purpose = "service",
) -> str | None:
    """Why one customer must not get this, in words; None where they may.

    >>> bar = Contents(edible=True, allergens=("milk",))
    >>> blocked(BIT["peanuts"], "declared", bar), blocked(BIT["milk"], "declared", bar)
    (None, 'never: milk')
    >>> blocked(0, "unknown", bar)
    'their allergies are not known, and it is not known to be free of them'
    """
    state = np.array([FOOD_SAFETY.index(food_safety)], dtype=np.int8)
    thing = barred(contents, channel, purpose)
    code = int(
        blocks(np.array([rules], dtype=np.int64), state, np.array([thing.terms]), np.array([thing.unsure]))[0, 0]
    )
    return REASONS[code] if code else None


def terms_of(rules: int) -> tuple[str, ...]:
    """The terms of a set of rules.

    >>> terms_of(BIT["vegan"] | BIT["peanuts"])
    ('peanuts', 'vegan')
    """
    return tuple(term for term in TERMS if rules & BIT[term])


def shown(rules: int) -> tuple[str, ...]:
    """The rules as a person reads them on a dossier.

    >>> shown(BIT["vegan"] | BIT["peanuts"] | BIT["no flowers"])
    ('never: peanuts', 'vegan', 'no flowers')
    """
    return tuple(REASONS[1 + TERMS.index(term)] for term in terms_of(rules))


# --- reading what people wrote ------------------------------------------------------------------------------------


def _vocabulary(table: dict[str, str]) -> dict[str, int]:
    bits = {terms: sum(BIT[term] for term in terms.split("+")) for terms in table}
    return {word: bits[terms] for terms, words in table.items() for word in split(words)}


_WORDS = _vocabulary(WORDS)
_FAITHS = _vocabulary(RELIGIONS)
_WORD, _FAITH, _FILLER = pattern(_WORDS), pattern(_FAITHS), pattern(split(FILLERS))
_ALLERGY_TRAITS = frozenset({"allergies", "allergy", "allergens", "food allergies", "food allergy", "allergic to"})
_DIET_TRAITS = frozenset(
    {"diet", "diets", "dietary", "dietary requirements", "dietary restrictions", "dietary preference"}
)
_FAITH_TRAITS = frozenset({"religion", "faith"})
_NEVER_TRAITS = frozenset({"never", "do not", "dont", "hard rule", "hard rules", "prohibitions", "avoid"})
_AGE_TRAITS = frozenset({"age"})
FORBID = "forbid"
"""The trait by which a rule is added by its term, whoever says it and whatever else they forbade."""
_LISTS = dict.fromkeys(_ALLERGY_TRAITS, "other allergy") | dict.fromkeys(_DIET_TRAITS, "other diet")
_LISTS |= dict.fromkeys({*_NEVER_TRAITS, FORBID}, "other rule")
_GROUPS = {"allergies": _ALLERGY_TRAITS, "diet": _DIET_TRAITS, "religion": _FAITH_TRAITS, "never": _NEVER_TRAITS}
_TOPICS = {name: topic for topic, names in _GROUPS.items() for name in names} | {"age": "age", FORBID: FORBID}
_FLAG = re.compile(r"^(no|do not|dont|never) |(allergy|free|intolerance|intolerant)$")
_FLAG_NAMES = frozenset({"vegan", "vegetarian", "halal", "kosher", "pescatarian", "coeliac", "celiac"})
_FLAG_NAMES |= frozenset({"teetotal", "under age", "underage", "minor", "is minor", "under 18"})


def binds(name: str) -> bool:
    """Whether traits of this name set hard rules; only their values need reading by `rules_of`.

    >>> [binds(name) for name in ("Allergies", "no_calls", "peanut-allergy", "favourite team", "email")]
    [True, True, True, False, False]
    """
    return topic_of(name) is not None


@lru_cache(maxsize=4096)
def topic_of(name: str) -> str | None:
    """What a trait of this name speaks of, so that a later word replaces an earlier one; None where it binds nothing.

    >>> topic_of("Food_Allergies"), topic_of("faith"), topic_of("no_calls"), topic_of("favourite team")
    ('allergies', 'religion', 'no calls', None)
    """
    key = normal(name)
    if key in _TOPICS or key in _FLAG_NAMES:
        return _TOPICS.get(key, key)
    mask, left = _read(key)
    return key if _FLAG.search(key) and mask != 0 and not left else None


@lru_cache(maxsize=1 << 16)
def rules_of(name: str, value: str) -> tuple[int, int]:
    """The rules that one trait sets, and what it says of allergies: UNKNOWN, NONE or DECLARED.

    value: text, a list with commas, or JSON. What is declared and not understood becomes an `other ..` term, which
    blocks every edible thing. Only what is said of allergies, or forbidden by name, counts as a declaration: a diet
    does not, for it leaves open what else they must not eat.

    >>> mask, state = rules_of("allergies", "Peanuts, severe milk allergy")
    >>> terms_of(mask), FOOD_SAFETY[state]
    (('peanuts', 'milk'), 'declared')
    >>> rules_of("allergies", "none")[1] == NONE, rules_of("allergies", "")[1] == UNKNOWN
    (True, True)
    >>> terms_of(rules_of("allergies", '["مونگ پھلی", "kiwi"]')[0]), terms_of(rules_of("do_not", "call")[0])
    (('peanuts', 'other allergy'), ('no calls',))
    """
    key = normal(name)
    if key in _AGE_TRAITS:
        years = re.match(r"\s*(\d{1,9})", value)
        return (BIT["under age"] if years and int(years[1]) < 18 else 0), UNKNOWN
    if key in _FAITH_TRAITS:
        return reduce(or_, (_FAITHS[word] for word in _FAITH.findall(normal(value))), 0), UNKNOWN
    if key == FORBID and value.strip() in BIT:
        mask = BIT[value.strip()]
        return mask, DECLARED if mask & ALLERGIES else UNKNOWN
    if key in _LISTS:
        return _declared(key, value)
    if not binds(name) or normal(value) not in IS_TRUE:
        return 0, UNKNOWN
    mask = BIT["under age"] if "minor" in key or "under" in key else _read(key)[0]
    return mask, DECLARED if key.endswith(("allergy", "intolerance", "intolerant")) else UNKNOWN


def _declared(key: str, value: str) -> tuple[int, int]:
    """The rules in a list of declarations under a trait of this name."""
    said = [piece for piece in map(normal, pieces(value)) if piece not in IS_SILENCE]
    told = [piece for piece in said if piece not in IS_NOTHING]
    mask = 0
    for piece in told:
        found, left = _read(piece)
        mask |= found | (BIT[_LISTS[key]] if left or not found else 0)
    if key in _ALLERGY_TRAITS:
        return mask, DECLARED if told else NONE if said else UNKNOWN
    return mask, DECLARED if key not in _DIET_TRAITS and mask & ALLERGIES else UNKNOWN


def _read(text: str) -> tuple[int, str]:
    """The terms named in normalised text, and what is left when they and the words around them are taken out."""
    mask = reduce(or_, (_WORDS[word] for word in _WORD.findall(text)), 0)
    left = _FILLER.sub(" ", _WORD.sub(" ", text))
    return mask, "".join(letter for letter in left if letter.isalnum())
