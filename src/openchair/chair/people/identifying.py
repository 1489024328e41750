"""Who is who by what they share: every identifier that the facts name is given its base, and tied bases are merged."""

from collections.abc import Sequence
from itertools import combinations

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.compute as pc

from openchair.chair.ports import Engine
from openchair.chair.state import State
from openchair.chair.views import Merge, Review
from openchair.core.clock import Moment
from openchair.core.ids import SEPARATOR, digest
from openchair.dossier import identity, telephone

FOUND_BY = "the turn"


def identify(state: State, engine: Engine, facts: dict[str, ir.Table], moment: Moment, country: str = "") -> ir.Table:
    """Map every identifier the facts name to a customer, keep what is new, and give the whole map.

    country: where telephone numbers without a prefix are from.
    """
    known = state.identities()
    fresh = engine.rows(identity.mentioned(facts).anti_join(engine.share(known), "identifier"))
    links = pa.concat_tables([engine.rows(identity.linked(facts["traits"])), _calls(engine, facts["traits"], country)])
    found = identity.assign(fresh, links, known)
    if found.fresh.num_rows:
        state.link(_made(engine, found.fresh), moment.now)
    if found.joins.num_rows or found.fresh.num_rows:
        known = state.identities()
    if _join(state, engine, found, known, facts["traits"], moment):
        known = state.identities()
    _ask(state, found.quarantined, moment)
    return engine.share(known.select(["identifier", "customer_id"]))


def _calls(engine: Engine, traits: ir.Table, country: str) -> pa.Table:
    """Who can be reached by the same telephone number. Only spellings that are not in one form yet come to Python."""
    spelled = engine.rows(identity.spoken_numbers(traits))["value"].to_pylist()
    numbers = {said: number for said in spelled if (number := telephone.e164(said, country))}
    table = pa.table(
        {"value": pa.array(numbers.keys(), pa.string()), "number": pa.array(numbers.values(), pa.string())}
    )
    return engine.rows(identity.called(traits, engine.share(table)))


def _made(engine: Engine, fresh: pa.Table) -> pa.Table:
    """New identifiers with their base and why they have it."""
    table = engine.share(fresh)
    made = (ibis.literal("customer" + SEPARATOR) + table.root).hexdigest("md5").substr(0, 20)
    because = ibis.cases(
        (table.root == table.identifier, "first seen"),
        (table.root.notnull(), ibis.literal("tied to ") + table.root),
        else_="tied to someone known",
    )
    return engine.rows(table.select("identifier", base_id=table.base_id.fill_null(made), because=because))


def _join(
    state: State, engine: Engine, found: identity.Assigned, known: pa.Table, traits: ir.Table, moment: Moment
) -> bool:
    """Merge the bases that a shared identifier ties, or ask; gives whether anything was new.

    One telephone is often a whole family's: where the first names differ a person is asked.
    """
    if not found.joins.num_rows:
        return False
    graph = state.merge_graph()
    base_of = {
        name: known["base_id"].take(pc.index_in(found.joins[name], value_set=known["identifier"].combine_chunks()))
        for name in ("left", "right")
    }
    pairs: dict[tuple[str, str], str] = {}
    sharing: dict[str, set[str]] = {}
    for one, other, shared in zip(
        base_of["left"].to_pylist(), base_of["right"].to_pylist(), found.joins["shared"].to_pylist(), strict=True
    ):
        if one != other:
            pairs.setdefault((min(one, other), max(one, other)), shared)
            sharing.setdefault(shared, set()).update((one, other))
    # Each is held against each, or a family's telephone would hang all of them on whoever had it first.
    for shared, bases in sharing.items():
        pairs |= {pair: pairs.get(pair, shared) for pair in combinations(sorted(bases), 2)}
    ordered = sorted(pairs)
    told = identity.joinable([one for one, _ in ordered], [other for _, other in ordered], graph)
    called = _first_names(engine, traits, known, [pair for pair in ordered if pairs[pair].startswith("phone:")])
    told = [
        "asked"
        if status == "merged" and called.get(one) and called.get(other) and not called[one] & called[other]
        else status
        for (one, other), status in zip(ordered, told, strict=True)
    ]
    merges = [
        Merge(
            merge_id(*pair), *pair, "exact", f"both are known by {_plainly(pairs[pair])}", None, (), status, moment.now
        )
        for pair, status in zip(ordered, told, strict=True)
        if status
    ]
    state.put_merges(merges)
    state.open_reviews([question(merge, moment) for merge in merges if merge.status == "asked"])
    return bool(merges)


def _first_names(
    engine: Engine, traits: ir.Table, known: pa.Table, pairs: Sequence[tuple[str, str]]
) -> dict[str, set[str]]:
    """The first names that each base of these pairs goes by, in small letters."""
    bases = pa.array(sorted({base for pair in pairs for base in pair}), pa.string())
    theirs = engine.share(known.filter(pc.is_in(known["base_id"], value_set=bases)).select(["identifier", "base_id"]))
    said = traits.filter(traits.name.isin(["first_name", "name"])).inner_join(theirs, "identifier")
    names: dict[str, set[str]] = {}
    for row in engine.rows(said.select("base_id", "value").distinct()).to_pylist() if pairs else ():
        names.setdefault(row["base_id"], set()).update(row["value"].casefold().split()[:1])
    return names


def _plainly(identifier: str) -> str:
    """An identifier as a person says it."""
    kind, _, value = identifier.partition(":")
    return f"{_CALLED.get(kind, kind)} {value}"


_CALLED = {"id": "the shop's id", "email": "the e-mail", "phone": "the telephone", "anon": "the device"}


def _ask(state: State, quarantined: pa.Table, moment: Moment) -> None:
    """Tell the team which identifiers too many people share for them to say who somebody is."""
    rows = quarantined.to_pylist()
    state.open_reviews(
        [
            Review(
                digest("review", "identifier", row["identifier"])[:20],
                "identifier",
                row["identifier"],
                None,
                f"{row['bases']} customers share {_plainly(row['identifier'])}: it is nobody's own and ties none.",
                moment.now,
                FOUND_BY,
            )
            for row in rows
        ]
    )


def question(merge: Merge, moment: Moment) -> Review:
    """The question to the team whether two are one."""
    text = f"Are these one customer? {merge.because[:1].upper()}{merge.because[1:]}."
    return Review(review_of(merge.merge_id), "merge", merge.merge_id, merge.left_id, text, moment.now, FOUND_BY)


def review_of(merge_id: str) -> str:
    """The id of the question about a merge."""
    return digest("review", "merge", merge_id)[:20]


def merge_id(left: str, right: str) -> str:
    """The id of the row that joins two bases, whichever way round they are named."""
    return digest("merge", *sorted((left, right)))[:20]
