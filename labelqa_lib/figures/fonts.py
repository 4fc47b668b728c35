"""Fonts for every script that a label may be written in, from packages that are ordinary dependencies."""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Mapping
from datetime import date
from numbers import Number
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib import font_manager

# Package -> family, in the order in which a glyph is looked for. The wheels carry the SIL Open Font License 1.1.
_PACKAGES = {
    "fontpkg_noto_sans": "Noto Sans",
    "fontpkg_noto_sans_thai": "Noto Sans Thai",
    "fontpkg_noto_sans_arabic": "Noto Sans Arabic",
    "fontpkg_noto_sans_devanagari": "Noto Sans Devanagari",
    "noto_cjk_sans_otc": "Noto Sans CJK TC",
}
_LATIN, _SYMBOLS = 0x250, range(0x2000, 0x2C00)
"""Where the Latin letters end, and where punctuation, arrows and signs lie, in Unicode."""

_ALWAYS_THERE = "DejaVu Sans"
"""Comes with matplotlib: Latin, Greek, Cyrillic, Arabic letters and symbols."""


@functools.cache
def families(latin: bool = False) -> tuple[str, ...]:
    """Font families to draw with, the preferred one first; those of packages that are not installed are left out.

    `latin` leaves out those that Latin letters and symbols do without: every text is looked up in every family.
    """
    packages = list(_PACKAGES)[:1] if latin else _PACKAGES
    return (*(_PACKAGES[package] for package in packages if _register(package)), _ALWAYS_THERE)


def is_latin(*values: object) -> bool:
    """Whether Latin letters and symbols are enough for everything that a figure is drawn from; no, where it holds
    something that cannot be looked into."""
    return all(map(_is_latin, values))


def _is_latin(value: object) -> bool:
    if isinstance(value, str):
        return value.isascii() or all(ord(char) < _LATIN or ord(char) in _SYMBOLS for char in value)
    if isinstance(value, pd.DataFrame):
        return is_latin(*value.columns, *value.index.names, value.index, *(value[name] for name in value))
    if isinstance(value, pd.Series | pd.Index | np.ndarray):
        return pd.api.types.is_numeric_dtype(value.dtype) or is_latin(*value.tolist())
    if isinstance(value, Mapping):
        return is_latin(*value, *value.values())
    if isinstance(value, list | tuple | set | frozenset):
        return is_latin(*value)
    return value is None or isinstance(value, Number | np.generic | date)


def _register(package: str) -> bool:
    spec = importlib.util.find_spec(package)
    if spec is None:
        return False
    files = sorted(path for path in Path(spec.origin).parent.rglob("*") if path.suffix in {".ttf", ".otf", ".ttc"})
    for path in files:
        font_manager.fontManager.addfont(path)
    return bool(files)
