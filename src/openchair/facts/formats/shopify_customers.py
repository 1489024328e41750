"""Shopify customers: one row a person; every filled cell becomes a trait."""

import ibis
import ibis.expr.types as ir

from openchair.facts import cells
from openchair.facts.formats.orders import identity
from openchair.facts.reading import Context, Format, Reading, as_json, column, facts, first_of, has, parted, staged

COLUMNS = ("Customer ID", "First Name", "Last Name", "Email", "Accepts Email Marketing")
TRAITS = {
    "Email": "email", "Phone": "phone", "First Name": "first_name", "Last Name": "last_name",
    "Accepts Email Marketing": "consent.email.marketing", "Accepts SMS Marketing": "consent.sms.marketing",
    "Total Spent": "total_spent", "Total Orders": "total_orders", "Note": "note", "Tax Exempt": "tax_exempt",
    "Tags": "tags", "Default Address Company": "company", "Default Address City": "city",
    "Default Address Country Code": "country", "Default Address Zip": "postcode",
}  # fmt: skip
"""Column -> the trait it becomes."""
BY_CUSTOMER = ("consent.email.marketing", "consent.sms.marketing")


def read(raw: ir.Table, context: Context) -> Reading:
    """Traits of the person with that customer id (else e-mail, else phone); e-mail and phone tie identifiers together.

    The file says how things stand, not since when: traits carry the time of the import. The same word said again later
    in another export is the same fact, so a yes after a no after a yes has to come by another way (a Segment call).
    """
    customer = cells.code(column(raw, "Customer ID"))
    email = cells.text(column(raw, "Email")).lower()
    phone = cells.code(column(raw, "Phone"))
    said = {trait: cells.text(column(raw, name)) for name, trait in TRAITS.items()}
    said |= {"email": email, "phone": phone, "tags": _listed(said["tags"])}
    said |= {name: said[name].lower() for name in BY_CUSTOMER}
    full = (said["first_name"].fill_null("") + " " + said["last_name"].fill_null("")).strip().nullif("")
    rows = raw.select(line=raw.line, row=as_json(raw), who=identity(customer, email, phone), **said, name=full)
    rows = staged(rows)
    names = [*said, "name"]
    rows = rows.mutate(
        reason=first_of(
            (rows.who.isnull(), "no customer id, e-mail or phone: nobody it could be about"),
            (rows.who.length() > 300, "the customer id is longer than 296 characters"),
            (ibis.coalesce(*[rows[n] for n in names]).isnull(), "nothing is said of this customer"),
        )
    )
    rejected, sound = parted(rows)
    long = sound.select("line", "who", *names).pivot_longer(names, names_to="trait", values_to="value")
    long = long.filter(long.value.notnull())
    once = long.group_by("who", "trait", "value").agg(line=long.line.min())
    traits = facts(
        once, "traits", context, (once.who, once.trait, once.value), ibis.literal(True),
        happened_at=ibis.literal(context.received_at), identifier=once.who, name=once.trait, value=once.value,
        said_by=ibis.ifelse(once.trait.isin(BY_CUSTOMER), "customer", "shop"),
    )  # fmt: skip
    return Reading({"traits": traits}, rejected)


def _listed(tags: ir.StringValue) -> ir.StringValue:
    """Tags parted by commas as a JSON list."""
    return tags.re_replace(r"\s*,\s*", ",").split(",").cast("json").cast("string")


FORMAT = Format("shopify-customers", "Shopify customers", has(*COLUMNS), read, COLUMNS)
