"""`labelqa run` and `labelqa list`: what there is, rendered or told."""

from __future__ import annotations

import os
from contextlib import closing
from datetime import UTC, datetime

import click

from labelqa_lib.cli.board import Board
from labelqa_lib.cli.due import with_reasons
from labelqa_lib.cli.frame import DATA, EPILOG, Workspace, console, one_line, print_table
from labelqa_lib.cli.makers import Makers, kept_at, makers
from labelqa_lib.cli.readers import Reader, reader
from labelqa_lib.cli.share import print_pages, withdraw
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
@click.option("--force", is_flag=True, help="Render every page, also where nothing has changed since it was rendered.")
@click.option("--explain", is_flag=True, help="Say of each page why it would be rendered; make none.")
@click.option("--pdf", is_flag=True, help="Print every page as PDF, too, where there is a Chromium.")
@click.option("--audience", default="internal", show_default=True, metavar="NAME",
              help="Who reads the pages: internal, or a partner.")  # fmt: skip
@click.option("--scheduler", metavar="ADDRESS",
              help="Have a Dask cluster render, such as tcp://10.0.0.5:8786 (needs labelqa[dask]; docs/deploy.md).")  # fmt: skip
@click.option("--outputs", metavar="DEST",
              help="Keep reports at this address, such as s3://bucket/reports (default: `reports` of params/workspace.yaml).")  # fmt: skip
@click.pass_obj
def run(
    root, week, markets, notebooks, data, jobs, page_seconds, page_memory, given, force, explain, pdf, audience, scheduler, outputs
) -> int:  # fmt: skip
    """Render the reports of a week, for ourselves or for a partner.

    A partner's pages are made from data cut for it: its own sites and staff, people under pseudonyms (`labelqa key`
    makes their key), no figure on few rows.
    """
    from labelqa_lib import runner, store

    workspace, out = Workspace(root, data), console()
    snapshot = store.describe(workspace.data)
    week = week or _latest_week(snapshot, markets)
    limits = page_seconds or workspace.settings.page_seconds, page_memory or workspace.settings.page_memory
    kept = kept_at(workspace, outputs)
    with reader(workspace, snapshot, audience, week, markets, notebooks) as who:
        planned = _plan(workspace, who, week, given)
        for sentence in (*who.skipped, *planned.skipped):
            out.print(one_line(sentence))
        kept.fetch(who.audience)
        pages = with_reasons(workspace, who, planned.pages, force, keep=not explain)
        if explain:
            return _explain(pages, out)
        withdraw(workspace, who.audience, out)
        due = [page for page, reason in pages if reason]
        runner.check_writable(pages[0][0].folder.parent)
        with makers(workspace, due, jobs or os.cpu_count() or 1, runner.Limits(*limits), scheduler, kept, out) as hands:
            return _run(workspace, pages, hands, pdf, out, kept)


def _plan(workspace, who: Reader, week: str, given):
    from labelqa_lib import runner

    return runner.plan(
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
        simulated=who.snapshot.simulated,
    )


def _run(workspace, pages, hands: Makers, pdf: bool, out, kept) -> int:
    """Render what is due, and index it with what is there; the exit code."""
    from labelqa_lib import runner

    first, due = pages[0][0], [page for page, reason in pages if reason]
    folder = first.folder.parent
    ledger = runner.Ledger(pages, hands.jobs, datetime.now(UTC), hands.scheduler)
    try:
        failed = _render(due, hands, out, ledger) if due else 0
        unprinted = print_pages([page for page, _ in pages], out) if pdf else 0
    finally:
        ledger.write()
        if due or pdf or kept.elsewhere or not runner.index_is_fresh([page for page, _ in pages], workspace.settings.locale):
            runner.write_index(workspace.reports, first.audience, first.week, workspace.settings.notebooks, workspace.settings.locale)
        kept.keep(first.audience)
    unchanged = f", {len(pages) - len(due)} unchanged" if len(due) < len(pages) else ""
    out.print(f"{len(due) - failed} of {len(pages)} pages rendered for {first.week}{unchanged}")
    out.print(kept.name_of(folder / "index.html"))
    return 1 if failed or unprinted else 0


def _explain(pages, out) -> int:
    for page, reason in pages:
        out.print(one_line(f"{page.market} {page.name}: {reason or 'unchanged'}"))
    due = sum(bool(reason) for _, reason in pages)
    out.print(f"{due} of {len(pages)} pages would be rendered for {pages[0][0].week}")
    return 0


def _latest_week(snapshot, markets) -> str:
    """The latest week that has ended in the markets asked for, or in all where none of them is in the snapshot."""
    from labelqa_lib import runner

    asked = {name: about for name, about in snapshot.markets.items() if name in markets} or snapshot.markets
    return runner.latest_complete_week(
        {market: about["weeks"] for market, about in asked.items()},
        {market: about["time_zone"] for market, about in asked.items()},
        datetime.fromisoformat(snapshot.made_at).replace(tzinfo=UTC),
    )


def _render(pages, hands: Makers, out, ledger) -> int:
    """Render pages, and show and note each as it is done; how many failed?"""
    with Board(out, pages, hands.jobs) as board, closing(hands.render(pages, board.see, ledger.began)) as records:
        for record in records:
            ledger.add(record)
            board.add(record)
    return board.failed


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
