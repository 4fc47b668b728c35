"""`labelqa actions`: the register of actions, listed, opened and closed."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import click

from labelqa_lib.cli.frame import DATA, EPILOG, Workspace, console, one_line, print_table
from labelqa_lib.errors import UsageError

WEEKS = 4
"""An action is due so many weeks after it was opened, where nobody says when."""


@click.group("actions", epilog=EPILOG)
def actions() -> None:
    """The register of actions: who does what about which finding, until when."""


def _day(_context, _parameter, text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise click.BadParameter(f"{text!r} is no day; write it as 2026-11-30") from None


def _today() -> date:
    return datetime.now(UTC).date()


def _register(workspace: Workspace, named: str | None):
    """Everything there is: the snapshot's actions, where there is a snapshot, and the workspace's own over them.

    Raises
    ------
    DataError
        When there is none although somebody `named` where it lies, or what is there cannot be read.
    """
    from labelqa_lib import register, store

    place = workspace.data
    if not named and isinstance(place, Path) and not (place / "CURRENT").exists():  # nothing was ingested yet
        delivered = None
    else:
        delivered = store.open_tables(place).actions
    return register.merged(None if delivered is None else store.fetch(delivered), register.read(workspace.register))


@actions.command("list")
@click.option("--market", metavar="CODE", help="Only this market.")
@click.option("--all", "every", is_flag=True, help="Closed ones, too.")
@click.option("--csv", "as_csv", is_flag=True, help="As CSV that a spreadsheet may open.")
@DATA
@click.pass_obj
def list_(root, market, every, as_csv, data) -> None:
    """Show what is open, the longest overdue first."""
    from labelqa_lib import register

    rows = _register(Workspace(root, data), data)
    rows = rows[rows["market"] == market] if market else rows
    rows = rows if every else rows[rows["status"].isin(register.OPEN)]
    shown = sorted(register.as_text(rows), key=lambda row: (row["status"] in register.CLOSED, row["due_on"], row["action_id"]))
    if as_csv:
        click.echo(register.as_csv(shown), nl=False)
        return
    today = _today().isoformat()
    header = ("action", "market", "status", "due", "owner", "finding", "what", "expected")
    print_table(header, [
        (row["action_id"], row["market"], _status(row, today), row["due_on"], row["owner"], row["finding_code"], row["action"],
         row["expected_gain"]) for row in shown
    ])  # fmt: skip


def _status(row: dict, today: str) -> str:
    return f"{row['status']}, overdue" if row["status"] in ("open", "doing") and row["due_on"] < today else row["status"]


@actions.command("open")
@click.option("--market", required=True, metavar="CODE")
@click.option("--finding", "code", required=True, metavar="CODE", help="Code of a finding, as findings.json beside a report names it.")
@click.option("--owner", required=True, metavar="NAME", help="Who does it.")
@click.option("--action", "what", metavar="TEXT", help="What to do (default: what the finding recommends).")
@click.option("--due", callback=_day, metavar="DAY", help=f"Until when (default: in {WEEKS} weeks).")
@click.option("--on", "opened", callback=_day, metavar="DAY", help="Opened on (default: today).")
@click.option("--gain", type=float, metavar="FRACTION",
              help="By how much the finding's metric should get better, where the finding is (default: the finding's gap).")  # fmt: skip
@DATA
@click.pass_obj
def open_(root, market, code, owner, what, due, opened, gain, data) -> None:
    """Put an action into the register."""
    from labelqa_lib import params, register

    workspace = Workspace(root, data)
    params.check_market_code(market)
    found = _finding(workspace, market, code)
    what = what or ((found.get("recommendation") or {}).get("action") if found else "")
    if not what:
        raise UsageError(f"finding {code}: no report of {market} recommends anything for it; say what to do with --action")
    opened = opened or _today()
    try:
        due = due or opened + timedelta(weeks=WEEKS)
    except OverflowError:
        raise UsageError(f"--on {opened}: no calendar goes on for {WEEKS} weeks from there; name an earlier day") from None
    if due < opened:
        raise UsageError(f"--due {due}: lies before the day on which the action is opened, {opened}")
    taken = set(_register(workspace, data)["action_id"])
    gain = gain if gain is not None else found.get("gap") if found else None
    row = dict.fromkeys(register.COLUMNS, "") | {
        "market": market, "site": ((found or {}).get("segment") or {}).get("site", ""), "finding_code": code, "action": what,
        "owner": owner, "opened_on": opened.isoformat(), "due_on": due.isoformat(), "status": "open",
        "expected_gain": "" if gain is None else f"{gain:.6g}",
    }  # fmt: skip
    made: list[str] = []

    def added(rows: list[dict]) -> list[dict]:
        known = taken | {one["action_id"] for one in rows}
        number = next(number for number in range(1, len(known) + 2) if f"{market}-A{number:03d}" not in known)
        made.append(f"{market}-A{number:03d}")
        return [*rows, row | {"action_id": made[0]}]

    register.change(workspace.register, added)
    console().print(one_line(f"{made[0]} opened: {what} ({owner}, due {due})"))


def _finding(workspace: Workspace, market: str, code: str) -> dict | None:
    """The latest report's finding of that code; None where there is none."""
    files = (workspace.reports / "internal").glob(f"*/{market}/*.findings.json")
    for path in sorted(files, key=lambda path: (path.parts[-3], path.name), reverse=True):
        try:
            found = json.loads(path.read_text(encoding="utf-8"))["findings"]
        except (OSError, ValueError, KeyError, TypeError):
            continue
        for one in found:
            if one.get("code") == code and one.get("state") != "gone":
                return one
    return None


@actions.command("close")
@click.argument("action_id", metavar="ACTION")
@click.option("--dropped", is_flag=True, help="It was given up, not done.")
@click.option("--on", "closed", callback=_day, metavar="DAY", help="Closed on (default: today).")
@DATA
@click.pass_obj
def close(root, action_id, dropped, closed, data) -> None:
    """Close an action; reports say from then on whether its metric moved."""
    from labelqa_lib import register

    workspace = Workspace(root, data)
    known = {row["action_id"]: row for row in register.as_text(_register(workspace, data))}
    if action_id not in known:
        raise UsageError(f"action {action_id!r} is not in the register; `labelqa actions list --all` shows it")
    closed = (closed or _today()).isoformat()

    def done(rows: list[dict]) -> list[dict]:
        row = next((one for one in rows if one["action_id"] == action_id), known[action_id])
        if row["status"] in register.CLOSED:
            raise UsageError(f"action {action_id} was closed on {row['closed_on']} already ({row['status']})")
        if closed < row["opened_on"]:
            raise UsageError(f"--on {closed}: lies before the day on which {action_id} was opened, {row['opened_on']}")
        rest = [one for one in rows if one["action_id"] != action_id]
        return [*rest, row | {"status": "dropped" if dropped else "done", "closed_on": closed}]

    register.change(workspace.register, done)
    console().print(one_line(f"{action_id} closed on {closed}: {'dropped' if dropped else 'done'}"))
