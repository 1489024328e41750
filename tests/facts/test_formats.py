"""Every format, as cases: what its rows become, and what is rejected, with which words."""

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.facts.conftest import Read

from openchair.facts.formats import FORMATS
from openchair.facts.kinds import check

Reader = Callable[..., Read]

UCI = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
SHOPIFY = (
    "\ufeffname,EMAIL,Extra,Financial Status,Accepts Marketing,Currency,Total,Discount Code,Discount Amount,Created at,"
    "Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,Cancelled at,Refunded Amount,Billing Name,Phone\n"
)
CUSTOMERS = "Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Phone,Accepts SMS Marketing,Note,Tags\n"

SAMPLES = {
    "openchair-facts": "fact_id,source,received_at,happened_at,identifier,name\n1,s,2026-01-01,2025-01-01,id:1,Hi\n",
    "segment-jsonl": '{"type":"track","userId":"1","event":"Hi"}\n',
    "uci-online-retail": UCI + "1,2,X,1,12/13/2010 8:26,1,5,UK\n",
    "shopify-orders": SHOPIFY + "#1,a@b.co,,paid,yes,EUR,1,,,2023-01-05 10:11:12 -0500,1,Tea,1.00,T,,,,\n",
    "shopify-customers": CUSTOMERS + "'1,Ada,L,a@b.co,yes,,,,\n",
    "orders": "Date,Customer,Amount\n2023-01-05,1,2.00\n",
    "complete-journey-campaign-descriptions": (
        "campaign_id,campaign_type,start_date,end_date\n1,A,2017-01-01,2017-02-01\n"
    ),
    "complete-journey-products": (
        "product_id,manufacturer_id,department,brand,product_category,product_type,package_size\n1,2,G,N,ICE,CUBES,\n"
    ),
    "complete-journey-transactions": (
        "household_id,store_id,basket_id,product_id,quantity,sales_value,retail_disc,coupon_disc,coupon_match_disc,week,"
        "transaction_timestamp\n1,2,3,4,1,2.5,0.5,0,0,1,2017-01-01 10:00:00\n"
    ),
    "complete-journey-demographics": (
        "household_id,age,income,home_ownership,marital_status,household_size,household_comp,kids_count\n1,65+,,,,,,\n"
    ),
    "complete-journey-coupon-redemptions": "household_id,coupon_upc,campaign_id,redemption_date\n1,2,3,2017-01-01\n",
    "complete-journey-coupons": "coupon_upc,product_id,campaign_id\n1,2,3\n",
    "complete-journey-campaigns": "campaign_id,household_id\n1,2\n",
}


def test_every_format_has_a_sample() -> None:
    """The contract below drives all formats there are: thirteen."""
    assert {f.name for f in FORMATS} == SAMPLES.keys()
    assert len(FORMATS) == 13


@pytest.mark.slow
@pytest.mark.parametrize("name", SAMPLES)
def test_contract(read: Reader, name: str) -> None:
    """A format knows its own file, accounts for each row once, gives legal facts, and the same ids again."""
    file = "file.jsonl" if name == "segment-jsonl" else "file.csv"
    first, again = (read(SAMPLES[name], file) for _ in range(2))
    assert first.format == name
    facts = [(kind, row) for kind, rows in first.facts.items() for row in rows]
    accepted = {row["line"] for _, row in facts}
    assert accepted | first.reasons.keys() == first.lines
    assert not accepted & first.reasons.keys()
    assert facts or name == "complete-journey-campaigns"  # which waits for campaign_descriptions
    for kind, row in facts:
        check(kind, {k: v for k, v in row.items() if k != "line"})
    ids = sorted(row["fact_id"] for _, row in facts)
    assert len(set(ids)) == len(ids)
    assert ids == sorted(row["fact_id"] for rows in again.facts.values() for row in rows)


def test_online_retail_cancellations_and_corrections(read: Reader) -> None:
    """C invoices are returns, rows without a customer are anonymous, corrections of stock and books are refused."""
    seen = read(
        UCI + "536365,85123A,HEART,6,12/1/2010 8:26,2.55,17850.0,United Kingdom\n"
        "C536379,D,Discount,-1,12/13/2010 9:41,27.5,,UK\n"
        "536589,21777,,-10,12/1/2010 16:50,0,,UK\nA563186,B,Adjust bad debt,1,8/12/2011 14:51,-11062.06,,UK\n"
    )
    bought, returned = seen.of("purchases")
    assert (bought["identifier"], bought["amount_minor"], bought["currency"]) == ("id:17850", 1530, "GBP")
    assert (returned["identifier"], returned["amount_minor"], returned["is_return"]) == (None, -2750, True)
    assert seen.reasons[4] == (
        "stock adjustment, not a purchase: quantity -10 on invoice 536589 without a cancellation number"
    )
    assert "correction of the books" in seen.reasons[5]


def test_equal_lines_stay_two(read: Reader) -> None:
    """Two equal lines of one invoice are two purchases, with ids that the next reading gives again."""
    line = "1,2,X,1,12/13/2010 8:26,1,5,UK\n"
    ids = {row["fact_id"] for row in read(UCI + line + line).of("purchases")}
    assert len(ids) == 2
    assert {row["fact_id"] for row in read(UCI + line).of("purchases")} < ids


def test_shop_time_is_utc(read: Reader) -> None:
    """A summer morning in London is an hour earlier in UTC."""
    (row,) = read(UCI + "1,2,X,1,7/13/2011 8:26,1,5,UK\n").of("purchases")
    assert row["happened_at"].isoformat() == "2011-07-13T07:26:00+00:00"


def test_shopify_continuation_lines(read: Reader) -> None:
    """Later lines of an order take what its first line says, and its discount is shared to the cent."""
    seen = read(
        SHOPIFY
        + "#1001,Ada@X.org,,paid,yes,EUR,25,TEN,1.00,2023-01-05 10:11:12 -0500,1,Tea,3.33,T1,,0.00,Ada L,'+4912\n"
        "#1001,,,,,,,,,,2,Cup,3.33,C1,,,,\n"
    )
    lines = seen.of("purchases")
    assert [row["identifier"] for row in lines] == ["email:ada@x.org"] * 2
    assert sum(row["discount_minor"] for row in lines) == 100
    assert sum(row["amount_minor"] for row in lines) == 899
    assert lines[0]["happened_at"].isoformat() == "2023-01-05T15:11:12+00:00"
    said = {row["name"]: row["value"] for row in seen.of("traits")}
    assert said == {"consent.email.marketing": "yes", "name": "Ada L", "phone": "+4912"}


def test_shopify_refunds_and_cancellations(read: Reader) -> None:
    """What was paid back is a return, never more than the lines cost; a cancelled or voided order is refused."""
    tail = ",2023-01-05 10:11:12 -0500,1,Tea,10.00,T1,{},{},,\n"
    seen = read(
        SHOPIFY
        + "#1,a@b.co,,refunded,no,EUR,15,,"
        + tail.format("", "15.00")
        + "#2,a@b.co,,paid,no,EUR,15,,"
        + tail.format("2023-01-06", "0")
        + "#3,a@b.co,,voided,no,EUR,15,,"
        + tail.format("", "0")
    )
    assert [row["amount_minor"] for row in seen.of("purchases")] in ([1000, -1000], [-1000, 1000])
    assert seen.reasons[3] == "not a purchase: order #2 was cancelled"
    assert seen.reasons[4] == "not a purchase: order #3 is voided"


def test_shopify_customers(read: Reader) -> None:
    """An id with an apostrophe is that id; consents, e-mail, phone, note and tags are traits."""
    seen = read(CUSTOMERS + '\'123,Ada,L,Ada@X.org,yes,\'+44,no,"likes ""tea""","vip, tea"\n,,,,no,,,,\n')
    said = {row["name"]: row["value"] for row in seen.of("traits")}
    assert {row["identifier"] for row in seen.of("traits")} == {"id:123"}
    assert said["consent.email.marketing"] == "yes"
    assert said["consent.sms.marketing"] == "no"
    assert said["email"] == "ada@x.org"
    assert said["note"] == 'likes "tea"'
    assert said["tags"] == '["vip","tea"]'
    assert "nobody" in seen.reasons[3]


def test_native_facts_are_checked(read: Reader, tmp_path: Path) -> None:
    """Openchair's own file keeps its ids; what a kind does not allow is refused in words, a repeated id is one fact."""
    head = "fact_id,source,received_at,happened_at,identifier,metric,survey_id,score\n"
    seen = read(
        head + "1,s,2026-01-01,2025-01-01,id:1,nps,a,9\n2,s,2026-01-01,2025-01-01,id:1,joy,a,9\n"
        "3,s,2026-01-01,2025-01-01,id:1,nps,a,900\n1,s,2026-01-01,2025-01-01,id:1,nps,a,9\n4,s,2026-01-01,never,id:1,nps,a,9\n"
    )
    assert [row["fact_id"] for row in seen.of("answers")] == ["1"]
    assert "metric 'joy' is not one of" in seen.reasons[3]
    assert "score '900.0' is not between" in seen.reasons[4]
    assert "happened_at is missing or cannot be read: 'never'" in seen.reasons[6]


def test_campaigns_wait_for_their_dates(read: Reader) -> None:
    """When a campaign began is in another table; until that is known its contacts are refused, and say what to do."""
    assert "import campaign_descriptions" in read(SAMPLES["complete-journey-campaigns"]).reasons[2]


def test_nothing_sold(read: Reader) -> None:
    """A line of a basket with neither quantity nor value is refused: a coupon or a correction."""
    head = SAMPLES["complete-journey-transactions"].partition("\n")[0]
    seen = read(head + "\n1,2,3,4,0,0,0,2,0,1,2017-01-01 10:00:00\n1,2,3,5,0,1.5,0,0,0,1,2017-01-01 10:00:00\n")
    assert "nothing was sold" in seen.reasons[2]
    assert [row["amount_minor"] for row in seen.of("purchases")] == [150]


@pytest.mark.slow
def test_online_retail_whole(read: Reader, shared_data: Path) -> None:
    """The published data set: 541,909 rows accounted for, 4,372 customers."""
    seen = read(shared_data / "online_retail" / "online_retail.parquet")
    bought = seen.of("purchases")
    assert len(bought) + len(seen.rejected) == 541_909
    assert len({row["fact_id"] for row in bought}) == len(bought)
    assert len({row["identifier"] for row in bought} - {None}) == 4_372


def test_parquet_and_csv_agree(read: Reader, tmp_path: Path) -> None:
    """The same rows have the same ids whether they come as text or typed."""
    line = "536365,85123A,HEART,6,12/13/2010 8:26,2.55,17850,United Kingdom\n"
    (text,) = read(UCI + line).of("purchases")
    typed = pa.table(
        {
            "InvoiceNo": ["536365"], "StockCode": ["85123A"], "Description": ["HEART"], "Quantity": [6],
            "InvoiceDate": pa.array([1292228760000000], pa.timestamp("us")), "UnitPrice": [2.55],
            "CustomerID": [17850.0], "Country": ["United Kingdom"],
        }
    )  # fmt: skip
    pq.write_table(typed, tmp_path / "x.parquet")
    (row,) = read(tmp_path / "x.parquet").of("purchases")
    assert (row["fact_id"], row["happened_at"], row["amount_minor"]) == (text["fact_id"], text["happened_at"], 1530)
