"""`make bench` says which promise is broken, and a benchmark that fails is one."""

import ast
from pathlib import Path

from benchmarks import Row, __main__, at_least, at_most, not_measured

ROOT = Path(__file__).resolve().parents[2]


def test_every_benchmark_gives_rows():
    """Each name of the table is a module with `rows()`, and each module that has one is in the table."""
    having = {
        path.stem
        for path in (ROOT / "benchmarks").glob("*.py")
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef) and node.name == "rows"
    }
    assert having == set(__main__.BENCHMARKS)


def test_a_bound_holds_up_to_and_including_itself():
    """The bound is part of the promise."""
    assert at_most("a", 8, 8, "s").ok and not at_most("a", 8.001, 8, "s").ok
    assert at_least("b", 20_000, 20_000, "events/s").ok and not at_least("b", 19_999, 20_000, "events/s").ok


def test_the_table_says_which_promise_is_broken():
    """Broken, unmeasured and unpromised rows are told apart in words."""
    rows = [at_most("import", 9, 8, "s"), not_measured("turn", "s", "no data here"), Row("again", 1.5, "s")]
    lines = __main__.table(rows).splitlines()[1:]
    assert "BROKEN" in lines[0] and "<= 8" in lines[0]
    assert "not measured" in lines[1] and lines[1].endswith("no data here")
    assert "holds" not in lines[2] and "BROKEN" not in lines[2]


def test_a_benchmark_that_cannot_run_is_a_broken_promise(capfd):
    """A crash is not silence: it is a row, and its traceback is shown."""
    (row,) = __main__.measure("no_such_benchmark")
    assert row.ok is False
    assert "did not finish" in row.note
    assert "no_such_benchmark" in capfd.readouterr().err
