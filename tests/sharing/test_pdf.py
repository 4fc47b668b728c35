"""Pages printed by the Chromium of this machine."""

from __future__ import annotations

import os
import re
import zlib
from datetime import date

import pytest

from labelqa_lib.errors import DataError
from labelqa_lib.sharing import Printer, browser, pdf


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.skipif(browser() is None, reason="there is no Chromium on this machine")
def test_a_page_is_printed_in_equal_bytes_that_tell_no_path(tmp_path):
    page = tmp_path / "page.html"
    page.write_text("<!DOCTYPE html><html lang='en'><title>Page</title><nav><a href=\"../index.html\">All</a></nav><h1>台灣</h1>")
    one, other = (Printer(browser()).pdf(page, date(2026, 11, 9)) for _ in range(2))
    assert one == other and one.startswith(b"%PDF") and b"D:20261109000000" in one
    unpacked = one
    for stream in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", one, re.DOTALL):
        try:
            unpacked += zlib.decompress(stream)
        except zlib.error:  # a picture, or a font that is not packed this way
            continue
    assert str(tmp_path).encode() not in unpacked and b"file:" not in unpacked


def test_a_date_is_replaced_at_its_length():
    before = b"<</CreationDate (D:20250101123456+02'00') /ModDate (D:20250101123456Z)>>"
    after = pdf._dated(before, date(2026, 11, 9))
    assert len(after) == len(before) and b"2025" not in after and after.count(b"D:20261109") == 2


def test_a_browser_that_fails_is_told_in_a_sentence(tmp_path):
    page = tmp_path / "page.html"
    page.write_text("<p>page")
    with pytest.raises(DataError, match=r"page.html: .*false could not print it \(exit code 1\)"):
        Printer("/bin/false" if os.path.exists("/bin/false") else "/usr/bin/false").pdf(page, date(2026, 11, 9))
    with pytest.raises(DataError, match="could not print it"):
        Printer(str(tmp_path / "nowhere")).pdf(page, date(2026, 11, 9))
