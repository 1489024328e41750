"""Writing facts in Openchair's native form: one Parquet file a kind of fact, a row group a block, all labelled."""

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from openchair.facts.kinds import KINDS, schema
from openchair.simulation.world import SIMULATED, SOURCE, Ints, mix

# A column is a constant, (codes, labels) with code -1 for null, an array of numbers, or an Arrow array.
Column = object
Facts = dict[str, pa.Table]

_HEX = np.array([f"{byte:02x}" for byte in range(256)], dtype="S2")
_CODES = {kind: code for code, kind in enumerate(KINDS)}
_LONG = {"fact_id", "text", "properties", "value", "other", "order_id"}


def fact_ids(seed: int, kind: str, customer: Ints, ordinal: Ints) -> pa.Array:
    """16 hex digits a fact, unique over kinds, customers (< 2^32) and each one's facts of that kind (< 2^28)."""
    owner, place = customer.astype(np.uint64) << np.uint64(28), ordinal.astype(np.uint64)
    counter = (np.uint64(_CODES[kind]) << np.uint64(60)) | owner | place
    digits = _HEX[mix(counter, seed).astype(">u8").view(np.uint8)]
    offsets = np.arange(len(customer) + 1, dtype=np.int32) * 16
    return pa.Array.from_buffers(pa.string(), len(customer), [None, pa.py_buffer(offsets), pa.py_buffer(digits)])


def within(sorted_keys: Ints) -> Ints:
    """0, 1, 2, .. within each run of equal keys.

    >>> within(np.array([4, 4, 9, 9, 9])).tolist()
    [0, 1, 0, 1, 2]
    """
    n = len(sorted_keys)
    place = np.arange(n)
    first = np.r_[True, sorted_keys[1:] != sorted_keys[:-1]] if n else np.zeros(0, dtype=bool)
    return place - np.maximum.accumulate(np.where(first, place, 0))


def facts(kind: str, n: int, columns: Mapping[str, Column]) -> pa.Table:
    """A table of `n` facts of a kind with exactly its schema; columns not named are the kind's defaults or null."""
    shape = stored(kind)
    given = {**defaults(kind), "source": SOURCE, "received_at": columns["happened_at"], **columns}
    if extra := given.keys() - set(shape.names):
        raise ValueError(f"{kind} has no column {', '.join(sorted(extra))}")
    return pa.Table.from_arrays([_array(given[field.name], n, field.type) for field in shape], schema=shape)


def defaults(kind: str) -> dict[str, object]:
    """What the kind's optional columns hold where nothing is said."""
    return {field.name: field.default for field in msgspec.structs.fields(KINDS[kind]) if not field.required}


def stored(kind: str) -> pa.Schema:
    """The kind's schema as written: short strings as dictionaries, which Parquet keeps as plain strings."""
    fields = []
    for field in schema(kind):
        short = field.type == pa.string() and field.name not in _LONG
        fields.append(field.with_type(pa.dictionary(pa.int32(), pa.string())) if short else field)
    return pa.schema(fields)


def _array(column: Column, n: int, kind: pa.DataType) -> pa.Array:
    if column is None:
        return pa.nulls(n, kind)
    if isinstance(column, str):
        column = (np.zeros(n, dtype=np.int32), [column])
    if isinstance(column, tuple):
        codes, labels = column
        indices = pa.array(np.asarray(codes, dtype=np.int32), mask=np.asarray(codes) < 0)
        column = pa.DictionaryArray.from_arrays(indices, pa.array(labels, pa.string()))
    if isinstance(column, bool | int | float):
        column = np.full(n, column)
    array = column if isinstance(column, pa.Array | pa.ChunkedArray) else pa.array(column)
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    if array.type == kind:
        return array
    if pa.types.is_dictionary(kind) and array.type == pa.string():
        return array.dictionary_encode()
    return array.cast(pa.timestamp("us")).cast(kind) if pa.types.is_timestamp(kind) else array.cast(kind)


class Files:
    """Open Parquet files by name under a folder; closed together. A context manager."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rows: dict[str, int] = {}
        self._writers: dict[str, pq.ParquetWriter] = {}

    def __enter__(self) -> "Files":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for writer in self._writers.values():
            writer.close()

    def write(self, name: str, table: pa.Table) -> None:
        """Append `table` to the file of that name; the first table fixes its columns."""
        if name not in self._writers:
            path = self.folder / f"{name}.parquet"
            path.parent.mkdir(parents=True, exist_ok=True)
            incompressible = {field: "none" if field == "fact_id" else "zstd" for field in table.schema.names}
            self._writers[name] = pq.ParquetWriter(
                path,
                table.schema,
                compression=incompressible,
                compression_level={field: 1 for field, how in incompressible.items() if how == "zstd"},
                use_dictionary=[f for f in table.schema.names if f not in _LONG],
                store_schema=False,
            )
            self._writers[name].add_key_value_metadata(SIMULATED)
        self._writers[name].write_table(table, row_group_size=1 << 20)
        self.rows[name] = self.rows.get(name, 0) + table.num_rows
