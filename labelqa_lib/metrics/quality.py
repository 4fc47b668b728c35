"""Quality: how often labels are right, and in which direction they are wrong. Positive = violating."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
from ibis import Deferred, Table, _

from labelqa_lib.metrics.cells import cells
from labelqa_lib.metrics.frame import rate_frame
from labelqa_lib.metrics.held import Held
from labelqa_lib.metrics.judged import cluster, note, rate, sampled
from labelqa_lib.metrics.metric import SEGMENTS, Asked, Metric
from labelqa_lib.store import Tables
from labelqa_lib.translation import N_

_DIMENSIONS = (*SEGMENTS, "auditor_id")
_REFERENCE, _GIVEN = ("reference_label",), ("label",)
_EVERY = True
_BENIGN, _VIOLATING = ~_.reference_violating, _.reference_violating
_ENFORCED, _PASSED = _.label_violating, ~_.label_violating
_VOTE = tuple(dict.fromkeys([*_DIMENSIONS, "label", "item_id", "weight", "found"]))
_OF_VIOLATING, _OF_ENFORCED = N_("judged violating items"), N_("judged annotations with a violating label")


@dataclass(frozen=True)
class Share:
    """Weighted share of `hit` among the judged annotations that are `counted`."""

    hit: Deferred
    counted: Deferred | bool
    of: str

    def __call__(self, tables: Tables, asked: Asked, **columns: Deferred) -> pd.DataFrame:
        """Measure it; `columns` stand in for columns of the judged annotations."""
        rows, stands_on = sampled(tables, asked.weeks, asked.weekly, asked.by)
        rows = rows.mutate(**columns) if columns else rows
        return rate(rows, asked, self.hit, self.counted, of=self.of, note=note(asked, stands_on))


SHARES = {
    "accuracy": Share(_.correct, _EVERY, N_("judged annotations")),
    "error_rate": Share(~_.correct, _EVERY, N_("judged annotations")),
    "critical_accuracy": Share(~_.critical_error, _EVERY, N_("judged annotations")),
    "fpr": Share(_ENFORCED, _BENIGN, N_("judged benign items")),
    "fnr": Share(_PASSED, _VIOLATING, _OF_VIOLATING),
    "fdr": Share(_BENIGN, _ENFORCED, _OF_ENFORCED),
    "for": Share(_VIOLATING, _PASSED, N_("judged annotations with a benign label")),
    "precision": Share(_VIOLATING, _ENFORCED, _OF_ENFORCED),
    "recall": Share(_ENFORCED, _VIOLATING, _OF_VIOLATING),
}


def _precision(tables: Tables, asked: Asked) -> pd.DataFrame:
    by_label = Share(_.correct, _EVERY, N_("judged annotations with the label"))
    return (by_label if "label" in asked.by else SHARES["precision"])(tables, asked)


def _recall(tables: Tables, asked: Asked) -> pd.DataFrame:
    """By label, the label is the class: that of the reference here, that given in `_precision`."""
    if "label" not in asked.by:
        return SHARES["recall"](tables, asked)
    by_label = Share(_.correct, _EVERY, N_("judged annotations with the reference label"))
    return by_label(tables, asked, label=_.reference_label)


def _f1(tables: Tables, asked: Asked) -> pd.DataFrame:
    """F1 = Σ w·2TP / Σ w·(2TP + FP + FN): a ratio of sums, so bounded like every other rate. Without `label` the
    violating labels are the one class."""
    rows, stands_on = sampled(tables, asked.weeks, asked.weekly)
    if "label" in asked.by:
        rows = votes(rows)
    else:
        rows = _votes(rows.filter(_.label_violating | _.reference_violating), _.label_violating & _.reference_violating)
    used = cells(rows, asked.keys, _.found, cluster=cluster(asked))
    return rate_frame(used, asked, N_("judged annotations of the class"), note(asked, stands_on))


def votes(rows: Table | Held) -> Table | Held:
    """Rows of the F1 ratio by label, with ``found``: each judged annotation takes part twice where it is wrong, as a
    false positive of the label given and as a false negative of the reference label."""
    missed = rows.filter(~_.correct).mutate(label=_.reference_label, found=False)
    return _votes(rows, _.correct).union(missed.select(*_VOTE))


def _votes(rows: Table | Held, true_positive: Deferred) -> Table | Held:
    """A true positive weighs twice, above and below the line."""
    found = rows.filter(true_positive).mutate(weight=_.weight * 2, found=True)
    return found.select(*_VOTE).union(rows.filter(~true_positive).mutate(found=False).select(*_VOTE))


def _metric(name, title, question, better, formula, function, more=("label", "reference_label")) -> Metric:
    return Metric(
        name=name,
        family="quality",
        title=title,
        question=question,
        unit="rate",
        better=better,
        needs=("audits or gold",),
        dimensions=(*_DIMENSIONS, *more),
        formula=formula,
        function=function,
    )


METRICS = (
    _metric(
        "accuracy", N_("Accuracy"), N_("How often is a label right?"), "higher", "P(y = r)", SHARES["accuracy"],
    ),
    _metric(
        "error_rate", N_("Error rate"), N_("How often is a label wrong?"), "lower", "1 − accuracy = P(y ≠ r)",
        SHARES["error_rate"],
    ),
    _metric(
        "critical_accuracy", N_("Critical accuracy"), N_("How often is a label free of critical error?"), "higher",
        "1 − P(y ≠ r, and y or r is critical)", SHARES["critical_accuracy"],
    ),
    _metric(
        "fpr", N_("False positive rate (FPR)"), N_("Of benign items, how many were labelled violating?"), "lower",
        "FP / (FP + TN)", SHARES["fpr"], _REFERENCE,
    ),
    _metric(
        "fnr", N_("Leakage (FNR)"), N_("Of violating items, how many were let through?"), "lower",
        "FN / (FN + TP)", SHARES["fnr"], _REFERENCE,
    ),
    _metric(
        "fdr", N_("False discovery rate (FDR)"), N_("Of what was enforced, how much was benign?"), "lower",
        "FP / (FP + TP)", SHARES["fdr"], _GIVEN,
    ),
    _metric(
        "for", N_("False omission rate (FOR)"), N_("Of what was passed, how much was violating?"), "lower",
        "FN / (FN + TN)", SHARES["for"], _GIVEN,
    ),
    _metric(
        "precision", N_("Precision"), N_("Of what got a violating label, how much is violating? By label: how much is right?"),
        "higher", "TP / (TP + FP); by label, one label against the rest", _precision, _GIVEN,
    ),
    _metric(
        "recall", N_("Recall"), N_("Of what is violating, how much was found? By label: how much of it was labelled so?"),
        "higher", "TP / (TP + FN); by label, one label against the rest", _recall, _GIVEN,
    ),
    _metric(
        "f1", N_("F1"), N_("How well are violating items found, precision and recall in one?"),
        "higher", "2 TP / (2 TP + FP + FN); by label, one label against the rest", _f1, _GIVEN,
    ),
)  # fmt: skip
