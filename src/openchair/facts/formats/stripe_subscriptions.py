"""Stripe subscriptions, as the dashboard exports them: a row a subscription; its start and, if it ended, its end.

Renewals are not in the file: whole periods gone are taken for them (value.spenders.subscribing). The first export that
tells of a subscription sets its price.
"""

import ibis
import ibis.expr.types as ir

from openchair.facts import cells
from openchair.facts.formats.orders import identity
from openchair.facts.reading import Context, Format, Reading, as_json, column, facts, first_of, has, parted, some_json
from openchair.facts.track import PERIOD_DAYS

COLUMNS = ("id", "Customer ID", "Interval", "Amount", "Status", "Current Period End (UTC)")
NEVER_PAID = ("incomplete", "incomplete_expired")


def read(raw: ir.Table, context: Context) -> Reading:
    """Steps Subscription Started (when the trial is over, where there was one) and Subscription Ended."""
    texts = {
        "key": "id", "status": "Status", "interval": "Interval", "email": "Customer Email", "plan": "Plan",
        "amount": "Amount",
    }  # fmt: skip
    said = {name: cells.text(column(raw, of)) for name, of in texts.items()}
    said["email"] = said["email"].lower()
    customer = cells.code(column(raw, "Customer ID"))
    starts = ("Trial End (UTC)", "Start Date (UTC)", "Start (UTC)", "Created (UTC)")
    ends = ("Ended At (UTC)", "Canceled At (UTC)")
    started, ended = (ibis.coalesce(*(cells.clock(column(raw, n))[0] for n in names)) for names in (starts, ends))
    money = cells.currency(column(raw, "Currency"), context.currency)
    rows = raw.select(
        line=raw.line, row=as_json(raw), who=identity(customer, said["email"], ibis.null("string")), customer=customer,
        started=started, ended=ended, money=money, paid=cells.minor(cells.number(column(raw, "Amount")), money), **said,
    )  # fmt: skip
    rows = rows.mutate(
        reason=first_of(
            (rows.key.isnull(), "no id"),
            (rows.who.isnull(), "no customer id or e-mail: nobody it could be about"),
            (rows.key.length() + rows.who.length() > 300, "id and customer are longer than 300 characters"),
            (rows.started.isnull(), "no time at which it started that can be read"),
            (rows.money.isnull(), "Currency is no code of three letters"),
            (
                rows.amount.notnull() & rows.paid.isnull(),
                "Amount " + cells.shown(rows.amount) + " is no amount of money",
            ),
            (rows.status.isin(NEVER_PAID), "it was never paid for"),
        )
    )
    rejected, sound = parted(rows)
    word, times = sound.interval.lower().re_extract(r"([a-z]+)\s*$", 1), sound.interval.re_extract(r"(\d+)", 1)
    days = word.substr(0, 2).cases(*PERIOD_DAYS.items(), else_=ibis.null("float64"))
    told = sound.mutate(
        told=some_json(
            subscription_id=sound.key,
            period_days=days * times.nullif("").try_cast("float64").fill_null(1.0),
            amount_minor=sound.paid,
            currency=sound.money,
            plan=sound.plan,
        )
    )
    over = told.ended.notnull() & told.status.isin(["canceled", "cancelled", "unpaid"])
    steps = [
        facts(
            told, "steps", context, (told.key, ibis.literal(name)), where,
            happened_at=cells.instant(at, ibis.literal(True), context.zone), identifier=told.who,
            name=ibis.literal(name), moment=ibis.literal("repeat"), properties=told.told,
        )
        for name, at, where in (
            ("Subscription Started", told.started, ibis.literal(True)),
            ("Subscription Ended", told.ended, over),
        )
    ]  # fmt: skip
    tied = (
        sound.filter(sound.customer.notnull(), sound.email.notnull())
        .group_by("who", "email")
        .agg(line=lambda t: t.line.min())
    )
    traits = facts(
        tied, "traits", context, (tied.who, tied.email), tied.who != "email:" + tied.email,
        happened_at=ibis.literal(context.received_at), identifier=tied.who, name=ibis.literal("email"),
        value=tied.email, said_by=ibis.literal("shop"),
    )  # fmt: skip
    return Reading({"steps": ibis.union(*steps), "traits": traits}, rejected)


FORMAT = Format("stripe-subscriptions", "Stripe subscriptions", has(*COLUMNS), read, COLUMNS)
