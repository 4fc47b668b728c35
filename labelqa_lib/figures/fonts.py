"""Fonts for every script that a label may be written in, from packages that are ordinary dependencies."""

from __future__ import annotations

import functools
import importlib.util
from pathlib import Path

from matplotlib import font_manager

# Package -> family, in the order in which a glyph is looked for. The wheels carry the SIL Open Font License 1.1.
_PACKAGES = {
    "fontpkg_noto_sans": "Noto Sans",
    "fontpkg_noto_sans_thai": "Noto Sans Thai",
    "fontpkg_noto_sans_arabic": "Noto Sans Arabic",
    "fontpkg_noto_sans_devanagari": "Noto Sans Devanagari",
    "noto_cjk_sans_otc": "Noto Sans CJK TC",
}
_ALWAYS_THERE = "DejaVu Sans"
"""Comes with matplotlib: Latin, Greek, Cyrillic, Arabic letters and symbols."""


@functools.cache
def families() -> tuple[str, ...]:
    """Font families to draw with, the preferred one first; those of packages that are not installed are left out."""
    return (*(family for package, family in _PACKAGES.items() if _register(package)), _ALWAYS_THERE)


def _register(package: str) -> bool:
    spec = importlib.util.find_spec(package)
    if spec is None:
        return False
    files = sorted(path for path in Path(spec.origin).parent.rglob("*") if path.suffix in {".ttf", ".otf", ".ttc"})
    for path in files:
        font_manager.fontManager.addfont(path)
    return bool(files)
