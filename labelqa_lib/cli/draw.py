"""`labelqa draw`: the very annotations to audit."""

from __future__ import annotations

from pathlib import Path

import click

from labelqa_lib.cli.frame import DATA, EPILOG, Workspace, console, one_line, print_table


@click.command(epilog=EPILOG)
@click.option("--market", required=True, metavar="CODE", help="The market to draw from.")
@click.option("--week", metavar="WEEK", help="ISO week such as 2026-W46 (default: the market's latest).")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), metavar="FOLDER",
              help="Where the list goes (default: audit_lists/WEEK/CODE of the workspace).")  # fmt: skip
@click.option("--taken", multiple=True, type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE",
              help="An earlier list whose annotations are left out; may be repeated.")  # fmt: skip
@click.option("--label-studio", is_flag=True, help="Also write tasks and labelling interface for Label Studio.")
@click.option("--seed", type=click.IntRange(min=0), help="In place of the seed of the market's params.")
@click.option("--force", is_flag=True, help="Replace another list that lies there.")
@DATA
@click.pass_obj
def draw(root, market, week, out, taken, label_studio, seed, force, data) -> None:
    """Draw what to audit of a week.

    The plan is that of the page sampling_plan of the week before: the same function makes it from the same weeks, so
    the same snapshot, params and seed give the same list.
    """
    from labelqa_lib import params, sampling, store
    from labelqa_lib.cli import audit_list
    from labelqa_lib.findings.sampling import plan_sentence
    from labelqa_lib.periods import weeks_up_to

    workspace, out_to = Workspace(root, data), console()
    settings = params.load_market(workspace.root, workspace.settings, market)
    asked = settings.sampling.model_dump() | ({"seed": seed} if seed is not None else {})
    rules = sampling.Rules(**asked, confidence=workspace.settings.confidence)
    earlier = [annotation for path in taken for annotation in audit_list.annotations_of(path)]
    week = week or store.describe(workspace.data).weeks(market)[-1]
    with out_to.status(f"Drawing from {market}, {week}"):
        tables = store.open_tables(workspace.data, market, weeks_up_to(week, workspace.settings.history_weeks + 1))
        drawn = sampling.draw(tables, rules, week, earlier)
        labels = store.fetch(tables.labels.order_by("order", "label"))["label"].tolist()
    folder = out or workspace.root / "audit_lists" / week / market
    new = audit_list.write(audit_list.forms(drawn.rows, labels, label_studio), folder, force)
    parts = ("random", "risk", "re-audit")
    blind = drawn.rows.groupby("part")["blind"].sum()
    print_table(
        ("part", "annotations", "blind"), [(part, drawn.count(part), int(blind.get(part, 0))) for part in parts]
    )
    out_to.print(one_line(plan_sentence(drawn.plan)))
    unassigned = int(drawn.rows["auditor_id"].isna().sum())
    if unassigned:
        out_to.print(f"{unassigned} rows have no auditor: nobody is known who may audit them")
    out_to.print(f"{folder / (audit_list.NAME + '.csv')} {'is written' if new else 'holds this very list already'}")
