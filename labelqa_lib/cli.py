"""The command line: arguments in, exit code out. The only room that prints."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import click

from labelqa_lib.errors import LabelqaError, UsageError

EPILOG = """\b
Exit codes:
  0  done; every page was rendered
  1  some pages failed (the index tells which and why), or the machine did (disk, memory)
  2  wrong usage, wrong params, or data that does not exist
  3  the delivery was refused; nothing was written
  130, 143  interrupted by Ctrl-C, by SIGTERM
"""


class _Terminated(BaseException):
    """SIGTERM arrived; unwinds the stack like Ctrl-C does."""


def main() -> NoReturn:
    """Run the command line and leave with its exit code."""
    sys.exit(_exit_code())


def _exit_code() -> int:
    try:
        return commands.main(prog_name="labelqa", standalone_mode=False) or 0
    except click.ClickException as error:
        error.show()
        return 2
    except click.Abort:
        click.echo("labelqa: interrupted", err=True)
        return 130
    except _Terminated:
        click.echo("labelqa: terminated", err=True)
        return 143
    except LabelqaError as error:
        for problem in error.problems:
            click.echo(f"labelqa: {_one_line(problem)}", err=True)
        return error.exit_code
    except OSError as error:
        click.echo(f"labelqa: {error.filename or 'the system'}: {error.strerror or error}", err=True)
        return 1
    except Exception as error:  # noqa: BLE001 (the last resort: a sentence, then where)
        traceback.print_exc()
        click.echo(f"labelqa: stopped by an error of its own ({type(error).__name__}: {error}); please report it",
                   err=True)  # fmt: skip
        return 1


def _one_line(text: str) -> str:
    """Text of a delivery or a notebook on its way to a terminal: no line breaks, no escape codes."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _terminate(*_) -> NoReturn:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise _Terminated


@click.group(epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--root", envvar="LABELQA_ROOT", type=click.Path(exists=True, file_okay=False, path_type=Path),
              help="The workspace (default: the one this folder lies in; or set LABELQA_ROOT).")  # fmt: skip
@click.version_option(package_name="labelqa", message="%(prog)s %(version)s")
@click.pass_context
def commands(context: click.Context, root: Path | None) -> None:
    """Weekly labelling-quality reports that say how sure they are."""
    signal.signal(signal.SIGTERM, _terminate)
    context.obj = root


class _Workspace:
    """The workspace of this call, opened when a command first needs it."""

    def __init__(self, root: Path | None, data: Path | None = None):
        from labelqa_lib import params

        self.root = params.find_root(root or Path.cwd())
        self.settings = params.load_workspace(self.root)
        self.data = data.absolute() if data else self.root / self.settings.data

    @property
    def reports(self) -> Path:
        return self.root / self.settings.reports

    def as_page_sees(self, path: Path) -> str:
        """A path as pages are told it: relative inside the workspace, so that a report does not name the machine."""
        return str(path.relative_to(self.root) if path.is_relative_to(self.root) else path)


def _console():
    from rich.console import Console

    return Console(markup=False, highlight=False, soft_wrap=True)


_DATA = click.option("--data", type=click.Path(file_okay=False, path_type=Path), metavar="ROOT",
                     help="Folder of snapshots (default: `data` of params/workspace.yaml).")  # fmt: skip
_SOURCE = click.option("--source", metavar="NAME", help="Column map params/sources/NAME.yaml of a foreign format.")


def _pairs(_context, _parameter, given: tuple[str, ...]) -> dict[str, str]:
    pairs = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name.isidentifier():
            raise click.BadParameter(f"{text!r} is not written name=value")
        pairs[name] = value
    return pairs


@commands.command(epilog=EPILOG)
@click.option("--week", metavar="WEEK", help="ISO week such as 2026-W46 (default: the latest complete one).")
@click.option("--market", "markets", multiple=True, metavar="CODE", help="Only this market; may be repeated.")
@click.option("--notebook", "notebooks", multiple=True, metavar="NAME",
              help="A notebook of notebooks/; may be repeated (default: `notebooks` of params/workspace.yaml).")  # fmt: skip
@_DATA
@click.option("--jobs", type=click.IntRange(min=1), metavar="N", help="Pages at a time (default: one per core).")
@click.option("-p", "given", multiple=True, callback=_pairs, metavar="NAME=VALUE", help="A notebook's own parameter.")
@click.option("--audience", default="internal", show_default=True, metavar="NAME", help="Who reads the pages.")
@click.pass_obj
def run(root, week, markets, notebooks, data, jobs, given, audience) -> int:
    """Render the reports of a week."""
    from labelqa_lib import runner, store

    workspace, console = _Workspace(root, data), _console()
    snapshot = store.describe(workspace.data)
    weeks_of = {market: about["weeks"] for market, about in snapshot.markets.items()}
    planned = runner.plan(
        workspace.root,
        reports=workspace.reports,
        data=workspace.as_page_sees(workspace.data),
        snapshot=snapshot.id,
        weeks_of=weeks_of,
        week=week or _latest_week(snapshot),
        notebooks=notebooks or workspace.settings.notebooks,
        markets=markets,
        audience=audience,
        given=given,
    )
    week = planned.pages[0].week
    runner.check_writable(workspace.reports / audience / week)
    for sentence in planned.skipped:
        console.print(sentence)
    try:
        failed = _render(planned.pages, jobs or os.cpu_count() or 1, console)
    finally:
        index = runner.write_index(workspace.reports, audience, week)
    console.print(f"{len(planned.pages) - failed} of {len(planned.pages)} pages rendered for {week}")
    console.print(str(index))
    return 1 if failed else 0


def _latest_week(snapshot) -> str:
    from labelqa_lib import runner

    return runner.latest_complete_week(
        {market: about["weeks"] for market, about in snapshot.markets.items()},
        {market: about["time_zone"] for market, about in snapshot.markets.items()},
        datetime.fromisoformat(snapshot.made_at).replace(tzinfo=UTC),
    )


def _render(pages, jobs: int, console) -> int:
    """Render pages with a bar on a terminal and a line per page anywhere; how many failed?"""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from labelqa_lib import runner

    failed = 0
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with (
        Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress,
        closing(runner.render(pages, jobs)) as records,
    ):
        task = progress.add_task(f"Rendering {pages[0].week}", total=len(pages))
        for record in records:
            failed += record.failed
            told = f"FAILED: {record.error}" if record.failed else f"rendered in {record.seconds:.1f} s"
            console.print(_one_line(f"{record.market} {record.notebook}: {told}"))
            progress.advance(task)
    return failed


@commands.command("list")
@click.argument("what", type=click.Choice(["markets", "weeks", "notebooks", "metrics"]), default="markets")
@_DATA
@click.pass_obj
def list_(root, what, data) -> None:
    """Show the markets and weeks of the current snapshot, or the notebooks and metrics there are."""
    workspace = _Workspace(root, data)
    rows = {"markets": _markets, "weeks": _weeks, "notebooks": _notebooks, "metrics": _metrics}[what](workspace)
    _table(next(rows), rows)


def _table(header: tuple, rows) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(*header, box=box.SIMPLE_HEAD)
    for row in rows:
        table.add_row(*(Text(_one_line(str(value))) for value in row))
    _console().print(table)


def _markets(workspace):
    from labelqa_lib import params, store

    snapshot, described = store.describe(workspace.data), params.load_markets(workspace.root, workspace.settings)
    yield "market", "name", "time zone", "weeks", "params"
    for market in sorted({*snapshot.markets, *described}):
        about = described.get(market) or params.load_market(workspace.root, workspace.settings, market)
        weeks = snapshot.markets.get(market, {}).get("weeks", [])
        span = f"{len(weeks)}: {min(weeks)} to {max(weeks)}" if weeks else "no data"
        zone = snapshot.markets.get(market, {}).get("time_zone", about.time_zone)
        yield market, about.name, zone, span, f"params/markets/{market}.yaml" if about.configured else "defaults"


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


if __name__ == "__main__":
    main()
