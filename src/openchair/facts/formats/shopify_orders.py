"""Shopify orders: one row a line of an order; what belongs to the order stands on its first row only."""

import ibis
import ibis.expr.types as ir

from openchair.facts import cells
from openchair.facts.formats.orders import identity
from openchair.facts.reading import Context, Format, Reading, as_json, column, facts, first_of, has, parted, staged

COLUMNS = ("Name", "Email", "Financial Status", "Created at", "Lineitem quantity", "Lineitem name", "Lineitem price")
VOID = ("voided", "expired")


def _of_order(rows: ir.Table, name: str) -> ir.StringValue:
    """A cell of the order: from whichever of its rows has it."""
    return rows[name].max().over(group_by=rows.order)


def _rows(raw: ir.Table, context: Context) -> ir.Table:
    """The file's rows with typed cells, and on each what its whole order says."""
    text = {
        "email": "Email", "status": "Financial Status", "created": "Created at", "cancelled": "Cancelled at",
        "currency": "Currency", "code": "Discount Code", "marketing": "Accepts Marketing", "person": "Billing Name",
        "bill_country": "Billing Country", "ship_country": "Shipping Country",
    }  # fmt: skip
    rows = raw.select(
        line=raw.line,
        row=as_json(raw),
        order=cells.code(column(raw, "Name")),
        phone=cells.code(column(raw, "Phone")),
        item=cells.code(column(raw, "Lineitem sku")),
        title=cells.text(column(raw, "Lineitem name")),
        vendor=cells.text(column(raw, "Vendor")),
        count=cells.number(column(raw, "Lineitem quantity")),
        price=cells.number(column(raw, "Lineitem price")),
        count_cell=cells.shown(column(raw, "Lineitem quantity")),
        price_cell=cells.shown(column(raw, "Lineitem price")),
        off=cells.number(column(raw, "Discount Amount")),
        back=cells.number(column(raw, "Refunded Amount")),
        total=cells.number(column(raw, "Total")),
        **{short: cells.text(column(raw, long)) for short, long in text.items()},
    )
    rows = staged(rows)
    rows = rows.mutate(**{n: _of_order(rows, n) for n in (*text, "phone", "off", "back", "total")})
    when, utc = cells.clock(rows.created, "mdy")
    return rows.mutate(
        when=when,
        utc=utc,
        who=identity(ibis.null("string"), rows.email, rows.phone),
        money=cells.currency(rows.currency, context.currency),
        status=rows.status.lower(),
    )


def read(raw: ir.Table, context: Context) -> Reading:
    """Lines become purchases of the person with that e-mail; what was paid back becomes a return, consent a trait.

    The order's discount is shared over its lines by price, to the cent. Cancelled and voided orders are rejected;
    orders still to be paid count. The export does not say when money was paid back: the return carries the order's
    time, and is never more than was paid for the lines, for it may include shipping and tax.
    """
    rows = _rows(raw, context)
    rows = staged(rows)
    rows = staged(rows.mutate(gross=cells.minor(rows["count"] * rows.price, rows.money)))
    rows = rows.mutate(
        reason=first_of(
            (rows.order.isnull(), "no order name"),
            (rows.order.length() > 280, "the order name is longer than 280 characters"),
            (rows.who.length() > 300, "the e-mail address is longer than 294 characters"),
            (rows.when.isnull(), "Created at " + cells.shown(rows.created) + " is not a date that can be read"),
            (rows.cancelled.notnull(), "not a purchase: order " + rows.order + " was cancelled"),
            (rows.status.isin(VOID), "not a purchase: order " + rows.order + " is " + rows.status),
            (rows.money.isnull(), "currency " + cells.shown(rows.currency) + " is not an ISO 4217 code"),
            (rows["count"].isnull(), "Lineitem quantity " + rows.count_cell + " is not a number"),
            (
                (rows["count"] < 0) | (rows["count"] > 1e9),
                "Lineitem quantity " + rows.count_cell + " is below 0 or too large",
            ),
            (rows.price.isnull(), "Lineitem price " + rows.price_cell + " is not a number"),
            (rows.price < 0, "Lineitem price " + rows.price_cell + " is below 0"),
            (rows.gross.isnull(), "the line's amount is beyond 10^15 minor units"),
            (rows.item.length() > 300, "Lineitem sku is longer than 300 characters"),
        )
    )
    rejected, sound = parted(rows)
    sound = _discounted(sound)
    return Reading({"purchases": _purchases(sound, context), "traits": _traits(sound, context)}, rejected)


def _discounted(rows: ir.Table) -> ir.Table:
    """With each line's part of the order's discount, and on the order's first line what was paid back for all."""
    so_far = ibis.cumulative_window(group_by=rows.order, order_by=rows.line)
    rows = rows.mutate(
        sum_=rows.gross.sum().over(group_by=rows.order),
        upto_=rows.gross.sum().over(so_far),
        place_=ibis.row_number().over(group_by=rows.order, order_by=rows.line),
        off_=cells.minor(rows.off.abs().fill_null(0), rows.money).fill_null(0),
        back_=cells.minor(rows.back.abs().fill_null(0), rows.money).fill_null(0),
    )
    off = ibis.least(rows.off_, rows.sum_)
    # Rounding down the running share leaves nothing over: at the last line the share of the whole is the whole.
    size = ibis.ifelse(rows.sum_ > 0, rows.sum_, 1).cast("float64")
    upto = (off * (rows.upto_ / size)).floor().cast("int64")
    before = (off * ((rows.upto_ - rows.gross) / size)).floor().cast("int64")
    refunded = ibis.ifelse((rows.back_ == 0) & (rows.status == "refunded"), rows.sum_, rows.back_)
    return rows.mutate(
        share=ibis.ifelse(rows.sum_ > 0, upto - before, 0).cast("int64"),
        refund=ibis.ifelse(rows.place_ == 0, ibis.least(refunded, rows.sum_ - off), 0).cast("int64"),
        first=rows.place_ == 0,
    )


def _purchases(rows: ir.Table, context: Context) -> ir.Table:
    common = {
        "happened_at": cells.instant(rows.when, rows.utc, context.zone),
        "identifier": rows.who,
        "order_id": rows.order,
        "currency": rows.money,
        "country": rows.ship_country.fill_null(rows.bill_country),
    }
    key = (rows.order, rows.item, rows.title, rows["count"], rows.gross, rows.when.epoch_seconds())
    bought = facts(
        rows, "purchases", context, key, ibis.literal(True), **common,
        item_id=rows.item, item_name=rows.title, category=rows.vendor,
        quantity=rows["count"], amount_minor=rows.gross - rows.share, discount_minor=rows.share, coupon=rows.code,
    )  # fmt: skip
    back = facts(
        rows, "purchases", context, (rows.order, ibis.literal("refund"), rows.refund), rows.refund > 0,
        **common, item_name=ibis.literal("Refund"), quantity=ibis.literal(-1.0), amount_minor=-rows.refund,
        is_return=ibis.literal(True),
    )  # fmt: skip
    return ibis.union(bought, back)


def _traits(rows: ir.Table, context: Context) -> ir.Table:
    """Consent as each order says it, and the name and phone once a person."""
    known = rows.filter(rows.who.notnull() & rows.first)
    said = ibis.union(
        known.select(
            "line",
            "who",
            "when",
            "utc",
            "order",
            name=ibis.literal("consent.email.marketing"),
            said=known.marketing.lower(),
        ),
        known.select(
            "line", "who", "when", "utc", order=ibis.literal(""), name=ibis.literal("name"), said=known.person
        ),
        known.select(
            "line", "who", "when", "utc", order=ibis.literal(""), name=ibis.literal("phone"), said=known.phone
        ),
    )
    said = said.filter(said.said.notnull() & (said.who != said.name + ":" + said.said))
    once = said.group_by("who", "name", "said", "order").agg(
        line=said.line.min(), when=said.when.min(), utc=said.utc.any()
    )
    return facts(
        once, "traits", context, (once.who, once.name, once.said, once.order), ibis.literal(True),
        happened_at=cells.instant(once.when, once.utc, context.zone), identifier=once.who, name=once.name,
        value=once.said, said_by=ibis.ifelse(once.name == "consent.email.marketing", "customer", "shop"),
    )  # fmt: skip


FORMAT = Format("shopify-orders", "Shopify orders", has(*COLUMNS), read, COLUMNS)
