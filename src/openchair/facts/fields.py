"""The fields of an order that a column of a file can be mapped to, with the words headers use for them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Field:
    """A field of an order: what it is, the words its header may hold (best first), and what its values look like."""

    what: str
    words: tuple[str, ...]
    looks: str = ""
    not_words: frozenset[str] = frozenset()
    """Words beside which a header means something else."""


def _field(what: str, words: str, looks: str = "", but_not: str = "") -> Field:
    return Field(what, tuple(" ".join(w.split()) for w in words.split(",")), looks, frozenset(but_not.split()))


FIELDS: dict[str, Field] = {
    "date": _field(
        "when it was bought",
        "order date, created utc, created at, invoice date, transaction date, purchase date, date created, paid at, "
        "sale date, completed date, date, created, timestamp, datetime, ordered at, day, bestelldatum, "
        "rechnungsdatum, datum, date de commande, date d achat, fecha de compra, fecha pedido, fecha, data ordine, "
        "data, besteldatum, data do pedido, تاریخ, วันที่",
        looks="date",
        but_not="birth update updated refunded shipped fulfilled due expiry cancelled",
    ),
    "time": _field(
        "the time of day, where the date has none",
        "time, uhrzeit, heure, hora, ora, tijd",
        looks="time",
        but_not="zone",
    ),
    "customer": _field(
        "who bought it: the shop's own customer id, or an e-mail address",
        "customer id, customer number, customer no, client id, user id, member id, buyer id, household id, customer "
        "reference id, account id, customer, client, member, buyer, userid, kundennummer, kunden nr, kunde, kunden "
        "id, numéro client, client n, id client, cliente id, id cliente, número de cliente, cliente, codice cliente, "
        "klantnummer, klant, گاہک, ลูกค้า",
        but_not="name note email mail phone description type group since country city",
    ),
    "email": _field(
        "their e-mail address",
        "customer email, email billing, billing email, email address, e mail adresse, email, e mail, mail, adresse e "
        "mail, courriel, correo electrónico, correo, posta elettronica, buyer email",
        looks="email",
        but_not="consent marketing status",
    ),
    "phone": _field(
        "their phone number",
        "phone billing, customer phone, phone number, phone, telefon, téléphone, teléfono, telefono, mobile",
        but_not="consent marketing",
    ),
    "customer_name": _field(
        "their name",
        "customer name, full name, buyer name, client name, kundenname, nom du client, nombre del cliente, nome "
        "cliente, klantnaam",
    ),
    "order_id": _field(
        "the order or invoice it belongs to",
        "order id, order number, order no, order, invoice number, invoice no, invoice id, invoice, transaction id, "
        "receipt number, receipt no, receipt, basket id, sale id, payment id, id, bestellnummer, auftragsnummer, "
        "rechnungsnummer, belegnummer, numéro de commande, commande, facture, número de pedido, pedido, factura, "
        "numero ordine, ordine, fattura, bestelnummer",
        but_not="date status total amount note notes type value count currency key",
    ),
    "item": _field(
        "what was bought: the article's own id",
        "product id, sku, item id, item no, item number, item code, stock code, article number, article no, product "
        "code, variant id, artikelnummer, artikel nr, référence, référence produit, código, codice, artikelcode, upc, "
        "ean",
        but_not="name price cost total",
    ),
    "item_name": _field(
        "what was bought, in words",
        "item name, product name, lineitem name, product title, item, product, title, description, article, artikel, "
        "artikelbezeichnung, produkt, bezeichnung, produit, désignation, producto, artículo, prodotto, omschrijving, "
        "produto",
        but_not="id price cost total no number qty quantity customer category card discount",
    ),
    "category": _field(
        "its category",
        "category, product category, department, product type, kategorie, catégorie, categoría, categoria, categorie, "
        "warengruppe",
    ),
    "quantity": _field(
        "how many",
        "quantity, qty, units, pieces, item quantity, lineitem quantity, menge, anzahl, stückzahl, quantité, qté, "
        "cantidad, quantità, aantal, quantidade, تعداد, จำนวน",
        looks="number",
        but_not="refunded returned stock",
    ),
    "price": _field(
        "the price of one",
        "unit price, price per unit, item price, item cost, lineitem price, price each, price, einzelpreis, "
        "stückpreis, preis, prix unitaire, prix, precio unitario, precio, prezzo unitario, prezzo, stukprijs, prijs, "
        "preço unitário, preço",
        looks="number",
        but_not="point compare total name list",
    ),
    "amount": _field(
        "what was paid for the line, returns negative",
        "net sales, line total, item total, net amount, amount paid, amount, sales value, revenue, sales, spend, "
        "spent, value, paid, turnover, umsatz, betrag, nettobetrag, positionsbetrag, montant, chiffre d affaires, "
        "importe, monto, ventas, importo, bedrag, omzet, valor, رقم, จำนวนเงิน",
        looks="number",
        but_not="refunded refund tax fee discount converted gross at method shipping lifetime",
    ),
    "total": _field(
        "what was paid for the whole order",
        "order total amount, order total, grand total, total amount, total price, total paid, total, gross sales, "
        "subtotal, gesamtbetrag, gesamtsumme, gesamt, summe, total commande, total pedido, totale, totaal",
        looks="number",
        but_not="tax discount refunded shipping quantity items orders spent spend",
    ),
    "discount": _field(
        "the discount on the line",
        "discount amount, discounts, discount, rabatt, remise, descuento, sconto, korting",
        looks="number",
        but_not="code coupon percent name type",
    ),
    "refunded": _field(
        "what was paid back",
        "amount refunded, refunded amount, order refund amount, refund amount, refunded, erstattet, remboursé",
        looks="number",
        but_not="at date reason converted",
    ),
    "currency": _field(
        "the currency",
        "currency, currency code, order currency, währung, devise, moneda, valuta",
        looks="currency",
        but_not="converted",
    ),
    "status": _field(
        "its status: what failed or was cancelled is no purchase",
        "order status, payment status, financial status, status, bestellstatus, statut, estado, stato",
        but_not="fulfillment shipping message",
    ),
    "coupon": _field(
        "the coupon used",
        "coupon code, discount code, coupon, voucher, gutschein, promo code",
    ),
    "country": _field(
        "the country",
        "country, billing country, country billing, shipping country, land, pays, país, paese",
    ),
}
"""Every field, in the order in which a mapping is shown."""
