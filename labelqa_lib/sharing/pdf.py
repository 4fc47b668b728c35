"""A page as PDF, printed by a Chromium that is on the machine."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from xml.sax.saxutils import escape

from labelqa_lib.errors import DataError

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
_FONTS = ("fontpkg_noto_sans_thai", "fontpkg_noto_sans_arabic", "fontpkg_noto_sans_devanagari", "noto_cjk_sans_otc")
"""Packages that carry fonts; one that is not installed is left out."""

PATIENCE = 120
"""Seconds in which a page must be printed."""

_ELSEWHERE = re.compile(r' href="\.\./[^"]*"')
"""A link to another page: in a PDF it would be the path of this machine's file."""

_DATE = re.compile(rb"/(CreationDate|ModDate) \(D:[^)]*\)")


def browser() -> str | None:
    """The Chromium of this machine; None where there is none."""
    return next((path for path in map(shutil.which, BROWSERS) if path), None)


@dataclass(frozen=True)
class Printer:
    """Prints pages with one browser, which sees no network, no profile and nothing but the page."""

    browser: str

    def pdf(self, html: Path, day: date) -> bytes:
        """A page as PDF, dated `day`: the same page and browser give the same bytes.

        Raises
        ------
        DataError
            When the browser fails or takes too long.
        """
        with tempfile.TemporaryDirectory(prefix="lq-pdf-") as folder:
            made, page = Path(folder) / "page.pdf", Path(folder) / "page.html"
            page.write_text(_ELSEWHERE.sub("", html.read_text(encoding="utf-8")), encoding="utf-8")
            asked = [
                self.browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-extensions", "--no-first-run",
                "--disable-background-networking", "--host-resolver-rules=MAP * ~NOTFOUND", f"--user-data-dir={folder}/profile",
                "--no-pdf-header-footer", f"--print-to-pdf={made}", page.as_uri(),
            ]  # fmt: skip
            fonts = Path(folder) / "fonts.conf"
            fonts.write_text(_fonts(), encoding="utf-8")
            environment = {**os.environ, "FONTCONFIG_FILE": str(fonts), "XDG_CACHE_HOME": folder}
            try:
                done = subprocess.run(asked, capture_output=True, timeout=PATIENCE, check=False, env=environment)
            except (OSError, subprocess.TimeoutExpired) as error:
                raise DataError(f"{html.name}: {self.browser} could not print it ({type(error).__name__})") from None
            if not made.exists():
                raise DataError(f"{html.name}: {self.browser} could not print it (exit code {done.returncode})")
            return _dated(made.read_bytes(), day)


def _fonts() -> str:
    """The machine's fonts, and those that figures draw with: a server seldom has any for Chinese, Thai or Hindi."""
    found = [importlib.util.find_spec(package) for package in _FONTS]
    folders = [f"<dir>{escape(str(Path(spec.origin).parent))}</dir>" for spec in found if spec and spec.origin]
    return (
        '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>'
        f'<include ignore_missing="yes">/etc/fonts/fonts.conf</include>{"".join(folders)}</fontconfig>'
    )


def _dated(pdf: bytes, day: date) -> bytes:
    """The file with `day` in the place of the clock's time, as long as before: places in it are counted in bytes."""

    def fixed(found: re.Match) -> bytes:
        said = f"D:{day:%Y%m%d}000000+00'00'".encode()
        room = len(found[0]) - len(found[1]) - 4
        return b"/" + found[1] + b" (" + said[:room].ljust(room) + b")"

    return _DATE.sub(fixed, pdf)
