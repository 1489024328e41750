"""The Complete Journey (dunnhumby, as in the packages completejourney for R and Python): seven tables, each a format.

Amounts are US dollars. `sales_value` is what the shop received for the line, the manufacturer's coupon included, for
which the manufacturer pays the shop; so it is the line's amount, and the manufacturer's coupon is kept in `properties`.
What the shop itself gave away (`retail_disc`, `coupon_match_disc`) is already taken off, and is the line's discount.
"""

import ibis
import ibis.expr.types as ir

from openchair.facts import cells
from openchair.facts.reading import Context, Format, Reading, column, facts, first_of, has, joined, rejects, some_json

CURRENCY = "USD"
TRANSACTIONS = (
    "household_id", "store_id", "basket_id", "product_id", "quantity", "sales_value",
    "retail_disc", "coupon_disc", "coupon_match_disc", "week", "transaction_timestamp",
)  # fmt: skip
DEMOGRAPHICS = (
    "household_id", "age", "income", "home_ownership", "marital_status", "household_size", "household_comp",
    "kids_count",
)  # fmt: skip
PRODUCTS = (
    "product_id", "manufacturer_id", "department", "brand", "product_category", "product_type", "package_size",
)  # fmt: skip
REDEMPTIONS = ("household_id", "coupon_upc", "campaign_id", "redemption_date")
DESCRIPTIONS = ("campaign_id", "campaign_type", "start_date", "end_date")
COUPONS = ("coupon_upc", "product_id", "campaign_id")
CAMPAIGNS = ("campaign_id", "household_id")

ITEM_LISTED, CAMPAIGN_DESCRIBED, COUPON_LISTED = "Item Listed", "Campaign Described", "Coupon Listed"


def _too_long(*ids: ir.StringValue) -> tuple[ir.BooleanValue, str]:
    longest = ibis.greatest(*[i.length().fill_null(0) for i in ids])
    return longest > 290, "an id is longer than 290 characters"


def _catalogue(context: Context) -> ir.Table | None:
    """product_id, item_name, category of the items listed so far; None when nothing is known of any."""
    if context.known is None:
        return None
    events = context.known("events")
    listed = events.filter((events.name == ITEM_LISTED) & (events.source == context.source))
    what = listed.properties.cast("json")
    named = listed.select(
        listed_id=what["product_id"].str, listed_name=what["product_type"].str, listed_as=what["product_category"].str
    )
    return named.distinct(on="listed_id", keep="first")


def transactions(raw: ir.Table, context: Context) -> Reading:
    """Basket lines become purchases; a line of which nothing was sold (a coupon or a correction) is rejected.

    Items take their name and category from the products table when that was imported before.
    """
    row = {c: column(raw, c) for c in TRANSACTIONS}
    customer, order_id, item_id = (cells.code(row[c]) for c in ("household_id", "basket_id", "product_id"))
    numbers = {c: cells.number(row[c]) for c in TRANSACTIONS[4:9]}
    quantity, value = numbers["quantity"], numbers["sales_value"]
    moment, is_utc = cells.clock(row["transaction_timestamp"], "mdy")
    given = numbers["retail_disc"].fill_null(0).abs() + numbers["coupon_match_disc"].fill_null(0).abs()
    coupon = numbers["coupon_disc"].fill_null(0).abs()
    amount = cells.minor(value, CURRENCY)
    discount = cells.minor(given, CURRENCY)
    reason = first_of(
        (customer.isnull() | order_id.isnull() | item_id.isnull(), "household_id, basket_id or product_id is missing"),
        _too_long(customer, order_id, item_id),
        (moment.isnull(), "time " + cells.shown(row["transaction_timestamp"]) + " is not one that can be read"),
        (quantity.isnull(), "quantity " + cells.shown(row["quantity"]) + " is not a number"),
        (value.isnull(), "sales_value " + cells.shown(row["sales_value"]) + " is not a number"),
        ((quantity < 0) | (quantity > 1e9), "quantity " + cells.shown(row["quantity"]) + " is not between 0 and 10^9"),
        (value < 0, "sales_value " + cells.shown(row["sales_value"]) + " is below 0"),
        (
            (quantity == 0) & (value == 0),
            "nothing was sold: quantity 0 and sales value 0 in basket " + order_id + " (a coupon or a correction)",
        ),
        (amount.isnull() | discount.isnull(), "an amount is beyond 10^15 cents"),
    )
    catalogue = _catalogue(context)
    details = ibis.ifelse(
        coupon > 0, some_json(store_id=cells.code(row["store_id"]), manufacturer_coupon=coupon), ibis.null("string")
    )
    purchases = facts(
        raw,
        "purchases",
        context,
        (customer, order_id, item_id, quantity, value, given, coupon, moment.epoch_seconds()),
        reason.isnull(),
        happened_at=cells.instant(moment, is_utc, context.zone),
        identifier="id:" + customer,
        properties=details,
        order_id=order_id,
        item_id=item_id,
        quantity=quantity,
        amount_minor=amount,
        discount_minor=discount,
        currency=ibis.literal(CURRENCY),
    )
    if catalogue is not None:
        found = purchases.left_join(catalogue, purchases.item_id == catalogue.listed_id)
        purchases = found.mutate(item_name=found.listed_name, category=found.listed_as).select(*purchases.columns)
    return Reading({"purchases": purchases}, rejects(raw, reason), one_each=True)


def demographics(raw: ir.Table, context: Context) -> Reading:
    """Each filled cell of a household becomes a trait, said by the shop."""
    customer = cells.code(column(raw, "household_id"))
    names = DEMOGRAPHICS[1:]
    filled = [cells.text(column(raw, n)) for n in names]
    reason = first_of(
        (customer.isnull(), "no household_id"),
        _too_long(customer),
        (ibis.coalesce(*filled).isnull(), "nothing is said of this household"),
    )
    wide = raw.select(line=raw.line, customer=customer, sound=reason.isnull(), **dict(zip(names, filled, strict=True)))
    long = wide.pivot_longer(list(names), names_to="trait", values_to="said")
    traits = facts(
        long,
        "traits",
        context,
        (long.customer, long.trait, long.said),
        long.sound & long.said.notnull(),
        happened_at=ibis.literal(context.received_at),
        identifier="id:" + long.customer,
        name=long.trait,
        value=long.said,
        said_by=ibis.literal("shop"),
    )
    return Reading({"traits": traits}, rejects(raw, reason))


def campaigns(raw: ir.Table, context: Context) -> Reading:
    """A campaign sent to a household becomes a contact on the day the campaign began.

    That day is in campaign_descriptions, which must have been imported before; without it the row is rejected.
    """
    customer, campaign = (cells.code(column(raw, c)) for c in ("household_id", "campaign_id"))
    base = raw.mutate(customer_=customer, campaign_=campaign)
    if context.known is None:
        base = base.mutate(began_=ibis.null("timestamp('UTC')"))
    else:
        events = context.known("events")
        told = events.filter((events.name == CAMPAIGN_DESCRIBED) & (events.source == context.source))
        began = told.select(known_=told.properties.cast("json")["campaign_id"].str, began_=told.happened_at).distinct(
            on="known_", keep="first"
        )
        base = base.left_join(began, base.campaign_ == began.known_).drop("known_")
    reason = first_of(
        (base.customer_.isnull() | base.campaign_.isnull(), "household_id or campaign_id is missing"),
        _too_long(base.customer_, base.campaign_),
        (
            base.began_.isnull(),
            "it is not known when campaign " + base.campaign_ + " began: import campaign_descriptions, then this again",
        ),
    )
    contacts = facts(
        base,
        "contacts",
        context,
        (base.customer_, base.campaign_),
        reason.isnull(),
        happened_at=base.began_,
        identifier="id:" + base.customer_,
        action="campaign " + base.campaign_,
        status=ibis.literal("sent"),
        campaign=base.campaign_,
    )
    return Reading({"contacts": contacts}, rejects(base, reason, "customer_", "campaign_", "began_"), one_each=True)


def redemptions(raw: ir.Table, context: Context) -> Reading:
    """A coupon handed in becomes the step "Coupon Applied"."""
    customer, coupon, campaign = (cells.code(column(raw, c)) for c in REDEMPTIONS[:3])
    day = column(raw, "redemption_date")
    moment, is_utc = cells.clock(day, "mdy")
    reason = first_of(
        (customer.isnull() | coupon.isnull(), "household_id or coupon_upc is missing"),
        _too_long(customer, coupon),
        (moment.isnull(), "redemption_date " + cells.shown(day) + " is not a date that can be read"),
    )
    steps = facts(
        raw,
        "steps",
        context,
        (customer, coupon, campaign, moment.epoch_seconds()),
        reason.isnull(),
        happened_at=cells.instant(moment, is_utc, context.zone),
        identifier="id:" + customer,
        properties=some_json(coupon=coupon, campaign_id=campaign),
        name=ibis.literal("Coupon Applied"),
        moment=ibis.literal("request"),
    )
    return Reading({"steps": steps}, rejects(raw, reason), one_each=True)


def _listing(
    raw: ir.Table, context: Context, name: str, columns: tuple[str, ...], ids: int, since: str = ""
) -> Reading:
    """Rows about things, not customers, become events without an identifier; the first `ids` columns must be filled."""
    row = {c: cells.code(column(raw, c)) if n < ids else cells.text(column(raw, c)) for n, c in enumerate(columns)}
    problems = [(row[c].isnull(), f"{c} is missing") for c in columns[:ids]]
    happened: ir.Value = ibis.literal(context.received_at)
    if since:
        moment, is_utc = cells.clock(column(raw, since), "mdy")
        problems.append((moment.isnull(), since + " " + cells.shown(column(raw, since)) + " is not a date"))
        happened = cells.instant(moment, is_utc, context.zone)
    details = some_json(**row)
    problems.append((details.length() > 20_000, "the row is longer than 20,000 characters"))
    reason = first_of(*problems)
    events = facts(
        raw,
        "events",
        context,
        (ibis.literal(name), joined(*row.values())),
        reason.isnull(),
        happened_at=happened,
        properties=details,
        name=ibis.literal(name),
    )
    return Reading({"events": events}, rejects(raw, reason), one_each=True)


def products(raw: ir.Table, context: Context) -> Reading:
    """The catalogue: "Item Listed" for each product."""
    return _listing(raw, context, ITEM_LISTED, PRODUCTS, 1)


def descriptions(raw: ir.Table, context: Context) -> Reading:
    """What each campaign was: "Campaign Described" on the day it began."""
    return _listing(raw, context, CAMPAIGN_DESCRIBED, DESCRIPTIONS, 1, since="start_date")


def coupons(raw: ir.Table, context: Context) -> Reading:
    """What each coupon is good for: "Coupon Listed" for each product."""
    return _listing(raw, context, COUPON_LISTED, COUPONS, 3)


FORMATS = tuple(
    Format(
        f"complete-journey-{name}",
        f"The Complete Journey: {name.replace('-', ' ')}",
        has(*columns),
        read,
        columns,
        source="complete-journey",
    )
    for name, columns, read in (
        ("campaign-descriptions", DESCRIPTIONS, descriptions),
        ("products", PRODUCTS, products),
        ("transactions", TRANSACTIONS, transactions),
        ("demographics", DEMOGRAPHICS, demographics),
        ("coupon-redemptions", REDEMPTIONS, redemptions),
        ("coupons", COUPONS, coupons),
        ("campaigns", CAMPAIGNS, campaigns),
    )
)
