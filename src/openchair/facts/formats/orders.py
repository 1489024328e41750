"""Orders in any shape: a ledger, payments, items sold, through the mapping of its columns (facts.mapping)."""

from collections.abc import Mapping

import ibis
import ibis.expr.types as ir

from openchair.facts import cells, mapping
from openchair.facts.reading import Context, Format, Reading, as_json, facts, first_of, parted, staged

VOID = (
    "failed", "canceled", "cancelled", "voided", "void", "declined", "expired", "incomplete", "uncaptured", "blocked",
    "pending", "requires_payment_method", "trash", "draft", "checkout-draft", "pending payment", "on-hold", "on hold",
    "unpaid", "storniert", "abgebrochen", "annulé", "annulée", "cancelado", "cancelada", "annullato", "geannuleerd",
)  # fmt: skip
"""Words for an order that did not happen, or not yet."""
LINKING = {"email": "email", "phone": "phone", "customer_name": "name"}
"""Field -> the trait it becomes when the order names its customer otherwise."""


def identity(customer: ir.StringValue, email: ir.StringValue, phone: ir.StringValue) -> ir.StringValue:
    """The identifier of a buyer: the shop's own id (or, written in its place, an address), else e-mail, else phone."""
    return ibis.cases(
        (customer.re_search(r"^[^@\s]+@[^@\s]+$"), "email:" + customer.lower()),
        (customer.notnull(), "id:" + customer),
        (email.notnull(), "email:" + email.lower()),
        (phone.notnull(), "phone:" + phone),
        else_=ibis.null("string"),
    )


def _understood(raw: ir.Table, context: Context) -> ir.Table:
    """The file's rows as an order's fields, typed, whatever the columns were called; null where not mapped."""
    at: Mapping[str, str] = context.mapping
    rows = staged(raw.select(line=raw.line, row=as_json(raw), **{f"at_{f}": raw[c] for f, c in at.items()}))

    def cell(field: str) -> ir.Value:
        return rows[f"at_{field}"] if field in at else ibis.null("string")

    def number(field: str) -> ir.FloatingValue:
        return cells.number(cell(field), context.style.get(at[field].lower(), "point") if field in at else "point")

    date = cell("date")
    if "time" in at and not date.type().is_timestamp():
        rows = staged(rows.mutate(at_date=cells.text(date) + (" " + cells.text(cell("time"))).fill_null("")))
        date = rows.at_date
    when, utc = cells.clock(date, context.style.get(at["date"].lower(), "dmy"))
    if "utc" in mapping.words_of(at["date"]).split():
        utc = ibis.literal(True)
    count = number("quantity") if "quantity" in at else ibis.literal(1.0)
    count = ibis.ifelse(cells.text(cell("quantity")).isnull(), 1.0, count)
    amounts = [f for f in ("amount", "price", "total") if f in at]
    amount = number(amounts[0])
    if amounts[0] == "price":
        off = number("discount").abs().fill_null(0) if "discount" in at else 0.0
        amount = amount * count - off
    return rows.select(
        line=rows.line,
        row=rows.row,
        when=when,
        utc=utc,
        who=identity(cells.code(cell("customer")), cells.text(cell("email")), cells.code(cell("phone"))),
        number=cells.code(cell("order_id")),
        item=cells.code(cell("item")),
        title=cells.text(cell("item_name")),
        category=cells.text(cell("category")),
        count=count,
        amount=amount,
        off=number("discount").abs().fill_null(0),
        back=number("refunded").abs(),
        money=cells.currency(cell("currency"), context.currency),
        status=cells.text(cell("status")).lower(),
        coupon=cells.text(cell("coupon")),
        country=cells.text(cell("country")),
        email=cells.text(cell("email")).lower(),
        phone=cells.code(cell("phone")),
        customer_name=cells.text(cell("customer_name")),
        date_cell=cells.shown(date),
        count_cell=cells.shown(cell("quantity")),
        amount_cell=cells.shown(cell(amounts[0])),
        money_cell=cells.shown(cell("currency")),
        back_cell=cells.text(cell("refunded")),
    )


def read(raw: ir.Table, context: Context) -> Reading:
    """One purchase a row; a negative amount is a return, an amount paid back is a return of its own.

    Without an amount a line is price times quantity, less the discount; with only the order's total, that is shared
    over the order's rows. Without an order column each row is an order. What failed, was cancelled or waits for its
    payment is rejected. Rows without a customer are kept as anonymous purchases.
    """
    at = context.mapping
    lacking = mapping.missing(at)
    if lacking:
        raise mapping.explain([c for c in raw.columns if c != "line"], at, lacking, "")
    rows = staged(_understood(raw, context))
    rows = rows.mutate(
        minor=cells.minor(rows.amount, rows.money),
        minor_off=cells.minor(rows.off, rows.money),
        minor_back=cells.minor(rows.back.fill_null(0), rows.money),
    )
    rows = staged(rows)
    amount_name = next(at[f] for f in ("amount", "price", "total") if f in at)
    reason = first_of(
        (rows.when.isnull(), f"{at['date']} " + rows.date_cell + " is not a date that can be read"),
        (rows.who.length() > 300, "the customer is longer than 300 characters"),
        (rows.number.length() > 280, "the order number is longer than 280 characters"),
        (rows.item.length() > 300, "the item's id is longer than 300 characters"),
        (rows.status.isin(VOID), "not a purchase: its status is " + cells.shown(rows.status)),
        (rows["count"].isnull(), f"{at.get('quantity')} " + rows.count_cell + " is not a number"),
        (rows["count"].abs() > 1e9, "the quantity is beyond 10^9"),
        (rows.money.isnull(), f"{at.get('currency')} " + rows.money_cell + " is not an ISO 4217 code"),
        (rows.amount.isnull(), f"{amount_name} " + rows.amount_cell + " is not an amount"),
        (
            rows.minor.isnull() | rows.minor_off.isnull() | rows.minor_back.isnull(),
            "an amount is beyond 10^15 minor units",
        ),
        (
            rows.back_cell.notnull() & rows.back.isnull(),
            f"{at.get('refunded')} " + cells.shown(rows.back_cell) + " is not an amount",
        ),
    )
    rows = rows.mutate(reason=reason)
    rejected, sound = parted(rows)
    if "total" in at and not {"amount", "price"} & at.keys() and "order_id" in at and {"item", "item_name"} & at.keys():
        sound = _shared(sound)
    found = {"purchases": _purchases(sound, context)}
    traits = _traits(sound, context)
    if traits is not None:
        found["traits"] = traits
    return Reading(found, rejected, one_each=traits is None and "refunded" not in at)


def _shared(rows: ir.Table) -> ir.Table:
    """The total that stands on each row of an order, shared over them to the cent: the first rows take the odd ones."""
    alone = rows.number.fill_null("row " + rows.line.cast("string"))
    together = rows.mutate(
        rows_=rows.count().over(group_by=alone), place_=ibis.row_number().over(group_by=alone, order_by=rows.line)
    )
    size, sign = together.minor.abs(), together.minor.sign().cast("int64")
    part = (size // together.rows_) + ibis.ifelse(together.place_ < size % together.rows_, 1, 0)
    return together.mutate(minor=(part * sign).cast("int64")).drop("rows_", "place_")


def _purchases(rows: ir.Table, context: Context) -> ir.Table:
    key = (
        rows.number,
        rows.who,
        rows.when.epoch_seconds(),
        rows.item,
        rows.title,
        rows["count"],
        rows.minor,
        rows.money,
    )
    own = rows.who.fill_null("") + " " + rows.when.epoch_seconds().cast("string") + " " + rows.minor.cast("string")
    common = {
        "happened_at": cells.instant(rows.when, rows.utc, context.zone),
        "identifier": rows.who,
        "order_id": rows.number.fill_null("row:" + own.hexdigest("md5").substr(0, 16)),
        "item_id": rows.item,
        "item_name": rows.title,
        "category": rows.category,
        "currency": rows.money,
        "coupon": rows.coupon,
        "country": rows.country,
    }
    count = rows["count"].abs()
    bought = facts(
        rows, "purchases", context, key, ibis.literal(True),
        **common, quantity=ibis.ifelse(rows.minor < 0, -count, count), amount_minor=rows.minor,
        discount_minor=rows.minor_off, is_return=rows.minor < 0,
    )  # fmt: skip
    if "refunded" not in context.mapping:
        return bought
    back = facts(
        rows, "purchases", context, (*key, ibis.literal("refunded")), rows.minor_back > 0,
        **common, quantity=-count, amount_minor=-rows.minor_back, is_return=ibis.literal(True),
    )  # fmt: skip
    return ibis.union(bought, back)


def _traits(rows: ir.Table, context: Context) -> ir.Table | None:
    """What the rows say of their customers besides: each distinct e-mail, phone, name once."""
    named = [f for f in LINKING if f in context.mapping]
    if not named:
        return None
    parts = [
        rows.select(
            line=rows.line, who=rows.who, when=rows.when, utc=rows.utc, name=ibis.literal(LINKING[f]), said=rows[f]
        )
        for f in named
    ]
    said = ibis.union(*parts) if len(parts) > 1 else parts[0]
    said = said.filter(said.who.notnull() & said.said.notnull() & (said.who != said.name + ":" + said.said))
    once = said.group_by("who", "name", "said").agg(line=said.line.min(), when=said.when.min(), utc=said.utc.any())
    return facts(
        once, "traits", context, (once.who, once.name, once.said), ibis.literal(True),
        happened_at=cells.instant(once.when, once.utc, context.zone), identifier=once.who, name=once.name,
        value=once.said, said_by=ibis.literal("shop"),
    )  # fmt: skip


FORMAT = Format("orders", "Orders, through a mapping of columns", lambda columns: False, read)
