"""Files become facts: each row counts once, twice changes nothing, whatever it holds, whoever is killed."""

import csv
import gzip
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from openchair.chair.intake import listen, understand
from openchair.chair.views import ImportReport, Preview, Reject
from openchair.core.errors import BadInput
from openchair.store.counting.engine import DuckEngine
from openchair.store.history import DeltaHistory
from openchair.store.sql.state import SqlState, open_state

LEDGER = "Date,Customer,Amount\n2023-01-05,17,12.50\n2023-01-06,18,abc\n2023-01-07,19,3\n"
WANTED = understand.Wanted(datetime(2026, 1, 1, tzinfo=UTC), ZoneInfo("UTC"), "EUR")


@dataclass
class House:
    """A home that files are read into."""

    folder: Path
    state: SqlState
    history: DeltaHistory

    def engine(self) -> DuckEngine:
        return DuckEngine(self.history, memory="256MB", threads=1, temp_dir=self.folder)

    def listen(self, *paths: Path, **wanted: Any) -> tuple[ImportReport, ...]:
        engine = self.engine()
        try:
            return listen.listen(
                self.state,
                self.history,
                engine,
                paths,
                replace(WANTED, **wanted),
                time.perf_counter,
                lambda *step: None,
            )
        finally:
            engine.close()

    def preview(self, path: Path, **wanted: Any) -> Preview:
        engine = self.engine()
        try:
            return listen.preview(engine, path, replace(WANTED, **wanted))
        finally:
            engine.close()

    def count(self, kind: str) -> int:
        engine = self.engine()
        table = engine.facts(kind)
        found: int = engine.rows(table.aggregate(n=table.count()))["n"][0].as_py()
        engine.close()
        return found

    def file(self, content: str | bytes, name: str = "orders.csv") -> Path:
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """An empty home."""
    state = open_state(f"sqlite:///{tmp_path / 'state.db'}")
    yield House(tmp_path, state, DeltaHistory(tmp_path / "history"))
    state.close()


def counts(report: ImportReport) -> tuple[int, int, int, int]:
    """Rows, accepted, rejected, duplicates."""
    assert report.accepted + report.rejected + report.duplicates == report.rows
    return report.rows, report.accepted, report.rejected, report.duplicates


def test_twice_changes_nothing(house: House) -> None:
    """The second import of a file, also under another name, finds every row known."""
    (first,) = house.listen(house.file(LEDGER))
    (again,) = house.listen(house.file(LEDGER, "again.csv"))
    assert counts(first) == (3, 2, 1, 0)
    assert again.accepted == 0
    assert counts(again)[0] == 3
    assert house.count("purchases") == 2
    (reject,) = house.state.rejects(first.import_id)
    assert (reject.line, reject.reason) == (3, "Amount 'abc' is not an amount")


def test_a_longer_export(house: House) -> None:
    """Next month's export holds this month's rows again: only the new ones are accepted."""
    house.listen(house.file(LEDGER))
    (report,) = house.listen(house.file(LEDGER + "2023-01-08,20,4\n"))
    assert report.accepted == 1
    assert house.count("purchases") == 3


def test_calls_twice_in_a_file(house: House) -> None:
    """A call with the same messageId counts once, within a file and between files."""
    line = '{"type":"track","userId":"1","event":"Hi","messageId":"m"}\n'
    (report,) = house.listen(house.file(line + line + "nonsense\n\n", "calls.jsonl"))
    assert counts(report) == (3, 1, 1, 1)
    (again,) = house.listen(house.file(line, "more.ndjson"))
    assert counts(again) == (1, 0, 0, 1)
    (listed,) = house.listen(house.file("[" + line.replace('"m"', '"n"') + "]", "list.json"))
    assert counts(listed) == (1, 1, 0, 0)
    assert house.count("events") == 2


def test_preview_keeps_nothing(house: House) -> None:
    """A preview shows mapping, first rows and what would be refused; a lacking field is named."""
    seen = house.preview(house.file(LEDGER))
    assert (seen.format, seen.mapping, seen.missing) == (
        "orders", {"date": "Date", "customer": "Customer", "amount": "Amount"}, (),
    )  # fmt: skip
    assert [row["amount_minor"] for row in seen.rows] == [1250, 300]
    assert [r.line for r in seen.rejected] == [3]
    assert house.preview(house.file("a,b\n1,2\n")).missing == ("date", "customer", "amount")
    assert house.count("purchases") == 0
    assert not house.state.imports(5)


def test_folders(house: House) -> None:
    """A folder is read file by file, the hidden truth and what means nothing passed over; a named file must be read."""
    folder = house.folder / "in"
    (folder / "truth").mkdir(parents=True)
    (folder / "truth" / "a.csv").write_text(LEDGER)
    (folder / "b.csv").write_text("what,is,this\n1,2,3\n")
    (folder / "c.csv").write_text(LEDGER)
    (folder / "notes.md").write_text("hello")
    assert [r.file for r in house.listen(folder)] == ["c.csv"]
    with pytest.raises(BadInput, match="no column was found for date"):
        house.listen(folder / "b.csv")
    (house.folder / "empty").mkdir()
    with pytest.raises(BadInput, match="holds no CSV"):
        house.listen(house.folder / "empty")


def test_simulated_is_remembered(house: House) -> None:
    """A file that says its rows are simulated marks the home for ever."""
    now = datetime(2025, 1, 1, tzinfo=UTC)
    row = {"fact_id": "1", "source": "s", "received_at": now, "happened_at": now, "name": "Hi"}
    table = pa.Table.from_pylist([row])
    pq.write_table(table, house.folder / "events.parquet")
    house.listen(house.folder / "events.parquet")
    assert house.state.note("simulated") is None
    pq.write_table(table.replace_schema_metadata({"openchair.simulated": "true"}), house.folder / "events.parquet")
    house.listen(house.folder / "events.parquet")
    assert house.state.note("simulated") == "true"


def test_campaigns_after_their_descriptions(house: House) -> None:
    """Of a folder, the tables others lean on are read first: contacts get the day their campaign began."""
    folder = house.folder / "in"
    folder.mkdir()
    (folder / "campaigns.csv").write_text("campaign_id,household_id\n1,2\n9,2\n")
    (folder / "campaign_descriptions.csv").write_text(
        "campaign_id,campaign_type,start_date,end_date\n1,A,2017-03-03,2017-04-09\n"
    )
    _, sent = house.listen(folder)
    assert counts(sent) == (2, 1, 1, 0)
    engine = house.engine()
    (contact,) = engine.rows(engine.facts("contacts")).to_pylist()
    engine.close()
    assert (contact["happened_at"], contact["status"]) == (datetime(2017, 3, 3, tzinfo=UTC), "sent")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"%PDF-1.7 ...", "is a PDF"),
        (b"PK\x03\x04rest", "zip archive"),
        (bytes(range(256)) * 20, "control bytes"),
        (b"PAR1 broken PAR1", "Parquet that cannot be read"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "cannot be read"),
        (b"\x1f\x8b\x08\x00broken", "packed with gzip, but broken"),
        (b"\n\n  \n", "no line of column names"),
        (b"Date,Customer,Amount\n", None),
    ],
)
def test_what_is_no_table(house: House, content: bytes, words: str | None) -> None:
    """What cannot be a table is refused with what it is and what to do; a header alone is a file of no rows."""
    path = house.file(content)
    if words is None:
        assert counts(house.listen(path)[0]) == (0, 0, 0, 0)
        return
    with pytest.raises(BadInput, match=words):
        house.listen(path)


def test_missing_file_and_folder(house: House) -> None:
    """A path that is not there is said to be so."""
    with pytest.raises(BadInput, match="No such file"):
        house.listen(house.folder / "nowhere.csv")


@pytest.mark.slow
@pytest.mark.parametrize("how", ["bom", "utf-16", "latin-1", "semicolon", "tab", "gz", "crlf", "sep"])
def test_dialects(house: House, how: str) -> None:
    """The same orders in any encoding, delimiter and packing are the same facts."""
    text = 'Date,Customer,Amount,Item Name\n2023-01-05,Zoë,12.50,"Tea, green"\n2023-01-06,Ada,3,Cup\n'
    plain = {
        "bom": text.encode("utf-8-sig"),
        "utf-16": text.encode("utf-16"),
        "latin-1": text.encode("latin-1"),
        "semicolon": text.replace('"Tea, green"', "Tea\x00").replace(",", ";").replace("\x00", ", green").encode(),
        "tab": text.replace('"Tea, green"', "Tea\x00").replace(",", "\t").replace("\x00", ", green").encode(),
        "gz": gzip.compress(text.encode()),
        "crlf": text.replace("\n", "\r\n").encode(),
        "sep": b"sep=,\n" + text.encode(),
    }
    house.listen(house.file(text, "plain.csv"))
    (report,) = house.listen(house.file(plain[how], "orders.csv.gz" if how == "gz" else "orders.csv"))
    assert counts(report) == (2, 0, 0, 2)


def test_lines_are_those_of_the_file(house: House) -> None:
    """A reject names the line a person finds it on, also after line breaks in cells; a bad line costs only itself."""
    (report,) = house.listen(
        house.file(
            'Date,Customer,Amount,Note\n2023-01-05,1,1,"two\nlines"\n2023-01-05,2,x,\n2023-01-05,3,1,"open\n2023-01-05,4,2,\n2023,5\n'
        )
    )
    assert counts(report) == (5, 2, 3, 0)
    assert {r.line for r in house.state.rejects(report.import_id)} == {4, 5, 7}


def test_workbooks(house: House) -> None:
    """An Excel sheet that does not begin in its corner, with true dates and whole numbers, reads like the CSV."""
    book = openpyxl.Workbook()
    sheet = book.active
    for place, row in enumerate(
        [("Date", "Customer", "Amount"), (datetime(2023, 1, 5), 17, 12.5), (None,) * 3, ("x", 18, 3)], 3
    ):
        for column, value in enumerate(row, 2):
            sheet.cell(place, column, value)
    book.save(house.folder / "orders.xlsx")
    (report,) = house.listen(house.folder / "orders.xlsx")
    assert counts(report) == (2, 1, 1, 0)
    assert [r.line for r in house.state.rejects(report.import_id)] == [6]
    assert counts(house.listen(house.file(LEDGER.splitlines()[0] + "\n2023-01-05,17,12.50\n"))[0]) == (1, 0, 0, 1)


def test_rejects_are_harmless() -> None:
    """No cell of the written rejects is a formula to a spreadsheet."""
    some = [Reject("=a", 2, "@b", "+c"), Reject("a", 3, "-b", "\tc"), Reject("a", 4, "b", "c")]
    rows = list(csv.reader(listen.csv_of(some)))
    assert rows[0] == ["file", "line", "reason", "row"]
    assert rows[1:] == [["'=a", "2", "'@b", "'+c"], ["a", "3", "'-b", "'\tc"], ["a", "4", "b", "c"]]


_cell = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ["2023-01-05", "31/12/2023", "13/13/2023", "99999999999999999999", "1e308", "-1e-320", "1.234,56", "nan",
         "inf", '"', "'", "=1+1", "id:\x1f", "\x00", "a@b.co", "EUR", "2023-02-30", "0000-00-00", "C1", "5", "-5", "0",
         "1672913472", "44931.5"]
    ),
)  # fmt: skip
_HEADERS = (
    "Date,Customer,Amount,Currency,Quantity,Refunded,Order,Item Name,Total",
    "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country",
    "Name,Email,Financial Status,Created at,Lineitem quantity,Lineitem name,Lineitem price,"
    "Discount Amount,Refunded Amount",
    "Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Phone,Tags",
    "fact_id,source,received_at,happened_at,identifier,survey_id,metric,score",
    "household_id,store_id,basket_id,product_id,quantity,sales_value,retail_disc,coupon_disc,coupon_match_disc,week,"
    "transaction_timestamp",
)


@pytest.mark.slow
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=[Phase.explicit, Phase.generate],  # shrinking would take minutes
)
@given(
    st.sampled_from(_HEADERS),
    st.lists(st.lists(_cell, min_size=1, max_size=12), max_size=12),
    st.sampled_from(["utf-8", "cp1252"]),
)
@example(_HEADERS[1], [["C1", "2", "X", "-1e300", "2023-01-05", "1e300", "5", "UK"]], "utf-8")
def test_any_rows_are_accounted_for(house: House, header: str, rows: list[list[str]], encoding: str) -> None:
    """Whatever stands in the cells, each row is accepted, rejected or known, and a second import accepts none."""
    text = header + "\n" + "".join(",".join(row) + "\n" for row in rows)
    path = house.file(text.encode(encoding, errors="replace"))
    (report,) = house.listen(path)
    counts(report)
    assert house.listen(path)[0].accepted == 0


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=400), st.sampled_from(["x.csv", "x.jsonl", "x.parquet", "x.xlsx"]))
def test_any_bytes_are_read_or_refused(house: House, body: bytes, name: str) -> None:
    """Garbage is a file of rejects or an error in words, never anything else."""
    with suppress(BadInput):
        counts(house.listen(house.file(body, name))[0])


_CHILD = """
import sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[3])
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo
from openchair.chair.intake import listen, understand
from openchair.store.counting.engine import DuckEngine
from openchair.store.history import DeltaHistory
from openchair.store.sql.state import open_state
home = Path(sys.argv[1])
history = DeltaHistory(home / "history")
wanted = understand.Wanted(datetime(2026, 1, 1, tzinfo=UTC), ZoneInfo("UTC"), "EUR")
print("go", flush=True)
listen.listen(open_state(f"sqlite:///{home / 'state.db'}"), history, DuckEngine(history), [Path(sys.argv[2])], wanted,
              time.perf_counter, lambda *step: None)
"""


@pytest.mark.slow
def test_killed_in_the_middle(house: House) -> None:
    """Killed at any moment, an import that is run again leaves exactly the file's facts: none lost, none twice."""
    rows = "".join(f"2023-01-05,c{n},{n % 90}.50,e{n}@x.org,{n % 7}\n" for n in range(30_000))
    path = house.file("Date,Customer,Amount,Email,Refunded\n" + rows)
    for wait in (0.05, 0.4, 0.7, 1.0, 1.3, 1.7):
        child = subprocess.Popen(
            [sys.executable, "-c", _CHILD, str(house.folder), str(path), str(Path(__file__).parents[2] / "src")],
            stdout=subprocess.PIPE,
        )
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(wait)
        os.kill(child.pid, signal.SIGKILL)
        child.communicate()
    house.listen(path)
    returned = sum(n % 7 > 0 for n in range(30_000))
    assert house.count("purchases") == 30_000 + returned
    assert house.count("traits") == 30_000
    assert house.listen(path)[0].accepted == 0
