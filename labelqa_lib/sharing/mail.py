"""A page as a mail that is ready to be sent: what it says in the body, the page itself attached."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from email import policy
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from typing import Any

from labelqa_lib import wording
from labelqa_lib.errors import UsageError
from labelqa_lib.periods import Week

MOST_FINDINGS = 10
_SENT_AT = time(8, tzinfo=UTC)


def message(
    record: Mapping[str, Any], files: Mapping[str, bytes], to: Sequence[str], sender: str
) -> bytes:
    """A page as an RFC 5322 message: its headline figures and findings in the body, its files attached.

    Parameters
    ----------
    record : mapping
        The page's record: ``title, market, week, headlines, findings``.
    files : mapping of file name to content
        Attached in this order.
    to : sequence of str
        Addresses, with or without a name.
    sender : str

    Returns
    -------
    bytes
        The same page and addresses give the same bytes: date, identity and boundary come from them, not from the clock.

    Raises
    ------
    UsageError
        With a sentence for every address that is none.
    """
    addresses = _addresses([sender, *to])
    mail = EmailMessage(policy=policy.SMTP)
    mail["From"], mail["To"] = addresses[0], addresses[1:]
    mail["Subject"] = f"{record['title']}: {record['market']}, {record['week']}. {_standing(record['headlines'])}"
    mail["Date"] = format_datetime(datetime.combine(Week.parse(record["week"]).monday + timedelta(days=7), _SENT_AT))
    mail.set_content(_body(record, files))
    for name, content in files.items():
        kind, _, form = _TYPES.get(name.rpartition(".")[2], "application/octet-stream").partition("/")
        mail.add_attachment(content, maintype=kind, subtype=form, filename=name)
    digest = hashlib.sha256(b"\0".join([*map(str.encode, (sender, *to)), *files.values()])).hexdigest()
    mail["Message-ID"] = f"<{digest[:32]}@labelqa.invalid>"
    mail["X-Unsent"] = "1"  # mail programs open it as a draft
    mail.set_boundary(f"==labelqa-{digest[:32]}")
    return mail.as_bytes()


_TYPES = {
    "html": "text/html", "csv": "text/csv", "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}  # fmt: skip


def _addresses(given: Sequence[str]) -> list[Address]:
    found, problems = [], []
    for text in given:
        name, address = parseaddr(text)
        try:
            if "\n" in text or "\r" in text or "@" not in address:
                raise ValueError
            found.append(Address(name, addr_spec=address))
        except (ValueError, HeaderParseError, IndexError):
            problems.append(f"{text!r} is no mail address; write one like lead@example.org")
    if problems:
        raise UsageError(problems)
    return found


def _standing(headlines: Sequence[Mapping[str, Any]]) -> str:
    """How many targets are missed, in a subject's few words."""
    missed = sum(one["status"] in ("misses", "likely misses") for one in headlines)
    known = sum(one["status"] not in ("no target", "not measured") for one in headlines)
    return f"{missed} of {wording.count(known, '{n} target', '{n} targets')} missed or likely missed" if known else "No target was measured"


def _body(record: Mapping[str, Any], files: Mapping[str, bytes]) -> str:
    lines = [f"{record['title']}: {record['market']}, week {record['week']} ({Week.parse(record['week']).days})", ""]
    lines += [_headline(one) for one in record["headlines"]]
    found = record["findings"]
    lines += ["", "What needs attention:" if found else "Nothing needs attention."]
    lines += [f"- {one['severity']}: {one['sentence']}" for one in found[:MOST_FINDINGS]]
    lines += [f"- and {len(found) - MOST_FINDINGS} more"] if len(found) > MOST_FINDINGS else []
    return "\n".join([*lines, "", f"Attached: {', '.join(files)}. The page opens offline.", ""])


def _headline(one: Mapping[str, Any]) -> str:
    if one["estimate"] is None:
        return f"{one['title']}: not measured ({one['reason'] or 'there was nothing to measure'})"
    nothing = float("nan")
    low, high = (nothing if one[end] is None else one[end] for end in ("ci_low", "ci_high"))
    said = wording.estimate(one["estimate"], low, high, one["unit"])
    if one["target"] is None:
        return f"{one['title']}: {said}"
    bound = wording.amount(one["target"], one["unit"])
    return f"{one['title']}: {said}; {one['status']} (target {'≥' if one['better'] == 'higher' else '≤'} {bound})"
