"""JSON lines in Segment form: one call a line, read by the same function as those that arrive over HTTP."""

from openchair.facts.reading import Format

FORMAT = Format(
    "segment-jsonl", "Segment calls as JSON lines", lambda columns: list(columns) == ["json"], None, ("json",)
)
