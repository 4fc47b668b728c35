"""Which rows a partner may see: those of its own sites and staff, and what others found out about them."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import ibis
import pyarrow as pa
import pyarrow.compute as pc
from ibis import _

from labelqa_lib import store
from labelqa_lib.audience.benchmark import benchmark
from labelqa_lib.audience.columns import ALLOWED_BY, PSEUDONYMS, SHARED
from labelqa_lib.audience.pseudonyms import Pseudonyms
from labelqa_lib.audience.rules import Rules, Sharing
from labelqa_lib.audience.writing import write
from labelqa_lib.errors import DataError, UsageError
from labelqa_lib.store import Snapshot, Tables

Parts = dict[str, list[pa.Table]]
"""Table by name, one part per market."""


def partner_named(audience: str, partners: Iterable[str]) -> str:
    """Which partner is meant by an audience's name? ``aurora``, or ``Aurora`` itself.

    Raises
    ------
    UsageError
        When no partner, or more than one, has that name in lower-case letters, digits and hyphens.
    """
    known = sorted(partners)
    meant = [name for name in known if slug(name) == slug(audience)]
    if len(meant) == 1 and slug(audience) != "internal":
        return meant[0]
    if len(meant) > 1:
        raise UsageError(f"audience {audience!r}: {' and '.join(meant)} share that name; rename one in its source's map")
    named = ", ".join(slug(name) for name in known) or "none: no annotation names its partner"
    raise UsageError(f"audience {audience!r} is nobody; there are internal and the partners of the snapshot ({named})")


def slug(name: str) -> str:
    """A partner's name as an audience is called: lower-case letters, digits and hyphens, at most 32; of one without
    Latin letters, a few digits made from it."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    said = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:32]
    return said or f"partner-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def weeks_of(root: Path, snapshot: str) -> dict[str, dict[str, list[str]]]:
    """Partner -> market -> its weeks with annotations, oldest first."""
    rows = store.open_tables(root, snapshot=snapshot).annotations
    places = store.fetch(rows.select("partner", "market", "week").distinct().filter(_.partner.notnull()))
    found: dict[str, dict[str, list[str]]] = {}
    for partner, market, week in sorted(places.itertuples(index=False, name=None)):
        found.setdefault(partner, {}).setdefault(market, []).append(week)
    return found


def cut(root: Path, snapshot: str, rules: Rules, weeks: Mapping[str, Sequence[str]], into: Path) -> str:
    """Cut a snapshot for a partner.

    Parameters
    ----------
    root : Path
        Folder of whole snapshots.
    snapshot : str
        Id of the one to cut.
    rules : Rules
    weeks : mapping of market to ISO weeks
        What the pages are about, oldest first: the last week is the report's. Other markets and weeks are left out.
    into : Path
        Folder of the audience's snapshots. Equal cuts give equal bytes under one id.

    Returns
    -------
    str
        Id of the cut snapshot in `into`. An earlier reading that a page compares with is cut beside it.

    Raises
    ------
    DataError
        When the snapshot, or the partner's annotations in the weeks asked for, are not there.
    """
    about = store.describe(root, snapshot)
    restated = _earlier(root, about, rules, weeks, into)
    return write(_parts(root, about, rules, weeks), about, rules, restated, into)


def _earlier(
    root: Path, about: Snapshot, rules: Rules, weeks: Mapping[str, Sequence[str]], into: Path
) -> dict[str, dict]:
    """What was restated of the weeks reported on, each with the earlier reading cut in the same way."""
    told = {}
    for market, asked in weeks.items():
        earlier = store.earlier_reading(root, about, market, asked[-1])
        if earlier is None or asked[-1] not in earlier.since.markets.get(market, {}).get("weeks", ()):
            continue
        try:
            parts = _parts(root, earlier.since, rules, {market: asked})
        except DataError:  # the partner had no annotation in that week then
            continue
        since = write(parts, earlier.since, rules, {}, into)
        told[f"{market}/{asked[-1]}"] = {"since": since, "tables": [name for name in earlier.tables if name in SHARED]}
    return {place: one for place, one in told.items() if one["tables"]}


def _parts(root: Path, about: Snapshot, rules: Rules, weeks: Mapping[str, Sequence[str]]) -> Parts:
    """Every table's rows for the partner, pseudonyms in place of ids."""
    parts: Parts = {}
    for market, asked in weeks.items():
        tables = store.open_tables(root, market, asked, about.id)
        own = _own(tables, store.open_tables(root, market, None, about.id), rules.partner)
        staff = _staff(own, tables.people is not None)
        for name, rows in own.items():
            kept = rows.select([column for column in SHARED[name] if column in rows.columns])
            shown = _shown(store.arrow(kept), staff, rules.of(market), Pseudonyms(rules.key, rules.audience))
            parts.setdefault(name, []).append(shown)
        if not parts["annotations"][-1].num_rows:
            raise DataError(f"{market}: {rules.partner} has no annotations in {asked[0]} to {asked[-1]}")
        if peers := benchmark(tables, rules):
            parts.setdefault("benchmark", []).append(peers)
    return parts


def _own(tables: Tables, ever: Tables, partner: str) -> dict[str, ibis.Table]:
    """The partner's rows of each table that is shared, lazily; `ever` are the market's tables of all weeks, because an
    appeal may be of an annotation from before."""
    annotations = tables.annotations.filter(_.partner == partner)
    people = None if tables.people is None else tables.people.filter(_.partner == partner)
    staff = annotations.select(person_id="agent_id").distinct() if people is None else people.select("person_id")
    of_what = {
        "items": (annotations, "item_id"),
        "gold": (annotations, "item_id"),
        "audits": (annotations, "annotation_id"),
        "shifts": (staff, "person_id"),
        "sop_acknowledgements": (staff, "person_id"),
    }
    own = {"annotations": annotations, "labels": tables.labels, "people": people, "sop_versions": tables.sop_versions}
    for name, (owner, key) in of_what.items():
        rows = getattr(tables, name)
        own[name] = None if rows is None else rows.semi_join(owner, key)
    if ever.appeals is not None:
        own["appeals"] = ever.appeals.semi_join(ever.annotations.filter(_.partner == partner), "annotation_id")
    return {name: rows for name, rows in own.items() if rows is not None}


def _staff(own: Mapping[str, ibis.Table], people_known: bool) -> pa.Array:
    """Ids of the partner's own people: those `people` tells, else who made its annotations."""
    rows = own["people"].select("person_id") if people_known else own["annotations"].select(person_id="agent_id")
    return store.arrow(rows.distinct().filter(_.person_id.notnull()))["person_id"].combine_chunks()


def _shown(rows: pa.Table, staff: pa.Array, sharing: Sharing, pseudonyms: Pseudonyms) -> pa.Table:
    """Rows as they leave: pseudonyms, nobody else's auditors, texts only where the market shares them."""
    for place, name in enumerate(rows.column_names):
        values = rows[name]
        if name == "auditor_id":
            values = pc.if_else(pc.is_in(values, staff), values, pa.scalar(None, values.type))
        if name in ALLOWED_BY and not getattr(sharing, ALLOWED_BY[name]):
            values = pa.nulls(len(values), values.type)
        elif name in PSEUDONYMS and not (name == "item_id" and sharing.items):
            values = pseudonyms.of(PSEUDONYMS[name], pa.chunked_array(values.chunks, values.type))
        rows = rows.set_column(place, name, values)
    return rows
