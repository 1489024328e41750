"""Bit sets counted where the data is. Ibis knows `bit_or` on DuckDB only; both engines have it under this name."""

import ibis
import ibis.expr.types as ir

_bit_or = ibis.udf.agg.builtin(lambda bits: ..., name="bit_or", signature=(("int64",), "int64"))


def union_of(bits: ir.IntegerColumn) -> ir.IntegerScalar:
    """The union of the bit sets of a group (int64); null where there is none.

    >>> import pyarrow as pa
    >>> t = ibis.memtable(pa.table({"who": ["a", "a"], "rules": [1, 4]}))
    >>> ibis.duckdb.connect().to_pyarrow(t.group_by("who").agg(rules=union_of(t.rules))).to_pylist()
    [{'who': 'a', 'rules': 5}]
    """
    return _bit_or(bits.cast("int64"))
