"""Files of any shape: Stripe, Square, WooCommerce and plain ledgers are guessed right; what is missing is said."""

from collections.abc import Callable

import pytest
from tests.facts.conftest import Read

from openchair.core.errors import BadInput

Reader = Callable[..., Read]

STRIPE = (
    "id,Description,Seller Message,Created (UTC),Amount,Amount Refunded,Currency,Converted Amount,Fee,Tax,Status,"
    "Customer ID,Customer Email,Captured,Card ID\n"
    "ch_1,Box,ok,2023-07-05 10:11:12,12.00,2.00,usd,11,0.5,,Paid,cus_1,A@b.co,TRUE,c\n"
    "ch_2,Box,no,2023-07-05 10:11:12,12.00,0.00,usd,11,0.5,,Failed,cus_1,a@b.co,TRUE,c\n"
    "ch_3,Box,ok,2023-07-05 10:11:12,1200,0,jpy,11,0.5,,Paid,,d@b.co,TRUE,c\n"
)
SQUARE = (
    "Date,Time,Time Zone,Category,Item,Qty,Price Point Name,SKU,Modifiers Applied,Gross Sales,Discounts,Net Sales,Tax,"
    "Transaction ID,Payment ID,Customer ID,Customer Name\n"
    "1/5/23,10:11:12,Eastern,Tea,Green,1,Regular,,,$8.00,$0.00,$8.00,$0,T1,P1,C1,Ada\n"
    "1/15/23,10:11:12,Eastern,Tea,Green,-1,Regular,,,-$3.00,$0.00,-$3.00,$0,T2,P1,C1,Ada\n"
    "1/15/23,10:11:12,Eastern,Tea,Green,-1,Regular,,,($3.50),$0.00,($3.50),$0,T3,P1,,\n"
)
WOO = (
    "Order Number,Order Status,Order Date,Customer Note,First Name (Billing),Email (Billing),Order Total Amount,SKU,"
    "Item #,Item Name,Quantity,Item Cost,Coupon Code,Discount Amount\n"
    "1,Completed,2023-01-05 10:11,,Ada,a@b.co,30.00,S1,1,Tea,2,10.00,,0\n"
    "1,Completed,2023-01-05 10:11,,Ada,a@b.co,30.00,S2,2,Cup,1,10.00,,0\n"
)


def test_stripe_payments(read: Reader) -> None:
    """Paid is bought, paid back is a return, failed is refused; yen have no cents; Created (UTC) is UTC."""
    seen = read(STRIPE)
    assert seen.mapping["amount"] == "Amount"
    assert seen.mapping["customer"] == "Customer ID"
    amounts = {(r["order_id"], r["amount_minor"], r["currency"]) for r in seen.of("purchases")}
    assert amounts == {("ch_1", 1200, "USD"), ("ch_1", -200, "USD"), ("ch_3", 1200, "JPY")}
    assert {r["happened_at"].hour for r in seen.of("purchases")} == {10}
    assert [r["identifier"] for r in seen.of("purchases") if r["order_id"] == "ch_3"] == ["email:d@b.co"]
    assert {(r["identifier"], r["name"], r["value"]) for r in seen.of("traits")} == {("id:cus_1", "email", "a@b.co")}
    assert seen.reasons == {3: "not a purchase: its status is 'failed'"}


def test_square_items(read: Reader) -> None:
    """Date and time are two columns, months come first, $ and minus and brackets are understood, SKU may be empty."""
    seen = read(SQUARE)
    assert [r["amount_minor"] for r in seen.of("purchases")] == [800, -300, -350]
    assert seen.of("purchases")[1]["happened_at"].isoformat() == "2023-01-15T10:11:12+00:00"
    assert [r["is_return"] for r in seen.of("purchases")] == [False, True, True]
    assert seen.of("purchases")[2]["identifier"] is None
    assert not seen.doubts


def test_woocommerce_lines(read: Reader) -> None:
    """Where the order's total stands on every line, lines are price times quantity: nothing is counted twice."""
    assert [r["amount_minor"] for r in read(WOO).of("purchases")] == [2000, 1000]


def test_order_totals_are_shared(read: Reader) -> None:
    """With nothing but the order's total on each of its lines, the lines share it to the cent."""
    rows = read(
        "order_id,email,created_at,product,total\n7,a@b.co,2023-01-05,Tea,10.00\n" * 1
        + "7,a@b.co,2023-01-05,Cup,10.00\n7,a@b.co,2023-01-05,Pot,10.00\n"
    ).of("purchases")
    assert [r["amount_minor"] for r in rows] == [334, 333, 333]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Datum;Kunde;Betrag\n05.01.2023;17;1.234,56\n06.01.2023;18;-7,00\n", [123456, -700]),
        ('Date de commande,Client,Montant\n2023-01-05,17,"1 234,50 €"\n', [123450]),
        ("fecha\tcliente\timporte\n2023-01-05\t17\t12.50\n", [1250]),
        ("timestamp|userId|revenue\n1672913472|17|3\n1672913472000|18|4.5\n", [300, 450]),
        ("Order Date,Customer,Amount\n44931.5,17,3\n", [300]),
        ('day,buyer_email,paid\n"Jan 5, 2023",a@b.co,€3.10\n', [310]),
        ("sale_date,kundennummer,unit_price,menge\n2023-01-05,17,2.50,3\n", [750]),
    ],
)
def test_ledgers(read: Reader, text: str, expected: list[int]) -> None:
    """Plain ledgers in several languages, delimiters, ways of writing dates and money."""
    rows = read(text).of("purchases")
    assert [r["amount_minor"] for r in rows] == expected
    assert all(r["happened_at"].year == 2023 and r["happened_at"].month == 1 for r in rows)


def test_month_first_or_day_first(read: Reader) -> None:
    """One date that only fits one way decides the column; without any, the doubt is said."""
    assert [
        r["happened_at"].month for r in read("date,customer,amount\n3/4/2023,1,1\n3/25/2023,1,1\n").of("purchases")
    ] == [3, 3]
    assert [
        r["happened_at"].month for r in read("date,customer,amount\n3/4/2023,1,1\n25/3/2023,1,1\n").of("purchases")
    ] == [4, 3]
    doubtful = read("date,customer,amount\n3/4/2023,1,1\n")
    assert doubtful.doubts == ("Dates in date could be read either way; they are read as day before month.",)
    assert [r["happened_at"].month for r in doubtful.of("purchases")] == [4]


def test_the_other_way_round_is_refused(read: Reader) -> None:
    """A date against the rest of its column is not bent into shape."""
    seen = read("date,customer,amount\n13/4/2023,1,1\n25/3/2023,1,1\n3/25/2023,1,1\n")
    assert "'3/25/2023' is not a date" in seen.reasons[4]


def test_the_person_decides(read: Reader) -> None:
    """A field set by the person wins over any guess, in any case of the column's name."""
    seen = read("date,customer,amount,other\n2023-01-05,1,2,9\n", mapping={"amount": "OTHER"})
    assert seen.of("purchases")[0]["amount_minor"] == 900


def test_what_is_missing_is_said(read: Reader) -> None:
    """The error names the field, what was found, and how to name the column; a wrong name lists the right ones."""
    with pytest.raises(BadInput, match=r'date \(when it was bought\).*--map date="what"'):
        read("what,customer,amount\nx,1,2\n")
    with pytest.raises(BadInput, match="the file has date, customer, amount"):
        read("date,customer,amount\n2023-01-05,1,2\n", mapping={"email": "Mail"})
    with pytest.raises(BadInput, match="one of date, time, customer"):
        read("date,customer,amount\n2023-01-05,1,2\n", mapping={"colour": "date"})
    with pytest.raises(BadInput, match="Closest to UCI Online Retail, which also has Quantity"):
        read("InvoiceNo,StockCode,Description,InvoiceDate,CustomerID,Country\n1,2,3,2023-01-01,5,6\n")


def test_cells_that_cannot_be_read_are_refused(read: Reader) -> None:
    """A bad amount, date, quantity or currency costs its own row only, and the reason quotes the cell."""
    seen = read(
        "date,customer,amount,currency,quantity\n2023-01-05,1,abc,EUR,1\n2023-02-30,1,1,EUR,1\n2023-01-05,1,1,EURO,1\n"
        "2023-01-05,1,1,EUR,many\n2023-01-05,1,99999999999999999,EUR,1\n2023-01-05,1,1,EUR,1\n"
    )
    assert len(seen.of("purchases")) == 1
    assert "amount 'abc' is not an amount" in seen.reasons[2]
    assert "'2023-02-30' is not a date" in seen.reasons[3]
    assert "'EURO' is not an ISO 4217 code" in seen.reasons[4]
    assert "'many' is not a number" in seen.reasons[5]
    assert "beyond 10^15" in seen.reasons[6]
