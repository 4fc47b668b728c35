from __future__ import annotations

import io
import warnings

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot
from matplotlib.figure import Figure
from PIL import Image

from labelqa_lib import figures
from labelqa_lib.figures.scales import _Scale

from display.examples import HOSTILE, SITES, confusion, flows, hours, segments, undefined, weekly

AIM = {"target": 0.95, "better": "higher"}
SITE_WEEKS = pd.concat([weekly(start=0.95 - 0.01 * place).assign(site=site) for place, site in enumerate(SITES)])
DRAWN = {
    "trend": lambda: figures.trend(weekly(gaps=(3, 4)), title="Accuracy", **AIM),
    "trends": lambda: figures.trends(SITE_WEEKS, "site", title="Accuracy by site", **AIM),
    "compare": lambda: figures.compare(segments("site", SITES), "site", title="Accuracy by site", **AIM),
    "distribution": lambda: figures.distribution(segments("agent_id", range(80)), title="Agents", **AIM),
    "confusion": lambda: figures.confusion(confusion()),
    "costly_pairs": lambda: figures.costly_pairs(confusion()),
    "by_hour": lambda: figures.by_hour(hours()),
    "backlog": lambda: figures.backlog(flows()),
}
UNDRAWN = {
    "trend": lambda change: figures.trend(change(weekly()), title="Accuracy", **AIM),
    "trends": lambda change: figures.trends(change(SITE_WEEKS), "site", title="Accuracy by site", **AIM),
    "compare": lambda change: figures.compare(change(segments("site", SITES)), "site", title="Accuracy", **AIM),
    "distribution": lambda change: figures.distribution(change(segments("agent_id", SITES)), title="Agents", **AIM),
    "by_hour": lambda change: figures.by_hour(change(hours())),
    "backlog": lambda change: figures.backlog(change(flows())),
}


def words(fig: Figure) -> str:
    texts = [text.get_text() for text in fig.findobj(matplotlib.text.Text) if text.get_visible()]
    return "\n".join(texts + ["\n".join(lines) for scale in fig.findobj(_Scale) for lines in scale.labels])


def png(fig: Figure) -> bytes:
    packed = io.BytesIO()
    fig.savefig(packed, format="png", dpi=100, metadata={"Software": None})
    return packed.getvalue()


@pytest.mark.slow
@pytest.mark.parametrize("name", DRAWN)
def test_equal_frames_give_equal_bytes(name):
    assert png(DRAWN[name]()) == png(DRAWN[name]())


@pytest.mark.parametrize("name", DRAWN)
def test_a_figure_carries_its_message_with_numbers(name):
    message = DRAWN[name]().get_label()
    assert message.endswith(".")
    assert any(char.isdigit() for char in message)


@pytest.mark.parametrize("name", DRAWN)
def test_nothing_is_left_behind(name):
    before = dict(matplotlib.rcParams)
    DRAWN[name]()
    assert dict(matplotlib.rcParams) == before
    assert pyplot.get_fignums() == []


@pytest.mark.slow
@pytest.mark.parametrize("name", DRAWN)
def test_the_kernels_own_settings_do_not_change_the_look(name):
    expected = png(DRAWN[name]())
    with matplotlib.rc_context({"font.size": 20, "axes.facecolor": "black", "figure.dpi": 300, "axes.grid": False}):
        fig = DRAWN[name]()
    fig.set_dpi(matplotlib.rcParams["figure.dpi"])
    assert png(fig) == expected


@pytest.mark.slow
@pytest.mark.parametrize("name", DRAWN)
def test_all_words_lie_inside_the_figure(name):
    fig = DRAWN[name]()
    fig.draw_without_rendering()
    for text in fig.findobj(matplotlib.text.Text):
        if text.get_visible() and text.get_text().strip() and text.axes is not None and text.axes.axison:
            box = text.get_window_extent()
            assert box.x0 >= -1 and box.x1 <= fig.bbox.width + 1, f"{text.get_text()!r} is cut"
    for scale in fig.findobj(_Scale):
        for left, baseline, said, width in scale._texts(fig.canvas.get_renderer(), scale._pixels()):
            assert left >= -1 and left + width <= fig.bbox.width + 1 and baseline > 0, f"{said!r} is cut"


@pytest.mark.parametrize("name", UNDRAWN)
def test_an_undefined_frame_gives_a_small_figure_that_says_why(name):
    fig = UNDRAWN[name](undefined)
    assert fig.get_figheight() < 1
    assert "Not shown: needs shifts; not delivered" in words(fig)
    assert "Not shown: needs shifts; not delivered" in fig.get_label()


@pytest.mark.parametrize("name", UNDRAWN)
def test_an_empty_frame_gives_a_small_figure(name):
    assert "Not shown: there is nothing to show" in words(UNDRAWN[name](lambda frame: frame.iloc[:0]))


def test_no_confusion_is_a_small_figure():
    right = confusion().query("reference_label == label")
    assert "no label was taken for another" in words(figures.costly_pairs(right))
    assert "no label was taken for another" in figures.confusion(right).get_label()
    for draw in (figures.confusion, figures.costly_pairs):
        assert "Not shown" in words(draw(confusion().iloc[:0]))


def test_a_trend_names_its_last_value_and_its_target():
    said = words(figures.trend(weekly(), title="Accuracy by week", **AIM))
    assert "93.8 %" in said
    assert "target ≥ 95.0 %" in said
    assert "W46" in said
    assert "2026" in said


def test_a_trend_breaks_where_a_week_is_undefined():
    (line,) = figures.trend(weekly(gaps=(3,)), title="Accuracy").axes[0].get_lines()
    assert np.isnan(line.get_ydata()[3])
    assert len(line.get_ydata()) == 13


def test_the_last_value_and_the_target_do_not_touch():
    fig = figures.trend(weekly(start=0.9625), title="Accuracy", **AIM)
    last, target = (text for text in fig.axes[0].texts)
    assert not last.get_window_extent().overlaps(target.get_window_extent())


@pytest.mark.slow
def test_a_comparison_puts_the_worst_first_and_counts_the_rest():
    names = [f"s{place:02d}" for place in range(40)]
    frame = pd.concat([segments("site", names), undefined(segments("site", ["few"]))])
    fig = figures.compare(frame, "site", title="Accuracy", **AIM)
    labels = [tick.get_text() for tick in fig.axes[0].get_yticklabels()]
    assert labels[::-1] == names[:25]
    assert "… 15 better ones not shown" in words(fig)
    assert "1 without enough to measure" in words(fig)
    lower = figures.compare(frame, "site", title="FPR", target=0.95, better="lower")
    assert [tick.get_text() for tick in lower.axes[0].get_yticklabels()][::-1] == names[:14:-1]


def test_bands_of_time_keep_their_order():
    frame = segments("tenure", ["0-2 weeks", "3-5 weeks", "6-11 weeks"]).iloc[[2, 0, 1]]
    fig = figures.compare(frame, "tenure", title="Accuracy", ordered=True, **AIM)
    assert [tick.get_text() for tick in fig.axes[0].get_yticklabels()][::-1] == list(frame["tenure"])


@pytest.mark.parametrize("count", [1, 2, 3, 25])
def test_rows_of_a_comparison_do_not_touch(count):
    fig = figures.compare(segments("site", [f"s{place}" for place in range(count)]), "site", title="Accuracy", **AIM)
    boxes = [tick.get_window_extent() for tick in fig.axes[0].get_yticklabels()]
    assert all(above.y0 >= below.y1 - 1 for below, above in zip(boxes, boxes[1:], strict=False))


def test_only_whole_intervals_beyond_the_target_are_marked_as_missing_it():
    frame = segments("site", ["misses", "spans"])
    frame = frame.assign(estimate=[0.93, 0.945], ci_low=[0.92, 0.935], ci_high=[0.94, 0.955])
    fig = figures.compare(frame, "site", title="Accuracy", **AIM)
    spans, misses = fig.axes[0].collections[-2:]
    assert [len(dots.get_offsets()) for dots in (spans, misses)] == [1, 1]
    assert not np.array_equal(spans.get_facecolor(), misses.get_facecolor())
    assert len(spans.get_paths()[0]) != len(misses.get_paths()[0]), "told apart by shape, too"
    assert "◆ misses the target for sure" in fig.get_suptitle()
    assert "1 of 2 miss it for sure" in fig.get_label()


@pytest.mark.slow
def test_small_multiples_are_at_most_twelve_and_the_rest_is_counted():
    frame = pd.concat([weekly().assign(site=f"s{place:02d}") for place in range(15)])
    fig = figures.trends(frame, "site", title="Accuracy by site")
    assert len([ax for ax in fig.axes if ax.axison]) == 12
    assert "… and 3 more" in fig.get_suptitle()


def test_of_many_labels_those_with_most_errors_are_shown():
    frame = confusion([f"label {place:02d}" for place in range(20)])
    frame.loc[(frame["reference_label"] == "label 17") & (frame["label"] == "label 18"), "n"] = 50
    fig = figures.confusion(frame)
    shown = [tick.get_text() for tick in fig.axes[0].get_yticklabels()]
    assert len(shown) == 12
    assert {"label 17", "label 18"} <= set(shown)
    assert "the 12 labels with most errors" in fig.get_suptitle()


def test_pairs_are_ranked_by_cost_and_swaps_are_marked():
    fig = figures.costly_pairs(confusion())
    first = fig.axes[0].get_yticklabels()[-1].get_text().replace("\u200e", "")
    assert first == "benign  →  spam"
    assert "140  ⇄" in words(fig)


def test_the_worst_hour_is_named():
    assert "03:00  20.0 %" in words(figures.by_hour(hours()))


@pytest.mark.slow
def test_hostile_names_are_drawn_as_text():
    names = list(HOSTILE.values())
    by_week = pd.concat([weekly().assign(site=name) for name in names])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", message="Glyph")  # test_fonts asks whether glyphs are there
        for fig in (
            figures.compare(segments("site", names), "site", title=HOSTILE["nul"]),
            figures.trends(by_week, "site", title=HOSTILE["long"]),
            figures.confusion(confusion(names), title=HOSTILE["right-to-left"]),
            figures.costly_pairs(confusion(names), title=HOSTILE["mathtext"]),
        ):
            png(fig)
            said = words(fig) + fig.get_label()
            assert not {"\x00", "\x1b", "\u202e", "\u2067"} & set(said)
            assert max(map(len, words(fig).splitlines())) < 200


@pytest.mark.slow
def test_inputs_are_not_changed():
    frames = [weekly(), SITE_WEEKS, segments("site", SITES), confusion(), hours(), flows()]
    before = [frame.copy(deep=True) for frame in frames]
    figures.trend(frames[0], title="a")
    figures.trends(frames[1], "site", title="a")
    figures.compare(frames[2], "site")
    figures.confusion(frames[3])
    figures.costly_pairs(frames[3])
    figures.by_hour(frames[4])
    figures.backlog(frames[5])
    for frame, copied in zip(frames, before, strict=True):
        pd.testing.assert_frame_equal(frame, copied)


def test_the_page_is_white_and_the_image_has_the_canvas_size():
    image = Image.open(io.BytesIO(png(DRAWN["trend"]())))
    assert image.size == (840, 250)
    assert image.convert("RGB").getpixel((0, 0)) == (255, 255, 255)


WITHOUT_W43 = weekly()[weekly()["period"] != "2026-W43"]


@pytest.mark.slow
def test_a_missing_week_is_a_gap_at_its_place_and_is_named():
    fig = figures.trend(WITHOUT_W43, title="Accuracy", **AIM)
    drawn = fig.axes[0].get_lines()[0]
    assert len(drawn.get_xdata()) == 13 and np.isnan(drawn.get_ydata()).tolist() == [False] * 9 + [True] + [False] * 3
    assert fig.get_label().endswith("; no figure in 2026-W43.") and "no figure in 2026-W43" in words(fig)
    sites = pd.concat([WITHOUT_W43.assign(site=site) for site in SITES[:2]])
    panels = figures.trends(sites, "site", title="Accuracy by site")
    assert len(panels.axes[0].get_lines()[0].get_xdata()) == 13 and "no figure in 2026-W43" in words(panels)
    flow = flows()
    assert "no figure in 2026-W43" in figures.backlog(flow[flow["period"] != "2026-W43"]).get_label()


def test_a_figure_of_an_earlier_week_says_so_and_is_not_ranked_with_the_last():
    early = weekly()[weekly()["period"] != "2026-W46"].assign(site="K", estimate=0.5, ci_low=0.4, ci_high=0.6)
    sites = pd.concat([weekly().assign(site="L"), weekly().assign(site="M"), early])
    panels = figures.trends(sites, "site", title="Accuracy by site")
    titles = [ax.get_title("left").replace("\u200e", "") for ax in panels.axes]
    assert [title[0] for title in titles] == ["L", "M", "K"] and titles[2].endswith("50.0 % in 2026-W45")
    assert "in 2026-W46 from L" in panels.get_label() and "50.0 %" not in panels.get_label()
    flow = flows()
    late = (flow["metric"] == "backlog") & (flow["period"] == flow["period"].max())
    said = figures.backlog(flow.assign(estimate=flow["estimate"].mask(late))).get_label()
    assert f"in {flow['period'].max()} (" in said and "arrived" in said and "waiting" not in said


def test_many_missing_weeks_are_counted():
    few = weekly()[weekly()["period"].isin(["2026-W34", "2026-W46"])]
    assert "no figure in 11 of 13 weeks" in figures.trend(few, title="Accuracy").get_label()


def test_weeks_on_gold_among_weeks_on_audits_are_named():
    methods = ["Wilson by agent; audits"] * 12 + ["Wilson by agent; gold"]
    assert "on gold, not audits, in 2026-W46" in figures.trend(weekly().assign(method=methods), title="A").get_label()
    assert "gold" not in figures.trend(weekly().assign(method=methods[-1]), title="A").get_label()
