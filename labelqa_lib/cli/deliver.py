"""`labelqa demo`, `check` and `ingest`: deliveries made, examined and taken in."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import click

from labelqa_lib.cli.frame import DATA, EPILOG, Workspace, console, one_line, print_table
from labelqa_lib.errors import UsageError

_DELIVERY = click.argument("delivery", type=click.Path(path_type=Path))
_SOURCE = click.option("--source", metavar="NAME", help="Column map params/sources/NAME.yaml of a foreign format.")
_MADE_WITH = "made_with.json"


@click.command(epilog=EPILOG)
@click.option("--to", "target", type=click.Path(path_type=Path), metavar="FOLDER",
              help="Where the delivery goes (default: data/demo of the workspace).")  # fmt: skip
@click.option("--seed", type=click.IntRange(min=0), help="In place of the seed of params/demo.yaml.")
@click.option("--scale", type=float, default=1.0, show_default=True, help="Share of the volume and people, up to 1.")
@click.option("--force", is_flag=True, help="Simulate also where the same delivery lies already.")
@click.pass_obj
def demo(root, target, seed, scale, force) -> None:
    """Simulate a delivery with incidents to find."""
    from labelqa_lib import params
    from labelqa_lib.sources.demo import simulate

    workspace, out = Workspace(root), console()
    target = target or workspace.root / "data" / "demo"
    parameters = params.load_yaml(workspace.root / "params" / "demo.yaml")
    made_with = {"labelqa": version("labelqa"), "seed": seed, "scale": scale, "parameters": _digest(parameters)}
    if not force and _read(target / _MADE_WITH) == made_with:
        out.print(f"{target} holds this very demo already; --force simulates it again")
        return
    with out.status("Simulating"):
        rows = simulate(parameters, target, seed, scale)
    (target / _MADE_WITH).write_text(json.dumps(made_with) + "\n", encoding="utf-8")
    print_table(("table", "rows"), rows.items())
    out.print(f"{target} is ready; what was planted is told in {target / 'incidents.yaml'}")


def _digest(parameters: dict) -> str:
    return hashlib.sha256(json.dumps(parameters, sort_keys=True, default=str).encode()).hexdigest()


def _read(path: Path) -> dict | None:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


@click.command(epilog=EPILOG)
@_DELIVERY
@_SOURCE
@DATA
@click.pass_obj
def check(root, delivery, source, data) -> int:
    """Tell what ingesting DELIVERY would do; write nothing."""
    from labelqa_lib import intake

    workspace, out = Workspace(root, data), console()
    with out.status(f"Reading {delivery}"), intake.workbench(delivery) as connection:
        read = _read_delivery(workspace, delivery, source, connection)
        current = intake.current_snapshot(workspace.snapshots)
        outcome = intake.check(read, connection, current=current, **_settings(workspace))
    _show(outcome, out)
    for sentence in outcome.refused:
        click.echo(f"labelqa: {one_line(sentence)}", err=True)
    if outcome.refused:
        return 3
    out.print("The current snapshot says the same already." if outcome.unchanged else "Nothing speaks against it.")
    return 0


@click.command(epilog=EPILOG)
@_DELIVERY
@_SOURCE
@DATA
@click.option("--fresh", is_flag=True, help="Begin anew instead of adding to the current snapshot.")
@click.pass_obj
def ingest(root, delivery, source, data, fresh) -> None:
    """Check DELIVERY and add it to what is there."""
    from labelqa_lib import intake, store, wording

    workspace, out = Workspace(root, data), console()
    with out.status(f"Reading {delivery}"), intake.workbench(delivery) as connection:
        read = _read_delivery(workspace, delivery, source, connection)
        outcome = intake.ingest(read, connection, root=workspace.snapshots, fresh=fresh, **_settings(workspace))
    _show(outcome, out)
    snapshot = store.describe(workspace.snapshots)
    weeks = snapshot.weeks()
    held = f"{wording.count(len(snapshot.markets), '{n} market', '{n} markets')}, weeks {weeks[0]} to {weeks[-1]}"
    known = "says the same already, no new one was made" if outcome.unchanged else "is the current one now"
    out.print(f"Snapshot {snapshot.id} {known}: {held}")


def _read_delivery(workspace: Workspace, delivery: Path, source: str | None, connection):
    from labelqa_lib import params, sources

    source_map = params.load_yaml(_map_file(workspace.root, source)) if source else None
    return sources.read_delivery(delivery, source_map, connection)


def _map_file(root: Path, source: str) -> Path:
    folder = root / "params" / "sources"
    if not re.fullmatch(r"[\w-]+", source) or not (folder / f"{source}.yaml").is_file():
        there = ", ".join(path.stem for path in sorted(folder.glob("*.yaml"))) or "none"
        raise UsageError(f"source {source!r} has no map in {folder}; there are: {there}")
    return folder / f"{source}.yaml"


def _settings(workspace: Workspace) -> dict:
    """What of params intake is told."""
    from labelqa_lib import params

    markets = params.load_markets(workspace.root, workspace.settings)
    return {
        "markets": {code: market.time_zone for code, market in markets.items()},
        "default_time_zone": workspace.settings.market_defaults.time_zone,
        "reject_limit": workspace.settings.reject_limit,
        "now": datetime.now(UTC),
    }


def _show(outcome, out) -> None:
    """Print counts by table, broken rules with examples, what is missing, and what is worth knowing."""
    if outcome.tables:
        print_table(
            ("table", "delivered", "accepted", "restated", "duplicates", "rejected"),
            [(t.table, t.delivered, t.accepted, t.restated, t.duplicates, t.rejected) for t in outcome.tables],
        )
    for table in outcome.tables:
        for broken in table.rules:
            examples = "; ".join(f"{key} ({file}, line {line})" for key, file, line in broken.examples)
            out.print(one_line(f"{table.table}: {broken.count:,} rejected: {broken.rule}; for example {examples}"))
        if table.unmatched:
            out.print(f"{table.table}: {table.unmatched:,} rows name somebody whom `people` does not know; kept")
    if outcome.missing:
        out.print(f"Not delivered: {', '.join(outcome.missing)}; reports say what they cannot answer without")
    for note in outcome.notes:
        out.print(one_line(note))
