"""The page's words: its title, what needs attention, what is missing, and how it was made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, is_dataclass

import pandas as pd

from labelqa_lib import symbols, wording
from labelqa_lib.display import safe
from labelqa_lib.display.show import bundle, records
from labelqa_lib.display.tables import table
from labelqa_lib.translation import N_, say, spoken

FINDINGS_MIME = "application/vnd.labelqa.findings+json"
"""Under this type the notebook carries its findings as data."""

_SEVERITY_WORD = {"act": N_("Act"), "watch": N_("Watch"), "good": N_("Good"), "know": N_("Know")}


def title(
    title: str,
    question: str,
    *,
    market: str,
    market_name: str,
    week: str,
    dates: str,
    audience: str,
    snapshot: str,
) -> None:
    """What is this page about, for whom, and from which data?"""
    named = f"{safe.text(market_name)} ({safe.text(market)})" if market_name else safe.text(market)
    title, question = say(title), say(question)
    facts = ((say("Week"), f"{week}, {dates}"), (say("Audience"), say("internal") if audience == "internal" else audience), (say("Snapshot"), snapshot))
    listed = "".join(f"<div><dt>{safe.text(name)}</dt> <dd>{safe.isolated(value)}</dd></div>" for name, value in facts)
    html = (
        f'<header class="lq-title"><p class="lq-kicker">{safe.text(title)}</p>'
        f"<h1><bdi>{named}</bdi>, {safe.text(week)}</h1>"
        f'<p class="lq-question">{safe.text(question, safe.SENTENCE_LENGTH)}</p>'
        f'<dl class="lq-about">{listed}</dl></header>'
    )
    lines = (
        f"{title}: {f'{market_name} ({market})' if market_name else market}, {week}",
        question,
        say(", ").join([dates, *(f"{name} {value}" for name, value in facts[1:])]),
    )
    bundle(html, "\n".join(safe.plain(line, safe.SENTENCE_LENGTH) for line in lines), locale=spoken())


def findings(findings: Sequence, most: int = 12) -> None:
    """What needs a reader, most important first.

    Parameters
    ----------
    findings : sequence of Finding
        In the order in which to show them; each has ``severity, sentence, evidence, code, state, weeks, since`` and
        ``recommendation`` (with its ``sentence``) or None.
    most : int
        So many are shown; the rest are counted.
    """
    listed = "".join(map(_finding, findings[:most]))
    more = len(findings) - most
    if more > 0:
        listed += f'<li class="lq-more">{say("… and {n} more", n=wording.whole(more))}</li>'
    if listed:
        html = f'<ol class="lq-findings" id="findings">{listed}</ol>'
    else:
        html = (
            f'<p class="lq-quiet" id="findings">{symbols.symbol(symbols.SEVERITY["good"])}{safe.text(say(_QUIET), 300)}</p>'
        )
    text = "\n".join(
        f"{say(_SEVERITY_WORD[one.severity])}: {safe.plain(one.sentence, safe.SENTENCE_LENGTH)}" for one in findings
    )
    data = [asdict(one) if is_dataclass(one) else vars(one) for one in findings]
    bundle(html, text or say(_QUIET), **{FINDINGS_MIME: records(data)})


_QUIET = N_(
    "Nothing needs attention: no headline metric is on the wrong side of its target, and nothing moved by more than noise."
)


def _finding(one) -> str:
    mark = symbols.SEVERITY[one.severity]
    link = f' <a href="#{safe.text(one.evidence)}">{safe.text(say("evidence"))}</a>' if one.evidence else ""
    what = one.recommendation
    to_do = f'<p class="lq-note">{safe.text(what.sentence, safe.SENTENCE_LENGTH)}</p>' if what else ""
    return (
        f'<li class="lq-{symbols.tone(mark)}"><span class="lq-severity">{symbols.symbol(mark)}'
        f"{safe.text(say(_SEVERITY_WORD[one.severity]))}{_state(one)}</span><p>{safe.text(one.sentence, safe.SENTENCE_LENGTH)}{link}</p>{to_do}</li>"
    )


def _state(one) -> str:
    """How a finding stands beside last week's report, and since when: `still there (week 3), since 2026-W44`."""
    there = one.state != "gone"
    state = say(one.state)
    if one.weeks > 1 and there:
        state = say("{state} (week {n})", state=state, n=wording.whole(one.weeks))
    began = say("since {when}", when=one.since) if one.since and there else ""
    said = wording.clauses(state, began)
    return f" <small>{safe.text(said, 200)}</small>" if said else ""


def sentence(text: str) -> None:
    """Show one sentence that depends on data."""
    bundle(
        f'<p class="lq-sentence">{safe.text(text, safe.SENTENCE_LENGTH)}</p>', safe.plain(text, safe.SENTENCE_LENGTH)
    )


def status(text: str) -> None:
    """How does it stand? The page's answer in one sentence, below its title."""
    said = safe.text(text, safe.SENTENCE_LENGTH)
    bundle(f'<p class="lq-answer" id="status">{said}</p>', safe.plain(text, safe.SENTENCE_LENGTH))


def missing(pairs: Iterable[tuple[str, str]]) -> None:
    """What could not be answered, and which table would answer it?"""
    pairs = [tuple(safe.plain(part, safe.SENTENCE_LENGTH) for part in pair) for pair in pairs]
    if not pairs:
        sentence(say("Every question of this page could be answered."))
        return
    rows = "".join(f"<dt>{safe.text(asked, 600)}</dt><dd>{safe.text(needed, 600)}</dd>" for asked, needed in pairs)
    html = f'<dl class="lq-facts lq-missing" id="missing">{rows}</dl>'
    bundle(html, "\n".join(f"{asked}: {needed}" for asked, needed in pairs))


def provenance(facts: Mapping[str, object]) -> None:
    """How was this page made? Names and values, folded away until asked for."""
    rows = "".join(
        f"<dt>{safe.text(say(name))}</dt><dd>{safe.text(value, safe.SENTENCE_LENGTH)}</dd>" for name, value in facts.items()
    )
    html = (
        f'<details class="lq-provenance" id="provenance" open><summary>{safe.text(say("Snapshot, parameters and versions"))}</summary>'
        f'<dl class="lq-facts">{rows}</dl></details>'
    )
    lines = (f"{safe.plain(say(name))}: {safe.plain(value, safe.SENTENCE_LENGTH)}" for name, value in facts.items())
    bundle(html, "\n".join(lines))


def quality(frame: pd.DataFrame, notes: Sequence[str] = ()) -> None:
    """What came in, how much of it was rejected, and what else did intake notice?

    Parameters
    ----------
    frame : DataFrame
        One row per table of the delivery.
    notes : sequence of str
        Sentences, such as those about files that were not read.
    """
    table(frame, "data-quality", N_("Rows delivered, kept and rejected, by table: the whole delivery, all its markets"))
    if notes:
        listed = "".join(f"<li>{safe.text(note, safe.SENTENCE_LENGTH)}</li>" for note in notes)
        lines = (safe.plain(note, safe.SENTENCE_LENGTH) for note in notes)
        bundle(f'<ul class="lq-notes" id="notes">{listed}</ul>', "\n".join(lines))
