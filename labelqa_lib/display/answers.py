"""Questions and their answers in words, one group after another."""

from __future__ import annotations

import pandas as pd

from labelqa_lib.display import safe
from labelqa_lib.display.show import bundle, identifier
from labelqa_lib.translation import say


def answers(frame: pd.DataFrame, id: str, empty: str = "") -> None:
    """Show answers that need a sentence each, which a table's cells have no room for.

    Parameters
    ----------
    frame : DataFrame
        ``group, question, answer``; the rows of a group stand together, under its name where it has one.
    id : str
        Fixed identifier on the page, which findings link to.
    empty : str
        What it means that there is nothing to say. Left out, the report leaves the section out, as in `table`.
    """
    if frame.empty:
        said = say(empty) or say("Nothing to say.")
        html = f'<p class="lq-quiet" id="{identifier(id)}">{safe.text(said, safe.SENTENCE_LENGTH)}</p>'
        bundle(html, safe.plain(said, safe.SENTENCE_LENGTH), unanswered=not empty)
        return
    parts, lines = [], []
    for group, rows in frame.groupby("group", sort=False):
        facts = "".join(
            f"<dt>{safe.text(say(row.question))}</dt><dd>{safe.text(row.answer, safe.SENTENCE_LENGTH)}</dd>"
            for row in rows.itertuples()
        )
        parts.append((f"<h4>{safe.text(group, 200)}</h4>" if group else "") + f'<dl class="lq-facts">{facts}</dl>')
        lines += [safe.plain(group, 200)] if group else []
        said = zip(rows["question"], rows["answer"], strict=True)
        lines += [f"{safe.plain(say(question))} {safe.plain(answer, safe.SENTENCE_LENGTH)}" for question, answer in said]
    bundle(f'<section class="lq-answers" id="{identifier(id)}">{"".join(parts)}</section>', "\n".join(lines))
