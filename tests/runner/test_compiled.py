"""Compiled templates: used again as long as the text is the same, and done without where nothing can be kept."""

from __future__ import annotations

import pytest
from jinja2 import DictLoader, Environment

from labelqa_lib.runner import compiled


@pytest.fixture
def beside(tmp_path, monkeypatch):
    """A package's folder of templates of its own."""
    monkeypatch.setattr(compiled, "TEMPLATES", tmp_path)
    compiled.bytecode.cache_clear()
    yield tmp_path
    compiled.bytecode.cache_clear()


def said(text: str) -> str:
    """What a new environment, as each process has one, makes of a template."""
    return Environment(loader=DictLoader({"page": text}), bytecode_cache=compiled.bytecode()).get_template("page").render()


def test_a_template_is_compiled_once_and_again_when_its_text_is_another(beside, monkeypatch):
    assert said("{{ 1 + 1 }}") == "2"
    kept = list((beside / "__pycache__").iterdir())
    assert len(kept) == 1
    with monkeypatch.context() as without:
        without.setattr(Environment, "_generate", None)  # whoever compiles fails
        assert said("{{ 1 + 1 }}") == "2"
    assert said("{{ 1 + 2 }}") == "3"
    kept[0].write_bytes(b"cut off")
    assert said("{{ 1 + 2 }}") == "3"


def test_a_package_that_cannot_be_written_to_keeps_nothing(beside):
    (beside / "__pycache__").write_text("a file where the folder would be")
    assert compiled.bytecode() is None
    assert said("{{ 1 + 1 }}") == "2"
