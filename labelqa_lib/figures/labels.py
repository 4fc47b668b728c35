"""Which labels are taken for which? The confusion matrix and the pairs that cost most."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from labelqa_lib import wording
from labelqa_lib.figures.bars import bars
from labelqa_lib.figures.canvas import (
    FAINT,
    INK,
    MUTED,
    VERMILION,
    beside,
    canvas,
    heading,
    measure_axis,
    name,
    nothing,
    sentence,
    styled,
)
from labelqa_lib.figures.places import leads_to
from labelqa_lib.figures.scales import name_ticks
from labelqa_lib.translation import N_, say

MOST_LABELS = 12
MOST_PAIRS = 10


@styled
def confusion(frame: pd.DataFrame, *, title: str = N_("What each label was taken for")) -> Figure:
    """Of the items that are really one label, which share was given another?

    Parameters
    ----------
    frame : DataFrame
        ``reference_label, label, n, share``: one row per pair; `share` of the reference label's items.

    Returns
    -------
    Figure
        Rows are reference labels, columns given labels. Only errors are coloured; the diagonal is what was right.
        With more than 12 labels, the 12 with the most errors are shown.
    """
    known = frame[frame["n"] > 0] if "n" in frame else frame
    if known.empty:
        return nothing(title, frame, say("no item has both a label and a reference label"))
    labels = _labels_with_most_errors(known)
    cut = known[known["reference_label"].isin(labels) & known["label"].isin(labels)]
    share = _matrix(cut, "share", labels)
    counts = _matrix(cut, "n", labels)
    errors = share.where(~np.eye(len(labels), dtype=bool))
    import seaborn  # a second to import: only who draws a heat map pays for it

    fig = canvas(1.1 + 0.4 * len(labels))
    ax = fig.subplots()
    seaborn.heatmap(
        errors.fillna(0),
        mask=~(errors > 0).to_numpy() & ~np.eye(len(labels), dtype=bool),
        vmin=0,
        vmax=max(np.nanmax(errors.to_numpy(), initial=0), 0.01),
        cmap="Oranges",
        annot=_cells(share, counts),
        fmt="",
        annot_kws={"size": 8},
        cbar=False,
        linewidths=1.5,
        linecolor="white",
        xticklabels=False,
        yticklabels=False,
        ax=ax,
    )
    ax.grid(False)
    for place in range(len(labels)):
        ax.add_patch(_right(place))
    for row, column in zip(*np.nonzero((counts > 0).to_numpy()), strict=True):
        leads_to(ax, {"reference_label": labels[row], "label": labels[column]}, column, row, column + 1, row + 1)
    middles = np.arange(len(labels)) + 0.5
    ax.set_xticks(middles, [name(label, 18) for label in labels], rotation=30, ha="right", rotation_mode="anchor")
    name_ticks(ax.yaxis, middles, [name(label, 24) for label in labels])
    ax.tick_params(length=0, labelcolor=INK)
    ax.tick_params(axis="x", labelrotation=30)
    ax.set_xlabel(say("label given   (share of the reference label, and items)"))
    ax.set_ylabel(say("reference label"))
    every = known["reference_label"].nunique()
    note = say("the {n} labels with most errors", n=len(labels)) if every > len(labels) else ""
    wrong = cut[cut["reference_label"] != cut["label"]].nlargest(3, "share")
    heading(fig, title, _message(wrong, _no_confusion(frame)), note)
    return fig


def _no_confusion(frame: pd.DataFrame) -> str:
    """Why no confusion is shown: there was none, or (`n` 0) none so frequent that it may be shown."""
    seen = len(frame) and (frame["reference_label"] != frame["label"]).any()
    return say("no confusion is frequent enough to be shown") if seen else say("no label was taken for another")


def _labels_with_most_errors(frame: pd.DataFrame) -> list:
    """Labels in the frame's order; where there are too many, those that most wrong items were or were taken for."""
    ordered = list(dict.fromkeys([*frame["reference_label"], *frame["label"]]))
    wrong = frame[frame["reference_label"] != frame["label"]]
    errors = wrong.groupby("reference_label")["n"].sum().add(wrong.groupby("label")["n"].sum(), fill_value=0)
    worst = sorted(ordered, key=lambda label: -errors.get(label, 0))[:MOST_LABELS]
    return [label for label in ordered if label in worst]


def _matrix(frame: pd.DataFrame, values: str, labels: list) -> pd.DataFrame:
    place, wide = {label: at for at, label in enumerate(labels)}, np.full((len(labels), len(labels)), np.nan)
    for truth, given, value in zip(frame["reference_label"], frame["label"], frame[values], strict=True):
        at = place[truth], place[given]
        wide[at] = np.nansum([wide[at], value])
    return pd.DataFrame(wide, index=labels, columns=labels)


def _cells(share: pd.DataFrame, counts: pd.DataFrame) -> np.ndarray:
    cells = [
        [_cell(part, count) for part, count in zip(parts, numbers, strict=True)]
        for parts, numbers in zip(share.to_numpy(), counts.to_numpy(), strict=True)
    ]
    return np.array(cells, dtype=object)


def _cell(share: float, count: float) -> str:
    if not count > 0:
        return ""
    return f"{'<1' if share < 0.01 else f'{100 * share:.0f}'} %  {wording.whole(count)}"


def _right(place: int):
    """Covers a cell of the diagonal with a quiet grey: being right is not an error to be coloured."""
    from matplotlib.patches import Rectangle

    return Rectangle((place, place), 1, 1, facecolor="#eef1f4", edgecolor="white", linewidth=1.5, zorder=1.5)


def _message(pairs: pd.DataFrame, otherwise: str) -> str:
    said = [
        say("{truth} taken for {given} {share} of the time", truth=name(row.reference_label), given=name(row.label),
            share=wording.amount(row.share, "rate"))  # fmt: skip
        for row in pairs.itertuples()
    ]
    return sentence(*(said or [otherwise]))


@styled
def costly_pairs(frame: pd.DataFrame, *, title: str = N_("The confusions that cost most")) -> Figure:
    """Which label pairs lose the most items?

    Parameters
    ----------
    frame : DataFrame
        ``reference_label, label, n, share, ci_low, ci_high, flips, cost``, as `metrics.confusion` gives it. Bars are
        `cost`; pairs that swap violating and benign are vermilion and marked. Rows whose labels agree are ignored.
    """
    wrong = frame[(frame["reference_label"] != frame["label"]) & (frame["n"] > 0)] if len(frame) else frame
    if wrong.empty:
        return nothing(title, frame, _no_confusion(frame))
    costliest = wrong.sort_values(["cost", "n"], ascending=False, kind="stable").head(MOST_PAIRS)
    shown = costliest.iloc[::-1]
    fig = canvas(1.05 + 0.26 * len(shown))
    ax = fig.subplots()
    places = np.arange(len(shown))
    bars(ax, places, shown["cost"], 0.68, [VERMILION if flips else FAINT for flips in shown["flips"]], lying=True)
    pairs = zip(shown["reference_label"], shown["label"], strict=True)
    name_ticks(ax.yaxis, places, [f"{beside(truth, 20)}  →  {beside(given, 20)}" for truth, given in pairs])
    ax.tick_params(axis="y", labelcolor=INK)
    for place, row in enumerate(shown.itertuples()):
        cost = f"{wording.whole(row.cost)}{'  ⇄' if row.flips else ''}"
        ax.annotate(cost, (row.cost, place), (4, 0), textcoords="offset points", va="center_baseline")
        said = f"{wording.estimate(row.share, row.ci_low, row.ci_high, 'rate')}   {say('n {n}', n=wording.whole(row.n))}"
        ax.annotate(said, (1.01, place), xycoords=("axes fraction", "data"), va="center_baseline", color=MUTED)
    ax.annotate(
        say("share of the reference label"), (1.01, len(shown) - 0.35), xycoords=("axes fraction", "data"), color=MUTED
    )
    ax.margins(x=0.2)
    ax.set_ylim(-0.6, len(shown) - 0.4)
    ax.grid(axis="y", visible=False)
    ax.grid(axis="x", visible=True)
    measure_axis(ax.xaxis, "count",
                 say("estimated errors a week, each times what it costs   (⇄ violating and benign are swapped)"))  # fmt: skip
    heading(fig, title, _message(costliest.head(3), ""))
    return fig
