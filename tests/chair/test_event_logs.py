"""A published event log of another trade, read as a shop's journeys."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from openchair.chair.people.identifying import identify
from openchair.chair.wheel.know import facts_until
from openchair.cli.wiring import init_home, open_home
from openchair.core.estimate import Estimate
from openchair.store.sql.state import SqlState


@pytest.mark.slow
def test_a_help_desks_log_is_a_journey(tmp_path: Path, shared_data: Path) -> None:
    """Every case is a customer and every activity a step in a moment, guessed from its place as the names say nothing;
    what was told twice is counted once, and said."""
    init_home(tmp_path, {"currency": "EUR"})
    chair = replace(open_home(tmp_path), clock=lambda: datetime(2016, 1, 1, tzinfo=UTC))
    (read,) = chair.listen([shared_data / "process_logs" / "helpdesk.parquet"])
    assert (read.format, read.accepted, read.rejected) == ("event-log", 13_710, 0)
    moment = chair.moment("2016-01-01")
    with chair.reading() as engine:
        identify(chair.state, engine, facts_until(engine, moment), moment)
    report = chair.journey.report(as_of="2016-01-01")
    assert report.customers == 3_804
    assert report.steps + sum(report.left_out.values()) == 13_710
    assert {one.step for one in report.figures} == {str(code) for code in range(1, 10)}
    assert {one.said_by for one in report.mapping} == {"place"}
    assert isinstance(report.met, Estimate) and report.met.value > 0.9
    assert isinstance(chair.state, SqlState)
    chair.state.close()
