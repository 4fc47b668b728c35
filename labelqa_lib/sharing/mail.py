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
from unicodedata import normalize

from labelqa_lib import wording
from labelqa_lib.errors import UsageError
from labelqa_lib.periods import Week
from labelqa_lib.translation import ENGLISH, say, speaking

MOST_FINDINGS = 10
_SENT_AT = time(8, tzinfo=UTC)


def message(
    record: Mapping[str, Any], files: Mapping[str, bytes], to: Sequence[str], sender: str
) -> bytes:
    """A page as an RFC 5322 message: its headline figures and findings in the body, its files attached.

    Parameters
    ----------
    record : mapping
        The page's record: ``title, market, week, headlines, findings, language``; the mail speaks the page's.
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
    with speaking(record.get("language") or ENGLISH):
        mail["Subject"] = f"{say(record['title'])}: {record['market']}, {record['week']}. {_standing(record['headlines'])}"
        mail.set_content(_body(record, files))
    mail["Date"] = format_datetime(datetime.combine(Week.parse(record["week"]).monday + timedelta(days=7), _SENT_AT))
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
        try:
            found.append(_address(text))
        except UsageError as error:
            problems += error.problems
    if problems:
        raise UsageError(problems)
    return found


def _address(text: str) -> Address:
    name, address = parseaddr(text)
    mailbox, _, domain = address.rpartition("@")
    if not mailbox.isascii():
        raise UsageError(f"{text!r}: few mail servers take such letters before the @; name an address in ASCII")
    try:
        if "\n" in text or "\r" in text or not mailbox:
            raise ValueError
        return Address(name, addr_spec=f"{mailbox}@{_in_ascii(domain)}")
    except UnicodeError:
        raise UsageError(f"{text!r}: its domain has no one form in ASCII; write the one that mail servers know (xn--…)") from None
    except (ValueError, HeaderParseError, IndexError):
        raise UsageError(f"{text!r} is no mail address; write one like lead@example.org") from None


def _in_ascii(domain: str) -> str:
    """A domain as mail servers know it, ``xn--…`` where it is written in other letters.

    Raises
    ------
    UnicodeError
        When it is none, or one that the standard library would take for another: ``straße.de`` for ``strasse.de``.
    """
    if domain.isascii():
        return domain
    known = domain.encode("idna").decode("ascii")
    if known.encode("ascii").decode("idna") != normalize("NFKC", domain).lower():
        raise UnicodeError(domain)
    return known


def _standing(headlines: Sequence[Mapping[str, Any]]) -> str:
    """How many targets are missed, in a subject's few words."""
    missed = sum(one["status"] in ("misses", "likely misses") for one in headlines)
    known = sum(one["status"] not in ("no target", "not measured") for one in headlines)
    if not known:
        return say("No target was measured")
    return wording.count(known, "{missed} of {n} target missed or likely missed", "{missed} of {n} targets missed or likely missed",
                         missed=missed)  # fmt: skip


def _body(record: Mapping[str, Any], files: Mapping[str, bytes]) -> str:
    asked = Week.parse(record["week"])
    lines = [say("{page}: {market}, week {week} ({dates})", page=say(record["title"]), market=record["market"],
                 week=record["week"], dates=wording.days(asked.monday, asked.sunday)), ""]  # fmt: skip
    lines += [_headline(one) for one in record["headlines"]]
    found = record["findings"]
    lines += ["", say("What needs attention:") if found else say("Nothing needs attention.")]
    lines += [f"- {say(one['severity'])}: {one['sentence']}" for one in found[:MOST_FINDINGS]]
    lines += [f"- {say('and {n} more', n=len(found) - MOST_FINDINGS)}"] if len(found) > MOST_FINDINGS else []
    return "\n".join([*lines, "", say("Attached: {files}. The page opens offline.", files=say(", ").join(files)), ""])


def _headline(one: Mapping[str, Any]) -> str:
    title = say(one["title"])
    if one["estimate"] is None:
        why = say(one["reason"] or "") or say("there was nothing to measure")
        return say("{metric}: not measured ({why})", metric=title, why=why)
    nothing = float("nan")
    low, high = (nothing if one[end] is None else one[end] for end in ("ci_low", "ci_high"))
    said = f"{title}: {wording.estimate(one['estimate'], low, high, one['unit'])}"
    if one["target"] is None:
        return said
    bound = f"{'≥' if one['better'] == 'higher' else '≤'} {wording.amount(one['target'], one['unit'])}"
    return f"{said}; {say(one['status'])} ({say('target {bound}', bound=bound)})"
