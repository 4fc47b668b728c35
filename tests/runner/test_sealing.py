"""The policy of a page: what runs is named by hash, what is foreign stays inert."""

from __future__ import annotations

import pytest

from labelqa_lib.errors import UsageError
from labelqa_lib.runner.sealing import POLICY, sealed

PAGE = f"<html><head>{POLICY}<style>p {{ margin: 0 }}</style></head><body>%s</body></html>"


def test_the_policy_stands_where_the_page_wants_it_and_names_the_script_given():
    page = sealed(PAGE % "<script>own()</script><script>foreign()</script>", "own()")
    # printf 'own()' | openssl dgst -sha256 -binary | base64
    assert "script-src 'sha256-1yruO3ZUqBddjC8oRrsLLZ/oiHYCAveB39McCaLvqnk='\"" in page
    assert page.startswith("<html><head><meta http-equiv")
    assert "script-src" not in sealed(PAGE % "<script>foreign()</script>")


def test_style_attributes_become_classes_and_the_rest_of_a_tag_stays_as_it_was():
    body = (
        '<p id="a" style="color: red" title=\'he said: style="x"\'>a</p><p class="b c" style="color: red">b</p>'
        '<col STYLE=\'width:1px\' hidden/><i data-x="&quot; style=y">c</i>'
    )
    page = sealed(PAGE % body)
    assert '<p id="a" title=\'he said: style="x"\' class="lq-style-1">a</p>' in page
    assert '<p class="b c lq-style-1">b</p>' in page
    assert '<col hidden class="lq-style-2"/>' in page
    assert '<i data-x="&quot; style=y">c</i>' in page
    assert "<style>.lq-style-1 { color: red }\n.lq-style-2 { width:1px }</style>" in page
    assert page.count("'sha256-") == 2


def test_a_style_attribute_cannot_end_its_rule():
    page = sealed(PAGE % '<p style="a:b} body{display:none}</style>">x</p>')
    assert "body display:none" in page
    assert page.count("</style>") == 2


def test_equal_pages_are_sealed_equally():
    assert sealed(PAGE % '<p style="a:b">') == sealed(PAGE % '<p style="a:b">')


def test_a_page_that_asks_the_network_is_not_sealed():
    with pytest.raises(UsageError, match="the page asks the network for https://example/x.png"):
        sealed(PAGE % '<img src="https://example/x.png">')
