"""`labelqa publish`, `labelqa mail` and `run --pdf`: pages on their way to their readers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import click

from labelqa_lib.cli.frame import EPILOG, Workspace, console, one_line
from labelqa_lib.errors import DataError, UsageError
from labelqa_lib.periods import Week

_AUDIENCE = click.option("--audience", default="internal", show_default=True, metavar="NAME",
                         help="Whose pages: internal, or a partner's.")  # fmt: skip
ATTACHED = {"html": ".html", "xlsx": ".xlsx", "csv": ".accuracy.csv", "pdf": ".pdf"}


def _tree(workspace: Workspace, audience: str) -> tuple[str, Path]:
    """An audience as its folder is called, and that folder."""
    from labelqa_lib.audience import slug

    name = slug(audience)
    return name, workspace.reports / name


def withdraw(workspace: Workspace, audience: str, out) -> None:
    """Remove what partners do not get any more from a partner's pages, and say so."""
    from labelqa_lib import runner

    settings = workspace.settings
    for name in runner.withdraw(workspace.reports, audience, settings.partners.notebooks, settings.notebooks, settings.locale):
        out.print(one_line(f"{name}: not for partners any more (params/workspace.yaml, partners.notebooks), its pages for {audience} were removed"))


@click.command(epilog=EPILOG)
@click.argument("destination", metavar="DEST")
@_AUDIENCE
@click.pass_obj
def publish(root, destination, audience) -> None:
    """Copy an audience's pages to DEST: a folder, or an address such as s3://bucket/labelqa.

    An index there never links to a page that is missing or half written. A place belongs to one audience.
    """
    from labelqa_lib import sharing

    workspace, out = Workspace(root), console()
    name, tree = _tree(workspace, audience)
    withdraw(workspace, name, out)
    with out.status(f"Publishing {name}"):
        done = sharing.publish(tree, name, destination)
    out.print(f"{done.written} files written, {done.unchanged} unchanged, {done.removed} removed")
    out.print(one_line(done.index))


@click.command(epilog=EPILOG)
@click.option("--market", required=True, metavar="CODE")
@click.option("--week", metavar="WEEK", help="ISO week such as 2026-W46 (default: the latest with this page).")
@click.option("--to", required=True, multiple=True, metavar="ADDRESS", help="Who gets it; may be repeated.")
@click.option("--from", "sender", default="labelqa@labelqa.invalid", show_default=True, metavar="ADDRESS")
@click.option("--notebook", default="market_report", show_default=True, metavar="NAME")
@click.option("--attach", multiple=True, type=click.Choice([kind for kind in ATTACHED if kind != "html"]),
              help="Attach this file, too; may be repeated.")  # fmt: skip
@click.option("--out", "target", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
              help="Where the mail goes (default: mail/AUDIENCE/WEEK-CODE-NAME.eml of the workspace).")  # fmt: skip
@_AUDIENCE
@click.pass_obj
def mail(root, market, week, to, sender, notebook, attach, target, audience) -> None:
    """Write a page as a mail that is ready to be sent; open the file in a mail program."""
    from labelqa_lib import sharing
    from labelqa_lib.files import write_whole
    from labelqa_lib.params import check_market_code
    from labelqa_lib.runner.record import read_records

    workspace, out = Workspace(root), console()
    name, tree = _tree(workspace, audience)
    check_market_code(market)
    records = [one for one in read_records(tree) if (one.market, one.notebook) == (market, notebook) and not one.failed]
    found = max((one for one in records if week in (None, one.week)), key=lambda one: one.week, default=None)
    if found is None:
        when = f" in {Week.parse(week)}" if week else ""
        raise UsageError(f"{tree}: holds no page {notebook} of {market}{when}; make it with `labelqa run --audience {name}`")
    folder = tree / found.week / market
    files = {}
    for kind in ("html", *dict.fromkeys(attach)):
        path = folder / f"{notebook}{ATTACHED[kind]}"
        if not path.exists():
            hint = "; make it with `labelqa run --pdf`" if kind == "pdf" else ""
            raise UsageError(f"{path}: there is no such file to attach{hint}")
        files[f"{market}-{found.week}-{path.name}"] = path.read_bytes()
    told = json.loads((folder / f"{notebook}.json").read_text(encoding="utf-8"))
    content = sharing.message(told, files, to, sender)
    target = target or workspace.root / "mail" / name / f"{found.week}-{market}-{notebook}.eml"
    target.parent.mkdir(parents=True, exist_ok=True)
    write_whole(target, content)
    out.print(f"{target} is ready for {', '.join(map(one_line, to))}: {', '.join(map(one_line, files))}")


def print_pages(pages: Sequence, out) -> int:
    """Print pages that have no PDF yet beside their HTML; how many could not be? Without a Chromium, a sentence."""
    from labelqa_lib import sharing
    from labelqa_lib.files import write_whole
    from labelqa_lib.runner.record import read_record

    found, failed = sharing.browser(), 0
    if found is None:
        out.print(f"No PDF was made: there is no Chromium on this machine ({', '.join(sharing.BROWSERS)})")
        return 0
    printer = sharing.Printer(found)
    for page in pages:
        record = read_record(page.record)
        printed = page.html.with_suffix(".pdf")  # a page that is made anew removes the one of before
        if record is None or record.failed or printed.exists():
            continue
        try:
            write_whole(printed, printer.pdf(page.html, Week.parse(page.week).monday))
        except DataError as error:
            failed += 1
            out.print(one_line(f"{page.market} {page.name}: FAILED as PDF: {error}"))
    return failed
