"""Accuracy by official language, as authorities ask for it."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from labelqa_lib.metrics.registry import measure_each
from labelqa_lib.store import Tables

STATED = ("accuracy", "error_rate", "fpr", "fnr")
"""What is stated: how often labels are right and wrong, and content wrongly enforced or let through."""

EVERY_LANGUAGE = "all"


def by_official_language(
    tables: Tables, official: Sequence[str], metrics: Sequence[str] = STATED, **options
) -> pd.DataFrame:
    """How accurate are the labels of the last week in each official language of the market, and in all?

    Parameters
    ----------
    tables : Tables
    official : sequence of str
        The market's official languages, as the delivery writes languages.
    metrics : sequence of str
        Rates by ``language``. Options as in `measure`.

    Returns
    -------
    DataFrame
        A metric frame by ``language``: official languages with judged rows, then ``all``, whatever the language.

    Notes
    -----
    Source: Regulation (EU) 2022/2065 (Digital Services Act), article 42(2)(c): indicators of accuracy, "broken down by
    each official language of the Member States".
    """
    each = measure_each(tables, metrics, by=["language"], **options)
    whole = measure_each(tables, metrics, **options)
    whole.insert(1, "language", EVERY_LANGUAGE)
    return pd.concat([each[each["language"].isin(official)], whole], ignore_index=True)
