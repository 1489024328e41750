"""UCI Online Retail: one row an invoice line; invoices that begin with C are cancellations (UCI repository 352)."""

import ibis
import ibis.expr.types as ir

from openchair.facts import cells
from openchair.facts.reading import Context, Format, Reading, column, facts, first_of, has, rejects

COLUMNS = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country")
CURRENCY = "GBP"


def read(raw: ir.Table, context: Context) -> Reading:
    """Lines become purchases, cancelled ones returns; without a customer they are kept as anonymous purchases.

    Paid is quantity times unit price, in pounds, negative for a return; times are the shop's own. A negative quantity
    without a cancellation number corrects the stock, and a negative price the books: both are rejected.
    """
    invoice, stock, name, quantity_cell, date_cell, price_cell, customer, country = (column(raw, c) for c in COLUMNS)
    order_id, item_id, customer_id = cells.code(invoice), cells.code(stock), cells.code(customer)
    quantity, price = cells.number(quantity_cell), cells.number(price_cell)
    moment, is_utc = cells.clock(date_cell, context.style.get("invoicedate", "mdy"))
    amount = cells.minor(quantity * price, CURRENCY)
    cancels = order_id.upper().startswith("C")
    reason = first_of(
        (order_id.isnull(), "no invoice number"),
        (order_id.length() > 300, "the invoice number is longer than 300 characters"),
        (customer_id.length() > 290, "the customer number is longer than 290 characters"),
        (moment.isnull(), "invoice date " + cells.shown(date_cell) + " is not a date that can be read"),
        (quantity.isnull(), "quantity " + cells.shown(quantity_cell) + " is not a number"),
        (price.isnull(), "unit price " + cells.shown(price_cell) + " is not a number"),
        (
            (quantity < 0) & ~cancels,
            "stock adjustment, not a purchase: quantity " + cells.shown_number(quantity) + " on invoice "
            + order_id + " without a cancellation number",
        ),
        (quantity == 0, "quantity 0 on invoice " + order_id + ": nothing was bought"),
        (
            (quantity > 0) & cancels,
            "invoice " + order_id + " is a cancellation, yet its quantity " + cells.shown_number(quantity)
            + " is above 0",
        ),
        (
            price < 0,
            "correction of the books, not a purchase: unit price " + cells.shown_number(price) + " on invoice "
            + order_id,
        ),
        (quantity.abs() > 1e9, "quantity " + cells.shown(quantity_cell) + " is beyond a thousand million"),
        (amount.isnull(), "quantity times unit price is beyond 10^15 pence"),
    )  # fmt: skip
    purchases = facts(
        raw,
        "purchases",
        context,
        (order_id, item_id, cells.text(name), quantity, moment.epoch_seconds(), price, customer_id),
        reason.isnull(),
        happened_at=cells.instant(moment, is_utc, context.zone),
        identifier="id:" + customer_id,
        order_id=order_id,
        item_id=item_id,
        item_name=cells.text(name),
        quantity=quantity,
        amount_minor=amount,
        currency=ibis.literal(CURRENCY),
        is_return=cancels,
        country=cells.text(country),
    )
    return Reading({"purchases": purchases}, rejects(raw, reason), one_each=True)


FORMAT = Format("uci-online-retail", "UCI Online Retail", has(*COLUMNS), read, COLUMNS, doubtful=("invoicedate",))
