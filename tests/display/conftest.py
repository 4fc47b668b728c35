"""Collects what display functions show, as a notebook would keep it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from labelqa_lib.display import show


@pytest.fixture
def shown(monkeypatch):
    """Everything shown so far: objects with `data` and `metadata`, and `html` and `text` of the last one."""

    class Shown(list):
        html = property(lambda self: self[-1].data["text/html"])
        text = property(lambda self: self[-1].data["text/plain"])

    outputs = Shown()

    def keep(data, metadata=None, raw=False):
        assert raw, "data is shown as it is, not by what IPython finds in the object"
        outputs.append(SimpleNamespace(data=data, metadata=metadata or {}))

    monkeypatch.setattr(show, "display", keep)
    return outputs
