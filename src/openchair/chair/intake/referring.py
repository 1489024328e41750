"""Referring: codes of customers that were used, and who somebody says told them, become facts of kind referrals.

A code stands in an order's coupon, in a call's `referral_code` or in the address of a page (`?ref=`). Whoever was told
is who used it; who told them follows from the code, or from what was stated: an identifier, or a name that one customer
alone has. What names nobody stays what it was. Found again, a referral is the same fact.
"""

import secrets
from datetime import datetime

import ibis
import ibis.expr.types as ir
from ibis import _

from openchair.chair.ports import SOURCE, Engine, History
from openchair.chair.state import State
from openchair.core.errors import Conflict
from openchair.core.ids import IDENTIFIER_KINDS, SEPARATOR
from openchair.facts.kinds import schema
from openchair.facts.reading import some_json
from openchair.value.senders import codes

STATED = (
    "referred_by", "referred by", "referrer", "referral_code", "invited_by", "told_by", "who_told_you", "who told you",
    "recommended_by",
)  # fmt: skip
"""Traits that say who told a customer of the shop."""
ASKED = r"(?i)\bwho\b.*\b(told|sent|invited|recommended|referred)\b"
"""Questions of surveys whose answer is who told them."""
JOINED = ("signed up", "account created")
"""Steps that say a friend came; any other with a code says they were invited."""
_IN_CALLS = r'(?:"(?:referral_code|referralCode|ref|code)"\s*:\s*"|[?&]ref=)([0-9A-Fa-f-]{12,14})["&#]'


def secret_of(state: State) -> str:
    """What codes follow from; made when it is first needed, and kept for good."""
    return state.keep_note("referral_secret", secrets.token_hex(32))


def refer(state: State, engine: Engine, history: History, facts: dict[str, ir.Table], now: datetime) -> int:
    """Add the referrals that facts speak of and history does not hold yet; gives how many."""
    secret = secret_of(state)  # from the first turn on, so that a backup holds what codes follow from
    used = engine.keep(_used(facts))
    if not engine.rows(used.limit(1)).num_rows:
        return 0
    known = _known(engine.share(state.identities()), facts["traits"], secret, used)
    named = ("word", "invitee", "status")
    said = used.inner_join(known, "word").group_by(*named, "identifier").agg(
        happened_at=_.happened_at.min(), of=_.of.argmin(_.happened_at), how=_.how.argmin(_.happened_at)
    )  # fmt: skip
    fact_id = ibis.literal(SEPARATOR).join([ibis.literal("referring"), *(said[name] for name in named)])
    whole = said.mutate(
        fact_id=fact_id.hexdigest("md5"),
        source=ibis.literal(SOURCE),
        received_at=ibis.literal(now),
        properties=some_json(how=said.how, of=said.of, stated=said.word),
        code=ibis.ifelse(said.how == "stated", ibis.null("string"), said.word),
    )
    new = whole.anti_join(facts["referrals"], "fact_id")
    shape = schema("referrals")
    rows = engine.rows(new.select(*shape.names).order_by("fact_id"))
    if not rows.num_rows:
        return 0
    try:
        return history.append("referrals", rows.cast(shape))
    except Conflict:  # somebody else committed first; the next turn finds them again
        return 0


def _used(facts: dict[str, ir.Table]) -> ir.Table:
    """word, invitee, status, happened_at, `of` (the fact that says so) and how: by code, or stated."""
    bought, traits, answers = (facts[kind] for kind in ("purchases", "traits", "answers"))
    asked = answers.question.re_search(ASKED).fill_null(False)
    parts = [
        _part(bought.filter(~bought.is_return, bought.coupon.notnull()), codes.plain(bought.coupon), "bought", "code"),
        _part(bought.filter(~bought.is_return), codes.plain(bought.properties.re_extract(_IN_CALLS, 1)), "bought"),
        _part(traits.filter(traits.name.lower().isin(STATED)), traits.value, "joined", "stated"),
        _part(answers.filter(asked), answers.text, "joined", "stated"),
    ]
    for kind in ("steps", "events"):
        told = facts[kind]
        name = told.name.lower().re_replace(r"[\s_-]+", " ")
        status = ibis.ifelse(name.isin(JOINED), "joined", "invited")
        parts.append(_part(told, codes.plain(told.properties.re_extract(_IN_CALLS, 1)), status))
    return ibis.union(*parts)


def _part(facts: ir.Table, word: ir.StringValue, status: ir.StringValue | str, how: str = "code") -> ir.Table:
    rows = facts.filter(facts.identifier.notnull()).select(
        word=word.strip(), invitee="identifier", status=ibis.literal(status) if isinstance(status, str) else status,
        happened_at="happened_at", of="fact_id", how=ibis.literal(how),
    )  # fmt: skip
    shaped = codes.plain(rows.word)
    rows = rows.mutate(word=ibis.ifelse(codes.shaped(shaped), shaped, rows.word))
    kept = codes.shaped(rows.word) if how == "code" else (rows.word != "") & (rows.word.length() <= 300)
    return rows.filter(kept.fill_null(False))


def _known(people: ir.Table, traits: ir.Table, secret: str, used: ir.Table) -> ir.Table:
    """word and identifier of the customer it means. people: identifier, base_id, customer_id."""
    words = used.select("word").distinct()
    order = ibis.cases(*[(people.identifier.startswith(f"{k}:"), str(i)) for i, k in enumerate(IDENTIFIER_KINDS)],
                       else_="9")  # fmt: skip
    best = people.mutate(key=order + people.identifier).group_by("base_id", "customer_id").agg(key=_.key.min())
    best = best.select("base_id", "customer_id", identifier=best.key.substr(1))
    coded = best.select(word=codes.of(secret, best.base_id), identifier="identifier")
    kind = ibis.cases(
        *[(words.word.startswith(f"{kind}:"), words.word) for kind in IDENTIFIER_KINDS],
        (words.word.contains("@"), "email:" + words.word.lower()),
        else_="id:" + words.word,
    )
    direct = words.mutate(identifier=kind).semi_join(people, "identifier")
    called = traits.filter(traits.name == "name").inner_join(people, "identifier")
    names = called.group_by(word=called.value.strip().lower()).agg(
        who=_.customer_id.min(), others=_.customer_id.nunique()
    )
    theirs = best.group_by(who=best.customer_id).agg(identifier=_.identifier.min())
    single = names.filter(names.others == 1).inner_join(theirs, "who")
    by_name = words.mutate(lower=words.word.lower()).inner_join(single.select("identifier", lower="word"), "lower")
    found = ibis.union(
        coded.semi_join(words, "word").mutate(rank=0),
        direct.mutate(rank=1),
        by_name.select("word", "identifier").mutate(rank=2),
    )
    return found.group_by("word").agg(identifier=_.identifier.argmin(_.rank))
