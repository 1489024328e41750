"""Comparing records by Splink: which pairs are worth it, what a model learns from them, how likely each pair is.

All counting is done where the records are, on DuckDB or Spark; only counts of patterns and the likely pairs come back.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from tempfile import gettempdir
from typing import Any, Protocol

import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from ibis import _

from openchair.core.errors import BadInput
from openchair.core.ids import SEPARATOR
from openchair.dossier import matching
from openchair.dossier.likeness import KEYS, UNLIKE, comparisons, rarity

NEAR = 0.01
"""Pairs less probable are not kept."""
PAIRS_EACH, PAIRS = 10, 500_000
"""What one blocking rule may bring: so many pairs a record, and so many in all. Its largest blocks are left out."""
SAMPLE, STRANGERS = 500_000, 300_000
"""How many of the pairs chosen for comparison, and how many random ones, the model learns from."""


class Counting(Protocol):
    """What is needed of an engine (chair.ports.Engine has it)."""

    def keep(self, expression: ir.Table) -> ir.Table:
        """The expression computed once."""
        ...

    def rows(self, expression: ir.Table) -> pa.Table:
        """The result in memory."""
        ...

    def share(self, table: pa.Table) -> ir.Table:
        """A table of ours as an expression."""
        ...

    def splink(self) -> Any:
        """A Splink database API on the same connection."""
        ...


class Memory:
    """DuckDB in this process's memory, for those who have no engine."""

    def __init__(self) -> None:
        self.backend = ibis.duckdb.connect(memory_limit="2GB", temp_directory=gettempdir())
        self._count = 0

    def keep(self, expression: ir.Table) -> ir.Table:
        """The expression computed once."""
        name = self._name()
        self.backend.con.execute(f"CREATE TEMP TABLE {name} AS {self.backend.compile(expression)}")
        return self.backend.table(name)

    def rows(self, expression: ir.Table) -> pa.Table:
        """The result in memory."""
        return self.backend.con.sql(self.backend.compile(expression)).to_arrow_table()

    def share(self, table: pa.Table) -> ir.Table:
        """A table of ours as an expression."""
        name = self._name()
        self.backend.con.register(name, table)
        return self.backend.table(name)

    def splink(self) -> Any:
        """A Splink database API on the same connection."""
        from splink import DuckDBAPI

        return DuckDBAPI(self.backend.con)

    def _name(self) -> str:
        self._count += 1
        return f"table_{self._count}"


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule by which pairs are chosen for comparison, how many it adds to those before it, and its largest block."""

    rule: str
    pairs: int
    largest: int


class Comparing:
    """Records as `likeness.written` writes them, side by side."""

    def __init__(self, engine: Counting, table: ir.Table) -> None:
        """table: kept by the engine. Raises BadInput for an id that is there twice, or null."""
        self._engine, self._table = engine, table
        self._source = ["source"] if "source" in table.columns else []
        by = table.source if self._source else ibis.literal("")
        each = engine.rows(table.group_by(by=by).agg(n=_.count()))["n"].to_numpy().astype(float)
        if engine.rows(table.agg(n=_.id.nunique()))["n"][0].as_py() != each.sum():
            raise BadInput("id", bound="two records have the same, or none", remedy="Give each an id of its own.")
        self.records = int(each.sum())
        self.pairs = float(self.records**2 - (each**2).sum() if self._source else self.records * (self.records - 1)) / 2
        """How many pairs could be of one person."""

    def block(self) -> tuple[Rule, ...]:
        """Choose the pairs worth comparing; gives the rules that found them."""
        self._api = self._engine.splink()
        keys = {f"key_{i}": key for i, key in enumerate(KEYS) if set(key) <= set(self._table.columns)}
        codes = {name: _code(self._table, key) for name, key in keys.items()}
        coded = self._engine.keep(self._table.select("id", *self._source, **codes))
        largest = {name: self._largest(coded, name) for name in keys}
        capped = {
            name: ibis.ifelse(coded.count().over(group_by=coded[name]) <= most, coded[name], ibis.null("int64"))
            for name, (most, cut) in largest.items()
            if cut
        }
        also = " and l.source <> r.source" if self._source else ""
        rules = [{"blocking_rule": f"l.{name} = r.{name}{also}"} for name in keys]
        linker = self._linker(self._engine.keep(coded.mutate(**capped)), [], rules)
        self._blocked = linker.inference.compute_blocked_pairs_for_predict()
        counts = self._query(f"select match_key, count(*) as n from {self._blocked.physical_name} group by match_key")  # noqa: S608
        found = dict(zip(map(int, counts["match_key"].to_pylist()), counts["n"].to_pylist(), strict=True))
        self.compared = sum(found.values())
        return tuple(
            Rule("same " + " and ".join(key), found.get(i, 0), largest[name][0])
            for i, (name, key) in enumerate(keys.items())
        )

    def learn(self, seed: int) -> dict[str, Any]:
        """The model as Splink reads it, with the chances that the records themselves show."""
        whole = self._linker(self._table, comparisons(self._table.columns))
        model: dict[str, Any] = whole.misc.save_model_to_json()
        # How rare a value is does not matter yet.
        linker = self._linker(self._table, model | {"comparisons": [_bare(one) for one in model["comparisons"]]})
        names = [comparison["output_column_name"] for comparison in model["comparisons"]]
        share = min(1.0, SAMPLE / self.compared)
        # The first digits of a digest are as good as chance, and the same on every engine.
        drawn = f"substr(md5(concat(join_key_l, join_key_r)), 1, 6) < '{_hex(share)}'"
        chosen = self._api.query_sql(f"select * from {self._blocked.physical_name} where {drawn}")  # noqa: S608
        anyone = nearby = self._patterns(linker, names, self._api.register(_name(self._strangers(seed))))
        if "region" in self._table.columns:
            # Names go by country: what tells two people of one country apart is what their neighbours do not share.
            nearby = self._patterns(linker, names, self._api.register(_name(self._strangers(seed, "region"))))
        chances = matching.fit(
            self._patterns(linker, names, chosen, share),
            [anyone if name == "place" else nearby for name in names],
            [len(degrees(comparison)) for comparison in model["comparisons"]],
            [UNLIKE.get(name, 0) for name in names],
            self.records / self.pairs / 4,
            self.pairs,
        )
        for comparison, *both in zip(model["comparisons"], chances.m, chances.u, strict=True):
            for level, *of in zip(degrees(comparison), *both, strict=True):
                level["m_probability"], level["u_probability"] = map(float, of)
        return model | {PRIOR: chances.prior}

    def score(self, model: dict[str, Any]) -> pa.Table:
        """The pairs that are at all likely, the likeliest first, with all that Splink found in them.

        The prior is found once more, in `model` too: it knew how alike, but not how rare, what two records share is.
        """
        linker = self._linker(self._table, model | {"retain_intermediate_calculation_columns": True})
        for column, how_often in rarity(self._table, self.records).items():
            lookup = self._api.register(_name(self._engine.keep(how_often)))
            linker.table_management.register_term_frequency_lookup(lookup, column)
        linker.table_management.register_blocked_pairs_for_predict(self._blocked)
        scored = linker.inference.predict(threshold_match_probability=NEAR / 2, warning_mode="never").as_pyarrow_table()
        before, weight = model[PRIOR], scored["match_weight"].to_numpy()
        model[PRIOR] = matching.prior_of(weight, before, self.pairs)
        weight = weight - matching.bits(before) + matching.bits(model[PRIOR])
        told = [name for name in scored.column_names if name.startswith(("gamma_", "mw_")) or name[-2:] in ("_l", "_r")]
        near = pa.table(
            {"left": scored["id_l"], "right": scored["id_r"]}
            | {"probability": matching.probability(weight), "weight": weight}
            | {name: scored[name] for name in told if name not in ("id_l", "id_r")}
        )
        likely = near.filter(pc.greater_equal(near["probability"], NEAR))
        return likely.sort_by([("weight", "descending"), ("left", "ascending"), ("right", "ascending")])

    def _largest(self, coded: ir.Table, name: str) -> tuple[int, bool]:
        """The largest block that a key may have within what it may bring, and whether any is larger."""
        blocks = coded.filter(coded[name].notnull()).group_by(name).agg(size=_.count())
        sizes = self._engine.rows(blocks.group_by("size").agg(n=_.count()).order_by("size"))
        size, n = (sizes[c].to_numpy().astype(float) for c in ("size", "n"))
        fits = np.cumsum(n * size * (size - 1) / 2) <= min(PAIRS_EACH * self.records, PAIRS)
        return int(size[fits].max(initial=1)), not bool(fits.all())

    def _strangers(self, seed: int, within: str = "") -> ir.Table:
        """Random pairs of records, as Splink keeps pairs; with `within` only such as share what that column holds."""
        table = self._table.mutate(
            at=self._table[within] if within else ibis.literal(""),
            dice=(self._table.id + f"{SEPARATOR}{seed}").hexdigest("md5"),
        )
        some = table.filter(table["at"].notnull(), table.dice < _hex(min(1.0, STRANGERS / self.records)))
        row = ibis.row_number().over(order_by=[some["at"], some.dice])
        left = self._engine.keep(some.select("id", "at", *self._source, row=row))
        right = left.view()
        most = min(max(STRANGERS // self.records, 1), self.records - 1)
        beside = left.cross_join(ibis.range(1, most + 1).unnest().name("step").as_table())
        beside = beside.mutate(next=beside.row + beside.step)
        pairs = beside.inner_join(right, [beside.next == right.row, beside["at"] == right["at"]])
        pairs = pairs.filter(pairs.source != pairs.source_right) if self._source else pairs
        both = pairs.id, pairs.id_right
        ends = {"join_key_l": ibis.least(*both), "join_key_r": ibis.greatest(*both)}
        return self._engine.keep(pairs.select(match_key=ibis.literal("0"), **ends))

    def _patterns(self, linker: Any, names: Sequence[str], pairs: Any, share: float = 1.0) -> matching.Patterns:
        """How often each pattern of likeness occurs among pairs, of which these are a share."""
        linker.table_management.register_blocked_pairs_for_predict(pairs)
        seen = linker.inference.predict(warning_mode="never").physical_name
        columns = ", ".join(f"gamma_{name}" for name in names)
        counts = self._query(f"select {columns}, count(*) as n from {seen} group by {columns}")  # noqa: S608
        *alike, n = (column.to_numpy() for column in counts.columns)
        return matching.Patterns(np.stack(alike, axis=1).astype(np.int64), n / share)

    def _linker(self, table: ir.Table, model: dict[str, Any] | list[Any], rules: Sequence[Any] = ()) -> Any:
        """Splink on a kept table, with a whole model or with comparisons alone; it tells what goes wrong, no more."""
        from splink import Linker, SettingsCreator

        whole = (
            model
            if isinstance(model, dict)
            else SettingsCreator("dedupe_only", model, list(rules), unique_id_column_name="id")
        )
        return Linker(self._api.register(_name(table)), whole, log_level=logging.ERROR)

    def _query(self, sql: str) -> pa.Table:
        return self._api.query_sql(sql).as_pyarrow_table()


PRIOR = "probability_two_random_records_match"


def degrees(comparison: dict[str, Any]) -> list[dict[str, Any]]:
    """The degrees of likeness of one of Splink's comparisons, the least first, as Splink numbers them."""
    return [level for level in reversed(comparison["comparison_levels"]) if not level.get("is_null_level")]


def _bare(comparison: dict[str, Any]) -> dict[str, Any]:
    """The comparison without regard to how rare a value is."""
    levels = comparison["comparison_levels"]
    return comparison | {
        "comparison_levels": [{key: level[key] for key in level if not key.startswith("tf_")} for level in levels]
    }


def _code(table: ir.Table, key: tuple[str, ...]) -> ir.IntegerColumn:
    """A number for what the key's columns hold together; null where one of them holds nothing."""
    whole = table[key[0]]
    for column in key[1:]:
        whole = whole + SEPARATOR + table[column]
    return ibis.ifelse(whole.notnull(), whole.hash().cast("int64"), ibis.null("int64"))


def _hex(share: float) -> str:
    """The digests below which this share of all lies, by their first digits."""
    return f"{int(share * 16**6):06x}" if share < 1 else "g"


def _name(table: ir.Table) -> str:
    """What a kept table is called in its database."""
    return str(next(iter(table.op().find(ops.DatabaseTable))).name)
