"""Every format, as cases: what its rows become, and what is rejected, with which words."""

import json
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
STRIPE = (
    "id,Customer ID,Customer Email,Plan,Currency,Interval,Amount,Status,Start Date (UTC),Trial End (UTC),"
    "Ended At (UTC),Current Period End (UTC)\n"
)

SAMPLES = {
    "openchair-facts": "fact_id,source,received_at,happened_at,identifier,name\n1,s,2026-01-01,2025-01-01,id:1,Hi\n",
    "segment-jsonl": '{"type":"track","userId":"1","event":"Hi"}\n',
    "uci-online-retail": UCI + "1,2,X,1,12/13/2010 8:26,1,5,UK\n",
    "shopify-orders": SHOPIFY + "#1,a@b.co,,paid,yes,EUR,1,,,2023-01-05 10:11:12 -0500,1,Tea,1.00,T,,,,\n",
    "shopify-customers": CUSTOMERS + "'1,Ada,L,a@b.co,yes,,,,\n",
    "stripe-subscriptions": STRIPE + "sub_1,cus_1,Ada@x.org,box,eur,month,19.00,active,2026-01-31 10:00,,,\n",
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
    "delighted": (
        "id,person,email,survey_type,score,comment,created_at\n1,10,Ada@x.org,nps,9,Good,1713418460\n"
        "2,11,,nps,11,,1713418460\n3,12,,csat,4,,2024-04-18T05:34:20Z\n4,13,,ces,,,1713418460\n"
        "5,14,,ces7,6,,1713418460\n6,15,,thumbs,1,,1713418460\n"
    ),
    "typeform": (
        "#,How likely are you to recommend us?,Why?,Email,Start Date (UTC),Submit Date (UTC),Network ID\n"
        "abc,9,because,a@b.co,2024-01-01 10:00:00,2024-01-01 10:01:00,x\n"
        "def,,,,2024-01-01 10:00:00,2024-01-01 10:01:00,x\n"
    ),
    "surveymonkey": (
        "Respondent ID,Collector ID,Start Date,End Date,IP Address,Email Address,First Name,Which do you like?,,Else?\n"
        ",,,,,,,Tea,Coffee,Open-Ended Response\n"
        "11,22,01/13/2024 10:00:00,01/13/2024 10:01:00,1.2.3.4,a@b.co,Ada,Tea,Coffee,Nothing\n"
    ),
    "google-reviews": (
        "reviewId,reviewer.displayName,starRating,comment,createTime\n"
        "r1,Ada,FIVE,Lovely,2024-01-01T10:00:00Z\nr2,Ben,ONE,,2024-01-01T10:00:00Z\nr3,Cyd,MANY,,2024-01-01T10:00:00Z\n"
    ),
    "zendesk-tickets": (
        "ID,Status,Priority,Via,Created at,Solved at,Tags,Satisfaction Score,Subject,Description,Requester email\n"
        "1,closed,low,mail,2024-01-01 10:00,,,Bad,Late,The box is late,a@b.co\n2,open,,,2024-01-01 10:00,,,Offered,,,\n"
    ),
    "event-log": (
        "case:concept:name,concept:name,time:timestamp,org:resource\nA1,Assign,2012-04-03T16:55:38+02:00,Ada\n"
        "A1,Assign,2012-04-03T16:55:38+02:00,Ada\nA1,,2012-04-03T16:55:38Z,\n,Close,2012-04-03T16:55:38Z,\n"
        "A1,Close,soon,Ben\nA2,Close,2012-04-05,\n"
    ),
}


def test_every_format_has_a_sample() -> None:
    """The contract below drives all formats there are: twenty."""
    assert {f.name for f in FORMATS} == SAMPLES.keys()
    assert len(FORMATS) == 20


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


def test_delighted(read: Reader) -> None:
    """A score with its comment; the tool's own person is a device, never a customer of that number."""
    seen = read(SAMPLES["delighted"])
    first, third, fifth, sixth = seen.of("answers")
    scales = [json.loads(row["properties"])["scale"] for row in (first, third, fifth, sixth)]
    assert (scales, fifth["metric"], sixth["metric"]) == ([10, 5, 7, None], "ces", "own")
    assert (first["identifier"], first["metric"], first["score"], first["text"]) == (
        "email:ada@x.org",
        "nps",
        9,
        "Good",
    )
    assert first["happened_at"].isoformat() == "2024-04-18T05:34:20+00:00" == third["happened_at"].isoformat()
    assert (third["identifier"], third["metric"], third["score"]) == ("anon:delighted 12", "csat", 4)
    assert seen.reasons == {
        3: "score '11' is not a whole number from 0 to 10",
        5: "it holds neither a score nor words",
    }


def test_forms_are_read_question_by_question(read: Reader) -> None:
    """Every filled question is an answer with its words or number; who somebody is is no answer; an empty row none."""
    seen = read(SAMPLES["typeform"])
    assert sorted((row["question"], row["metric"], row["score"], row["text"]) for row in seen.of("answers")) == [
        ("How likely are you to recommend us?", "nps", 9, None),
        ("Why?", "own", None, "because"),
    ]
    assert {row["identifier"] for row in seen.of("answers")} == {"email:a@b.co"}
    assert seen.reasons == {3: "no question was answered"}


def test_a_question_added_later_changes_no_other(read: Reader) -> None:
    """The same answers in next month's export, beside a new question, are the facts that were there."""
    head, row = SAMPLES["typeform"].splitlines()[:2]
    wider = f"{head},New?\n{row},yes\n".replace("#,", "#,Newer?,").replace("abc,", "abc,5,")
    before = {row["fact_id"] for row in read(f"{head}\n{row}\n").of("answers")}
    after = {row["fact_id"] for row in read(wider).of("answers")}
    assert before < after
    assert len(after) == 4


def test_surveymonkey_has_two_lines_of_headers(read: Reader) -> None:
    """The second is refused, a choice of several goes with its question, and where they sat is not kept."""
    seen = read(SAMPLES["surveymonkey"])
    said = sorted((row["question"], row["text"]) for row in seen.of("answers"))
    assert said == [("Else?", "Nothing"), ("Which do you like?", "Coffee"), ("Which do you like?", "Tea")]
    assert {(row["survey_id"], row["identifier"]) for row in seen.of("answers")} == {("22", "email:a@b.co")}
    assert "second line of headers" in seen.reasons[2]
    assert "1.2.3.4" not in str(seen.of("answers"))


def test_google_reviews(read: Reader) -> None:
    """Words are a review with its stars, stars alone an answer; as JSON they are the same facts."""
    seen = read(SAMPLES["google-reviews"])
    (voice,), (answer,) = seen.of("voices"), seen.of("answers")
    assert (voice["text"], voice["rating"], voice["identifier"], voice["channel"]) == ("Lovely", 5, None, "review")
    assert (answer["score"], answer["metric"]) == (1, "own")
    assert 4 in seen.reasons
    whole = {
        "reviews": [
            {
                "reviewId": "r1", "reviewer": {"displayName": "Ada"}, "starRating": "FIVE", "comment": "Lovely",
                "createTime": "2024-01-01T10:00:00Z",
            },
            {
                "reviewId": "r2", "reviewer": {"displayName": "Ben"}, "starRating": "ONE",
                "createTime": "2024-01-01T10:00:00Z",
            },
        ],
        "totalReviewCount": 2,
    }  # fmt: skip
    for text, name in ((json.dumps(whole, indent=2), "r.json"), (json.dumps(whole["reviews"]), "reviews.json")):
        again = read(text, name)
        assert [row["fact_id"] for row in again.of("voices")] == [voice["fact_id"]]
        assert [row["fact_id"] for row in again.of("answers")] == [answer["fact_id"]]


def test_zendesk(read: Reader) -> None:
    """A ticket is a voice, how they were served an answer beside it; a survey that was only offered is none."""
    seen = read(SAMPLES["zendesk-tickets"])
    (voice,), (answer,) = seen.of("voices"), seen.of("answers")
    assert (voice["channel"], voice["text"], voice["conversation_id"]) == ("ticket", "Late\nThe box is late", "1")
    assert (answer["metric"], answer["score"], answer["identifier"]) == ("csat", 1, "email:a@b.co")
    assert seen.reasons == {3: "it holds neither a score nor words"}


def test_event_logs(read: Reader) -> None:
    """A case is a customer, an activity a step at its own time; a row said twice is two; the rest goes along."""
    seen = read(SAMPLES["event-log"])
    first, second, last = seen.of("steps")
    assert (first["identifier"], first["name"], json.loads(first["properties"])) == (
        "id:A1",
        "Assign",
        {"org:resource": "Ada"},
    )
    assert first["happened_at"].isoformat() == "2012-04-03T14:55:38+00:00" == second["happened_at"].isoformat()
    assert (last["identifier"], last["happened_at"].isoformat()) == ("id:A2", "2012-04-04T23:00:00+00:00")
    assert seen.reasons == {4: "no activity", 5: "no case", 6: "time 'soon' is not a time that can be read"}


@pytest.mark.parametrize(
    "columns", ["CaseID,ActivityID,CompleteTimestamp", "Case ID,Activity,Complete Timestamp", "timestamp,case,activity"]
)
def test_event_logs_by_other_names(read: Reader, columns: str) -> None:
    """Published logs and tools name the three columns in their own ways."""
    row = "2012-04-03 16:55:38,2,1" if columns.startswith("timestamp") else "2,1,2012-04-03 16:55:38"
    seen = read(f"{columns}\n{row}\n")
    (step,) = seen.of("steps")
    assert (seen.format, step["identifier"], step["name"], step["properties"]) == ("event-log", "id:2", "1", None)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("log", "events", "cases"),
    [
        ("helpdesk", 13_710, 3_804),
        ("bpi_12_w", 72_413, 9_658),
        ("bpi_12_w_no_repeat", 29_410, 9_658),
        ("bpi_13_incidents", 65_533, 7_554),
        ("env_permit", 38_944, 937),
    ],
)
def test_published_event_logs_whole(read: Reader, shared_data: Path, log: str, events: int, cases: int) -> None:
    """Every event of every case is a step of its own; none is refused."""
    seen = read(shared_data / "process_logs" / f"{log}.parquet")
    steps = seen.of("steps")
    assert (seen.format, len(steps), seen.rejected) == ("event-log", events, [])
    assert len({row["fact_id"] for row in steps}) == events
    assert len({row["identifier"] for row in steps}) == cases


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


def test_stripe_subscriptions(read: Reader) -> None:
    """Start, after a trial, and end; what each costs a period; who is whose; what was never paid is rejected."""
    found = read(
        STRIPE
        + "sub_1,cus_1,Ada@x.org,box,eur,month,19.00,active,2026-01-31 10:00,2026-02-14 10:00,,\n"
        + "sub_2,cus_2,b@x.org,box,jpy,3 months,1900,canceled,2026-01-31 10:00,,2026-03-31 10:00,\n"
        + "sub_3,,c@x.org,box,,every moon,,past_due,2026-01-31 10:00,,,\n"
        + "sub_4,cus_4,d@x.org,box,eur,month,19,incomplete_expired,2026-01-31 10:00,,,\n"
        + "sub_5,,,box,eur,month,19,active,2026-01-31 10:00,,,\n"
        + "sub_6,cus_6,,box,eur,month,a lot,active,2026-01-31 10:00,,,\n"
        + "sub_7,cus_7,,box,eur,month,19,active,soon,,,\n"
    )
    told = [(r["identifier"], r["name"], f"{r['happened_at']:%m-%d}") for r in found.of("steps")]
    assert sorted(told) == [
        ("email:c@x.org", "Subscription Started", "01-31"),
        ("id:cus_1", "Subscription Started", "02-14"),
        ("id:cus_2", "Subscription Ended", "03-31"),
        ("id:cus_2", "Subscription Started", "01-31"),
    ]
    first = json.loads(found.of("steps")[0]["properties"])
    assert (first["period_days"], first["amount_minor"], first["currency"]) == (365.25 / 12, 1900, "EUR")
    quarter = json.loads(found.of("steps")[1]["properties"])
    assert (quarter["period_days"], quarter["amount_minor"]) == (365.25 / 4, 1900)
    assert {(r["identifier"], r["value"]) for r in found.of("traits")} == {
        ("id:cus_1", "ada@x.org"), ("id:cus_2", "b@x.org")
    }  # fmt: skip
    assert found.reasons == {
        5: "it was never paid for",
        6: "no customer id or e-mail: nobody it could be about",
        7: "Amount 'a lot' is no amount of money",
        8: "no time at which it started that can be read",
    }
