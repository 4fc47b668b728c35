"""Is an instruction unclear, or does one site read it differently? The same confusion everywhere, or in one place."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from ibis import _
from scipy import stats

from labelqa_lib.metrics.judged import judged
from labelqa_lib.stats.intervals import wilson
from labelqa_lib.store import Tables, fetch
from labelqa_lib.translation import N_, say

UNCLEAR, TRAINING, UNDECIDED = N_("unclear SOP"), N_("training"), N_("not enough data")

OFTEN = 0.10
"""A confusion that surely takes this share of a label's items is worth a session."""

FEWEST_ITEMS, FEWEST_ERRORS = 10, 5
"""A site with fewer items of a label takes no part; a confusion with fewer cases over all is not looked at."""

_COLUMNS = ["policy_area", "reference_label", "label", "verdict", "share", "ci_low", "ci_high", "n", "errors",
            "site", "also", "site_share", "rest_share", "p_value", "sites"]  # fmt: skip


def splits(
    tables: Tables, weeks: Sequence[str] | None = None, false_discovery_rate: float = 0.05, confidence: float = 0.95
) -> pd.DataFrame:
    """Where do labels split from the key, and is it everybody (the SOP) or one site (training)?

    Parameters
    ----------
    tables : Tables
    weeks : sequence of str, optional
        The last four by default: what was cleared up long ago is no matter for a session.
    false_discovery_rate : float
        Of "one site differs", over all confusions looked at.
    confidence : float
        Of the intervals, in (0, 1).

    Returns
    -------
    DataFrame
        One row per clause and confusion: ``policy_area, reference_label, label`` (given instead), ``verdict, share`` of
        the reference label's judged items with its interval, ``n, errors``; ``site`` that most surely has more than
        others, ``also`` (a tuple: further sites that have), ``site_share`` of these together, ``rest_share`` (all
        others'), ``p_value`` of the sites being alike, and ``sites`` in words. Most errors first. Empty where nothing
        was judged.

    Notes
    -----
    Sites are compared by Fisher's exact test of each site against the rest, smallest p times the number of sites, then
    Benjamini and Hochberg over confusions. "training": sites differ, be it that one has more or that one has fewer and
    so proves that the text can be read. Named are those above the whole's share that have surely more than all sites
    that are not, or, where none of them has alone, all that are above. "unclear SOP": no site differs, the share is
    surely above `OFTEN`, and every one of at least two sites has it above half of that. "not enough data": often, but
    with one site alone, or too few items a site, to tell which.
    """
    return split_verdicts(_cells(tables, weeks), false_discovery_rate, confidence)


def split_verdicts(cells: pd.DataFrame, false_discovery_rate: float = 0.05, confidence: float = 0.95) -> pd.DataFrame:
    """The same from counts ``n`` of judged annotations by ``policy_area, reference_label, label, site``."""
    found = [
        row
        for key, part in cells.groupby(["policy_area", "reference_label"])
        for row in _confused(key, part, false_discovery_rate, confidence)
    ]
    frame = pd.DataFrame(found, columns=_COLUMNS)
    if not len(frame):
        return frame
    tested = frame["p_value"].notna()
    adjusted = np.full(len(frame), np.nan)
    adjusted[tested] = stats.false_discovery_control(frame.loc[tested, "p_value"])
    differs = adjusted <= false_discovery_rate
    often = frame["ci_low"] >= OFTEN
    frame["verdict"] = np.select(
        [differs, often & frame["verdict"].eq(UNCLEAR), often], [TRAINING, UNCLEAR, UNDECIDED], ""
    )
    told = frame[frame["verdict"] != ""].assign(p_value=adjusted[frame["verdict"] != ""])
    return told.sort_values(["errors", "reference_label"], ascending=[False, True], ignore_index=True)


def _cells(tables: Tables, weeks: Sequence[str] | None) -> pd.DataFrame:
    """Judged annotations by clause, given label and site."""
    columns = ["policy_area", "reference_label", "label", "site", "n"]
    if tables.audits is None and tables.gold is None:
        return pd.DataFrame(columns=columns)
    rows = judged(tables).filter(_.week.isin(list(weeks or tables.weeks[-4:])))
    cells = fetch(rows.aggregate(n=_.count(), by=columns[:4]).order_by(*columns[:4]))
    return cells.fillna({"policy_area": "all", "site": N_("all sites")})


def _confused(key: tuple, part: pd.DataFrame, rate: float, confidence: float) -> list[tuple]:
    """One row per label given instead."""
    items = part.groupby("site")["n"].sum()
    items = items[items >= FEWEST_ITEMS]
    found = []
    for label, wrong in part[part["label"] != key[1]].groupby("label"):
        errors = wrong.set_index("site")["n"].reindex(items.index, fill_value=0)
        if errors.sum() >= FEWEST_ERRORS:
            found.append((*key, label, *_verdict(items, errors, rate, confidence)))
    return found


def _verdict(items: pd.Series, errors: pd.Series, rate: float, confidence: float) -> tuple:
    n, wrong = int(items.sum()), int(errors.sum())
    low, high = (float(end) for end in wilson(wrong, n, confidence))
    shares = (errors / items).sort_values(ascending=False)
    told = ((site, f"{100 * share:.0f}", f"{items[site]:,}") for site, share in shares.items())
    said = say(", ").join(say("{site} {share} % of {n}", site=site, share=share, n=n) for site, share, n in told)
    if len(items) < 2:
        return UNDECIDED, wrong / n, low, high, n, wrong, "", (), np.nan, np.nan, np.nan, said
    chance = min(_against(errors[site], items[site], wrong - errors[site], n - items[site]) for site in items.index)
    site, also, *both = _with_more(items, errors, rate)
    everywhere = (wilson(errors, items, confidence)[0] >= OFTEN / 2).all()
    verdict = UNCLEAR if everywhere else UNDECIDED
    p_value = min(1.0, chance * len(items))
    return verdict, wrong / n, low, high, n, wrong, site, also, *both, p_value, said


def _with_more(items: pd.Series, errors: pd.Series, rate: float) -> tuple[str, tuple[str, ...], float, float]:
    """The site that most surely has more than others, further ones that have, their share and that of all others; the
    order of names decides nothing but which of two equal sites is told first."""
    more = errors * items.sum() > errors.sum() * items
    if not more.any():  # all shares are the same
        return "", (), np.nan, np.nan
    few = errors[~more].sum(), items[~more].sum()
    chances = pd.Series({site: _against(errors[site], items[site], *few) for site in items.index[more]})
    surely = chances * len(chances) <= rate
    named = chances[surely if surely.any() else chances.notna()].sort_values(kind="stable").index
    theirs = items.index.isin(named)
    site_share, rest_share = (errors[these].sum() / items[these].sum() for these in (theirs, ~theirs))
    return named[0], tuple(named[1:]), site_share, rest_share


def _against(errors: int, items: int, other_errors: int, other_items: int) -> float:
    table = [[errors, items - errors], [other_errors, other_items - other_errors]]
    return float(stats.fisher_exact(table).pvalue)
