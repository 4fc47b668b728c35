"""Mails as mail programs read them."""

from __future__ import annotations

from email import message_from_bytes, policy

import pytest

from labelqa_lib.errors import UsageError
from labelqa_lib.sharing import message

HEADLINE = {
    "title": "Accuracy", "unit": "rate", "estimate": 0.922, "ci_low": 0.896, "ci_high": 0.943, "n": 489, "target": 0.95,
    "better": "higher", "status": "misses", "reason": "",
}  # fmt: skip
RECORD = {
    "title": "Market report", "market": "TW", "week": "2026-W46",
    "headlines": [
        HEADLINE,
        HEADLINE | {"title": "Handle time", "unit": "seconds", "estimate": 41.0, "ci_low": None, "ci_high": None, "target": None,
                    "status": "no target"},
        HEADLINE | {"title": "SLA attainment", "estimate": None, "status": "not measured", "reason": "needs queue_hours"},
    ],
    "findings": [{"severity": "act", "sentence": f"Finding {number} in 台北."} for number in range(12)],
}  # fmt: skip
FILES = {"TW.html": "<p>頁面</p>".encode(), "TW.accuracy.csv": b"metric\r\n", "TW.xlsx": b"PK", "TW.pdf": b"%PDF"}
TO = ["Léa Martin <lea@example.org>", "bo@example.org"]


def read(**changes):
    return message_from_bytes(message(**({"record": RECORD, "files": FILES, "to": TO, "sender": "qa@example.org"} | changes)),
                              policy=policy.default)  # fmt: skip


def test_a_mail_says_what_the_page_says_and_carries_it():
    mail = read()
    assert mail["From"] == "qa@example.org" and "lea@example.org" in mail["To"] and "bo@example.org" in mail["To"]
    assert mail["Subject"] == "Market report: TW, 2026-W46. 1 of 1 target missed or likely missed"
    assert mail["X-Unsent"] == "1"
    body = mail.get_body().get_content().replace("\r\n", "\n")
    for said in ("Nov 9\u2009–\u200915, 2026", "Accuracy: 92.2 % (89.6 to 94.3); misses (target ≥ 95.0 %)", "Handle time: 41.0 s\n",
                 "SLA attainment: not measured (needs queue_hours)", "- act: Finding 0 in 台北.", "- and 2 more"):  # fmt: skip
        assert said in body, said
    assert "Finding 11" not in body
    parts = {part.get_filename(): part for part in mail.iter_attachments()}
    assert {name: part.get_content_type() for name, part in parts.items()} == {
        "TW.html": "text/html", "TW.accuracy.csv": "text/csv", "TW.pdf": "application/pdf",
        "TW.xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    }  # fmt: skip
    assert {name: part.get_payload(decode=True) for name, part in parts.items()} == FILES
    assert not mail.defects


def test_equal_pages_give_equal_bytes_and_others_another_identity():
    one, other = (message(RECORD, FILES, TO, "qa@example.org") for _ in range(2))
    assert one == other and b"\r\n" in one
    assert read()["Message-ID"] != read(files={"TW.html": b"other"})["Message-ID"]
    assert str(read()["Date"]) == "Mon, 16 Nov 2026 08:00:00 +0000"


def test_a_week_without_findings_or_targets_says_so():
    mail = read(record=RECORD | {"headlines": [], "findings": []})
    assert "Nothing needs attention." in mail.get_body().get_content()
    assert mail["Subject"].endswith("No target was measured")


@pytest.mark.parametrize(
    ("domain", "known"),
    [("münchen.de", "xn--mnchen-3ya.de"), ("MU\u0308NCHEN.de", "xn--mnchen-3ya.de"), ("例え.jp", "xn--r8jz45g.jp"), ("Example.ORG", "Example.ORG")],
)
def test_a_domain_in_other_letters_is_written_as_mail_servers_know_it(domain, known):
    """RFC 3490; the header itself is in ASCII, and no encoded word stands in an address (RFC 2047, section 5)."""
    text = message(RECORD, FILES, [f"Léa <lead@{domain}>"], f"qa@{domain}")
    heads = text.partition(b"\r\n\r\n")[0].decode("ascii").splitlines()
    assert f"From: qa@{known}" in heads and [line for line in heads if line.startswith("To: ") and line.endswith(f"<lead@{known}>")]


@pytest.mark.parametrize("wrong", ["lea", "a@b\nBcc: everybody@example.org", "", "a@", "x <y>", "@example.org"])
def test_what_is_no_address_is_named(wrong):
    with pytest.raises(UsageError, match="is no mail address"):
        message(RECORD, FILES, [wrong, "bo@example.org"], "qa@example.org")


@pytest.mark.parametrize("domain", ["straße.de", "ü..de", "ü" * 70 + ".de", "例え。jp"])
def test_a_domain_that_could_be_another_is_not_guessed(domain):
    """``straße.de`` is ``strasse.de`` by RFC 3490 and another domain by RFC 5891."""
    with pytest.raises(UsageError, match="its domain has no one form in ASCII; write the one that mail servers know"):
        message(RECORD, FILES, [f"lead@{domain}"], "qa@example.org")


def test_a_mailbox_in_other_letters_is_refused():
    """It would need a server that knows RFC 6531, and another header."""
    with pytest.raises(UsageError) as error:
        message(RECORD, FILES, ["jürgen@example.org", "lea"], "qa@example.org")
    assert error.value.problems == (
        "'jürgen@example.org': few mail servers take such letters before the @; name an address in ASCII",
        "'lea' is no mail address; write one like lead@example.org",
    )
