"""`labelqa run` and `labelqa list`: what there is, rendered or told."""

from __future__ import annotations

import os
from contextlib import closing
from datetime import UTC, datetime

import click

from labelqa_lib.cli.frame import DATA, EPILOG, Workspace, console, one_line, print_table
from labelqa_lib.cli.readers import Reader, reader
from labelqa_lib.errors import DataError


def _pairs(_context, _parameter, given: tuple[str, ...]) -> dict[str, str]:
    pairs = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name.isidentifier():
            raise click.BadParameter(f"{text!r} is not written name=value")
        pairs[name] = value
    return pairs


@click.command(epilog=EPILOG)
@click.option("--week", metavar="WEEK", help="ISO week such as 2026-W46 (default: the latest complete one).")
@click.option("--market", "markets", multiple=True, metavar="CODE", help="Only this market; may be repeated.")
@click.option("--notebook", "notebooks", multiple=True, metavar="NAME",
              help="Only this notebook; may be repeated (default: `notebooks` of params/workspace.yaml).")  # fmt: skip
@DATA
@click.option("--jobs", type=click.IntRange(min=1), metavar="N", help="Pages at a time (default: one per core).")
@click.option("--page-seconds", type=click.FloatRange(0, min_open=True), metavar="S",
              help="Kill a page that runs longer (default: `page_seconds` of params/workspace.yaml).")  # fmt: skip
@click.option("--page-memory", type=click.FloatRange(0, min_open=True), metavar="MIB",
              help="Kill a page whose kernel holds more (default: `page_memory`).")  # fmt: skip
@click.option("-p", "given", multiple=True, callback=_pairs, metavar="NAME=VALUE", help="A notebook's own parameter.")
@click.option("--audience", default="internal", show_default=True, metavar="NAME",
              help="Who reads the pages: internal, or a partner.")  # fmt: skip
@click.pass_obj
def run(root, week, markets, notebooks, data, jobs, page_seconds, page_memory, given, audience) -> int:
    """Render the reports of a week, for ourselves or for a partner.

    A partner's pages are made from data cut for it: its own sites and staff, people under pseudonyms (`labelqa key`
    makes their key), no figure on few rows.
    """
    from labelqa_lib import store

    workspace, out = Workspace(root, data), console()
    snapshot = store.describe(workspace.data)
    week = week or _latest_week(snapshot, markets)
    limits = page_seconds or workspace.settings.page_seconds, page_memory or workspace.settings.page_memory
    with reader(workspace, snapshot, audience, week, markets, notebooks) as who:
        return _run(workspace, who, week, given, jobs or os.cpu_count() or 1, limits, out)


def _run(workspace, who: Reader, week: str, given, jobs: int, limits: tuple, out) -> int:
    """Plan, render and index what one reader's pages are; the exit code."""
    from labelqa_lib import runner

    planned = runner.plan(
        workspace.root,
        reports=workspace.reports,
        data=workspace.as_page_sees(who.data),
        snapshot=who.snapshot.id,
        weeks_of={market: about["weeks"] for market, about in who.snapshot.markets.items()},
        week=week,
        notebooks=who.notebooks,
        markets=who.markets,
        audience=who.audience,
        given=given,
        left_out=who.left_out,
    )
    runner.check_writable(workspace.reports / who.audience / week)
    for sentence in (*who.skipped, *planned.skipped):
        out.print(one_line(sentence))
    try:
        failed = _render(planned.pages, jobs, runner.Limits(*limits), out)
    finally:
        index = runner.write_index(workspace.reports, who.audience, week, workspace.settings.notebooks)
    out.print(f"{len(planned.pages) - failed} of {len(planned.pages)} pages rendered for {week}")
    out.print(str(index))
    return 1 if failed else 0


def _latest_week(snapshot, markets) -> str:
    """The latest week that has ended in the markets asked for, or in all where none of them is in the snapshot."""
    from labelqa_lib import runner

    asked = {name: about for name, about in snapshot.markets.items() if name in markets} or snapshot.markets
    return runner.latest_complete_week(
        {market: about["weeks"] for market, about in asked.items()},
        {market: about["time_zone"] for market, about in asked.items()},
        datetime.fromisoformat(snapshot.made_at).replace(tzinfo=UTC),
    )


def _render(pages, jobs: int, limits, out) -> int:
    """Render pages with a bar on a terminal and a line per page anywhere; how many failed?"""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from labelqa_lib import runner

    failed = 0
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with (
        Progress(*columns, console=out, disable=not out.is_terminal, transient=True) as progress,
        closing(runner.render(pages, jobs, limits)) as records,
    ):
        task = progress.add_task(f"Rendering {pages[0].week}", total=len(pages))
        for record in records:
            failed += record.failed
            told = f"FAILED: {record.error}" if record.failed else f"rendered in {record.seconds:.1f} s"
            out.print(one_line(f"{record.market} {record.notebook}: {told}"))
            progress.advance(task)
    return failed


@click.command("list")
@click.argument("what", type=click.Choice(["markets", "weeks", "notebooks", "metrics"]), required=False)
@DATA
@click.pass_obj
def list_(root, what, data) -> None:
    """Show markets, weeks, notebooks or metrics; without an argument, a little of each."""
    workspace = Workspace(root, data)
    if what is None:
        return _overview(workspace)
    rows = {"markets": _markets, "weeks": _weeks, "notebooks": _notebooks, "metrics": _metrics}[what](workspace)
    print_table(next(rows), rows)


def _overview(workspace) -> None:
    """A short table of each; what no delivery has brought yet is said in its place."""
    out = console()
    for name, short in (("markets", _markets), ("weeks", _last_weeks), ("notebooks", _pages), ("metrics", _families)):
        try:
            header, *rows = short(workspace)
        except DataError as error:
            out.print(f"{name}: {one_line(str(error))}")
        else:
            print_table(header, rows)
    out.print("More of each: labelqa list weeks, notebooks or metrics")


def _last_weeks(workspace):
    header, *rows = _weeks(workspace)
    yield header
    yield from rows[:4]
    if rows[4:]:
        yield f"… {len(rows) - 4} more", f"back to {rows[-1][0]}"


def _pages(workspace):
    from labelqa_lib import runner

    yield "notebook", "in every weekly run", "parameters of its own"
    for name in runner.notebook_names(workspace.root):
        own = [known for known in runner.declared(runner.notebook_file(workspace.root, name)) if known not in runner.OWN]
        yield name, "yes" if name in workspace.settings.notebooks else "no", ", ".join(own)


def _families(_workspace):
    from labelqa_lib import metrics

    yield "family", "metrics"
    families = sorted({metric.family for metric in metrics.REGISTRY.values()})
    for family in families:
        yield family, ", ".join(name for name, metric in metrics.REGISTRY.items() if metric.family == family)


def _markets(workspace):
    from labelqa_lib import params, store

    snapshot, described = store.describe(workspace.data), params.load_markets(workspace.root, workspace.settings)
    yield "market", "name", "time zone", "weeks", "params"
    for market in sorted({*snapshot.markets, *described}):
        about = described.get(market) or params.load_market(workspace.root, workspace.settings, market)
        weeks = snapshot.markets.get(market, {}).get("weeks", [])
        span = f"{len(weeks)}: {min(weeks)} to {max(weeks)}" if weeks else "no data"
        zone = snapshot.markets.get(market, {}).get("time_zone", about.time_zone)
        yield market, about.name, zone, span, f"{market}.yaml" if about.configured else "defaults"


def _weeks(workspace):
    from labelqa_lib import store

    snapshot = store.describe(workspace.data)
    yield "week", "markets with data"
    for week in reversed(snapshot.weeks()):
        yield week, ", ".join(sorted(name for name, about in snapshot.markets.items() if week in about["weeks"]))


def _notebooks(workspace):
    from labelqa_lib import runner

    yield "notebook", "parameter", "type", "default", "help"
    for name in runner.notebook_names(workspace.root):
        for parameter in runner.declared(runner.notebook_file(workspace.root, name)).values():
            yield name, parameter.name, parameter.type, repr(parameter.default), parameter.help
            name = ""


def _metrics(_workspace):
    from labelqa_lib import metrics

    yield "metric", "family", "unit", "question"
    for metric in sorted(metrics.REGISTRY.values(), key=lambda metric: (metric.family, metric.name)):
        yield metric.name, metric.family, metric.unit, metric.question
