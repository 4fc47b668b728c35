from __future__ import annotations

import base64
import io
import json

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot
from matplotlib.figure import Figure
from PIL import Image

from labelqa_lib import display
from labelqa_lib.display import show
from labelqa_lib.errors import UsageError
from labelqa_lib.translation import say, speaking


def drawn(label: str = "") -> Figure:
    fig = Figure(figsize=(3, 2))
    fig.subplots().plot([1, 3, 2], color="#c2410c")
    fig.set_label(label)
    return fig


def image(output) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(output.data["image/png"])))


def test_a_figure_carries_its_alt_text_id_and_size(shown):
    display.figure(drawn(), "accuracy-trend", 'Accuracy fell to 93 % <"now">.')
    described = shown[-1].metadata["image/png"]
    said = {"alt": 'Accuracy fell to 93 % <"now">.', "message": ""}
    assert described == {**said, "id": "accuracy-trend", "width": 288, "height": 192}
    assert shown.text == described["alt"]
    assert image(shown[-1]).size == (2 * 288, 2 * 192)


def test_the_figures_own_label_is_its_alt_text_where_none_is_given(shown):
    display.figure(drawn("Accuracy fell."), "trend")
    assert shown[-1].metadata["image/png"]["alt"] == "Accuracy fell."


def test_a_figures_message_stands_below_it_without_the_title_that_is_drawn(shown):
    display.figure(drawn("Accuracy: from KUL 90 % to MNL 95 %: much."), "trend")
    assert shown[-1].metadata["image/png"]["message"] == "from KUL 90 % to MNL 95 %: much."


def test_chart_draws_the_frame_and_shows_it(shown):
    def draw(frame, dim, *, title):
        return drawn(f"{title} of {len(frame)} by {dim}")

    sites = pd.DataFrame({"site": ["KUL", "=1+1"], "estimate": [0.5, float("nan")], "since": [pd.NaT, pd.NaT]})
    display.chart(draw, sites, "site", id="s", title="A")
    assert shown[-1].metadata["image/png"]["alt"] == "A of 2 by site"
    assert json.loads(shown[-1].data["application/vnd.labelqa.frame"]) == {
        "id": "s", "title": "A", "columns": ["site", "estimate", "since"],
        "values": [["KUL", "=1+1"], [0.5, None], [None, None]],
    }  # fmt: skip


def test_a_frame_carries_the_figures_own_title_in_the_readers_language(shown):
    def draw(frame, *, title="Errors by hour"):
        return drawn(title)

    def told() -> str:
        return json.loads(shown[-1].data[show.FRAME_MIME])["title"]

    display.chart(draw, pd.DataFrame({"hour": [1]}), id="h")
    assert told() == "Errors by hour"
    with speaking("es"):
        display.chart(draw, pd.DataFrame({"hour": [1]}), id="h", title="Accuracy within its usual range")
        assert told() == say("Accuracy within its usual range") != "Accuracy within its usual range"


def test_a_frame_too_long_to_be_carried_whole_carries_how_long_it_was(shown):
    display.behind(agents=pd.DataFrame({"agent_id": range(show.MOST_ROWS + 1)}))
    carried = json.loads(shown[-1].data[show.FRAME_MIME])
    assert (len(carried["values"][0]), carried["total"]) == (show.MOST_ROWS, show.MOST_ROWS + 1)


def test_equal_figures_give_equal_bytes_without_time_or_software(shown):
    display.figure(drawn("a"), "a")
    display.figure(drawn("a"), "a")
    assert shown[0].data == shown[1].data
    assert image(shown[0]).info == {}


def test_the_palette_keeps_the_colours_of_the_drawing(shown):
    display.figure(drawn("a"), "a")
    colours = np.array(image(shown[-1]).convert("RGB")).reshape(-1, 3)
    assert (colours == [0xC2, 0x41, 0x0C]).all(axis=1).any()
    assert (colours == 255).all(axis=1).any()


def test_of_many_shades_what_is_filled_is_exact_and_the_rest_is_near():
    rng = np.random.default_rng(1)
    pixels = np.full((60, 200, 4), 255, dtype=np.uint8)
    pixels[:20, :, :3] = (0x0B, 0x5C, 0xAD)
    pixels[40:, :, :3] = rng.integers(0, 256, (20, 200, 1)) // 3 + np.array([20, 60, 90], dtype=np.uint8)
    pixels[50:, ::40, :3] = rng.integers(0, 256, (10, 5, 3))
    image = show._in_few_colours(pixels)
    assert len(image.getcolors()) <= show.COLOURS
    off = np.abs(np.asarray(image.convert("RGB")).astype(int) - pixels[..., :3])
    assert (off[:40] == 0).all()
    assert off[40:50].max() <= 7


def test_a_figure_of_pyplot_is_closed_and_not_shown_twice(shown):
    fig = pyplot.figure()
    display.figure(fig, "a", "An empty figure.")
    assert not pyplot.fignum_exists(fig.number)


@pytest.mark.parametrize("id", ["", "a b", 'a"b', "é", None])
def test_an_id_that_cannot_be_linked_to_is_refused(shown, id):
    with pytest.raises(UsageError, match="cannot be linked to"):
        display.figure(drawn("a"), id)
    assert not shown


def test_a_figure_without_words_is_refused(shown):
    with pytest.raises(UsageError, match="has no alt text"):
        display.figure(drawn(), "a", "  ")


def test_records_hold_what_json_can_hold():
    row = {"a": np.float64("nan"), "b": np.int64(3), "c": [0.5, float("inf")], "d": {"site": "x\x00"}, "e": np.True_}
    row["f"] = None
    assert show.records([row]) == [{"a": None, "b": 3, "c": [0.5, None], "d": {"site": "x"}, "e": True, "f": None}]


def test_frames_behind_a_page_are_carried_and_not_shown(shown):
    week, moved = pd.DataFrame({"n": [30]}), pd.DataFrame({"segment": [{"site": "KUL"}], "n": [40]})
    display.behind(weekly=week, moved=[moved, moved])
    assert [list(one.data) for one in shown] == [["application/vnd.labelqa.frame"]] * 2
    told = [json.loads(one.data["application/vnd.labelqa.frame"]) for one in shown]
    assert (told[0]["id"], told[0]["values"]) == ("weekly", [[30]])
    assert told[1]["values"] == [[{"site": "KUL"}] * 2, [40, 40]]
