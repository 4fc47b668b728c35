"""Tiny deliveries go the way of large ones."""

from __future__ import annotations

import pytest

from labelqa_lib.intake import examining


@pytest.fixture(autouse=True)
def by_kinds_and_by_texts(monkeypatch):
    """Tables of one row are held as texts, all others as kinds."""
    monkeypatch.setattr(examining, "WORTH", 2)
