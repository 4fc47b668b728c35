"""Precision, recall and F1 in one number over all labels: macro means (every label counts the same) and weighted ones
(a label counts as often as it is the reference)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from ibis import Table, _

from labelqa_lib.metrics.cells import cells
from labelqa_lib.metrics.frame import finish, groups_of
from labelqa_lib.metrics.held import Held
from labelqa_lib.metrics.judged import cluster, note, sampled
from labelqa_lib.metrics.metric import SEGMENTS, Asked, Metric
from labelqa_lib.metrics.quality import votes
from labelqa_lib.stats.mean_rates import mean_of_rates
from labelqa_lib.store import Tables
from labelqa_lib.translation import N_, say

MOST_NAMED = 3


def _of_given(rows: Table | Held) -> Table | Held:
    return rows.mutate(found=_.correct)


def _of_reference(rows: Table | Held) -> Table | Held:
    return rows.mutate(found=_.correct, label=_.reference_label)


@dataclass(frozen=True)
class _Mean:
    """The mean over labels of the share of `found` among what `denominator` makes of the judged annotations."""

    denominator: Callable[[Table | Held], Table | Held]
    weighted: bool

    def __call__(self, tables: Tables, asked: Asked) -> pd.DataFrame:
        rows, stands_on = sampled(tables, asked.weeks, asked.weekly)
        keys = [*asked.keys, "label"]
        shares = cells(self.denominator(rows), keys, _.found, cluster=cluster(asked))
        support = cells(_of_reference(rows), keys, True, cluster=cluster(asked))
        # every judged annotation has one reference label: there it is counted, and there its label's importance grows
        both = shares.having(n=0, importance=0.0).above(
            support.having(importance=support["weight"], weight=0.0, weight_squared=0.0, outcome=0.0)
        )
        grid, code = groups_of(both, asked)
        names = tables.fetched("labels").sort_values("order", ignore_index=True)["label"]
        _code, seen = both.coded("label")
        means, defined = mean_of_rates(
            code, pd.Index(names).get_indexer(seen)[both.numbered("label")], both.numbered("_cluster"),
            both["weight"], both["weight_squared"], np.minimum(both["outcome"], both["weight"]), both["n"],
            both["importance"] if self.weighted else None, asked.confidence, groups=len(grid), classes=len(names),
        )  # fmt: skip
        reason = np.where(means.reason == "", [_without(names[~row]) for row in defined], means.reason)
        return finish(grid, replace(means, reason=reason), both, asked, N_("judged annotations"), note(asked, stands_on))


def _without(labels: pd.Series) -> str:
    """Which labels have no figure, and so no part in the mean."""
    if labels.empty:
        return ""
    more = len(labels) - MOST_NAMED
    named = say(", ").join(labels[:MOST_NAMED])
    return say("without {labels}", labels=say("{some} and {n} more", some=named, n=more) if more > 0 else named)


_DENOMINATORS = {"precision": ("TP / (TP + FP)", _of_given), "recall": ("TP / (TP + FN)", _of_reference),
                 "f1": ("2 TP / (2 TP + FP + FN)", votes)}  # fmt: skip
_KINDS = {
    "macro": "mean over labels of {}",
    "weighted": "mean over labels of {}, by how often each is the reference",
}
_TITLES = {
    "precision_macro": N_("Precision, macro mean"), "precision_weighted": N_("Precision, weighted mean"),
    "recall_macro": N_("Recall, macro mean"), "recall_weighted": N_("Recall, weighted mean"),
    "f1_macro": N_("F1, macro mean"), "f1_weighted": N_("F1, weighted mean"),
}  # fmt: skip
_QUESTIONS = {
    "precision_macro": N_("How high is the precision of labels on average, every label counting the same?"),
    "precision_weighted": N_("How high is the precision of labels on average, labels counting by their frequency?"),
    "recall_macro": N_("How high is the recall of labels on average, every label counting the same?"),
    "recall_weighted": N_("How high is the recall of labels on average, labels counting by their frequency?"),
    "f1_macro": N_("How high is the F1 of labels on average, every label counting the same?"),
    "f1_weighted": N_("How high is the F1 of labels on average, labels counting by their frequency?"),
}

METRICS = tuple(
    Metric(
        name=f"{name}_{kind}",
        family="quality",
        title=_TITLES[f"{name}_{kind}"],
        question=_QUESTIONS[f"{name}_{kind}"],
        unit="rate",
        better="higher",
        needs=("audits or gold",),
        dimensions=(*SEGMENTS, "auditor_id"),
        formula=formula.format(share),
        function=_Mean(denominator, kind == "weighted"),
    )
    for name, (share, denominator) in _DENOMINATORS.items()
    for kind, formula in _KINDS.items()
)
