"""A view as a value: kept, sent, gone into and come back from; what makes no sense is a sentence."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import labelqa_lib as lq
from labelqa_lib.errors import UsageError
from labelqa_lib.explore import View
from labelqa_lib.explore.view import dimensions
from labelqa_lib.metrics import REGISTRY

VIEW = View(("MY",), "2026-W46", metric="fnr", by=("queue",), where={"site": "KUL"}, page=3)


@st.composite
def views(draw):
    metric = draw(st.sampled_from(sorted(REGISTRY)))
    known = st.sampled_from(dimensions(metric))
    return View(
        tuple(draw(st.lists(st.text(min_size=1), min_size=1, max_size=3))), draw(st.sampled_from(["", "2026-W46"])),
        draw(st.integers(1, 20)), draw(st.integers(0, 20)), metric, tuple(draw(st.lists(known, max_size=2, unique=True))),
        draw(st.dictionaries(known, st.text(), max_size=3)), draw(st.integers(0, 10**6)), draw(st.booleans()),
    )  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(views())
def test_a_permalink_and_the_code_restore_the_view(view):
    assert View.from_permalink(view.permalink()) == view
    assert eval(view.code(), {"lq": lq}) == view


def test_on_a_page_the_pages_market_and_week_count():
    assert View.from_permalink("", "SG") == View(("SG",))
    assert View.from_permalink(VIEW.permalink(), "SG", "2026-W45").markets == ("SG",)
    both = View(("MY", "SG")).permalink()
    assert View.from_permalink(both, "SG", "2026-W45") == View(("MY", "SG"), "2026-W45")


def test_into_a_row_and_back():
    inside = View(("MY",)).into({"site": "KUL", "estimate": 0.9})
    assert inside.segment == {"site": "KUL"} and inside.by == ("queue",)
    deeper = inside.into({"queue": "ads"})
    assert deeper.segment == {"site": "KUL", "queue": "ads"} and deeper.by == ("policy_area",)
    crumbs = deeper.crumbs()
    assert [said for said, _view in crumbs] == ["MY", "KUL", "ads"]
    assert [view for _said, view in crumbs] == [View(("MY",)), inside, deeper]
    both = View(("MY", "SG"), by=("site", "queue")).into({"market": "SG", "site": "S", "queue": "q"})
    assert both.markets == ("SG",) and both.segment == {"site": "S", "queue": "q"}
    assert View(("MY", "SG"), by=()).into({"market": "SG"}) == View(("SG",), by=())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nonsense", "'nonsense' is no permalink"), ("[]", "it is a JSON object such as"),
        ('{"colour": "red"}', "there is no 'colour'; there are markets"), ('{"metric": "beauty"}', "there is no metric 'beauty'"),
        ('{"recent": 0}', "recent is 0; it is a whole number from 1 on"), ('{"page": -1}', "page is -1"),
        ('{"week": "last"}', "week 'last' is not an ISO week"), ('{"by": ["site", "queue", "label"]}', "at most 2"),
        ('{"by": ["week"]}', "cannot be cut by 'week'"), ('{"where": {"site": 3}}', "a filter is one value"),
        ('{"markets": []}', "name at least one"), ('{"wrong": "yes"}', "it is true or false"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_a_sentence(text, said):
    with pytest.raises(UsageError, match="^view: ") as caught:
        View.from_permalink(text, "MY" if "markets" not in text else "")
    assert said in str(caught.value)
