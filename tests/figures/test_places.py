"""Places of a figure lie where what they stand for is drawn."""

from __future__ import annotations

import base64
import io

import numpy as np
import pandas as pd
from PIL import Image

from labelqa_lib import figures
from labelqa_lib.display.show import image_of


def frame(dim: str, values, **columns) -> pd.DataFrame:
    n = len(values)
    numbers = {"estimate": np.linspace(0.5, 0.9, n), "n": 100}
    made = pd.DataFrame({"metric": "accuracy", dim: values, "period": "2026-W46", **numbers, **columns})
    return made.assign(ci_low=made["estimate"] - 0.02, ci_high=made["estimate"] + 0.02, n_effective=100.0, method="", reason="")


def pixels(fig) -> np.ndarray:
    image, _width, _height = image_of(fig)
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(image))).convert("RGB")).astype(int)


def part(picture: np.ndarray, box) -> np.ndarray:
    left, top, width, height = box
    rows, columns = picture.shape[:2]
    return picture[round(top * rows) : round((top + height) * rows), round(left * columns) : round((left + width) * columns)]


def blue(part: np.ndarray) -> int:
    return int((abs(part - np.array([0x0B, 0x5C, 0xAD])).sum(axis=2) < 30).sum())


def test_rows_of_segments_tile_the_picture_and_hold_their_dot():
    fig = figures.compare(frame("site", ["K", "L", "M"]), "site", title="Accuracy")
    picture, found = pixels(fig), figures.places(fig)
    assert sorted(one.where["site"] for one in found) == ["K", "L", "M"]
    boxes = sorted((one.box for one in found), key=lambda box: box[1])
    assert all(box[0] == 0 and box[2] == 1 for box in boxes)
    assert np.allclose([one[1] + one[3] for one in boxes[:-1]], [one[1] for one in boxes[1:]])
    worst = next(one.box for one in found if one.where["site"] == "K")
    assert worst == boxes[0], "the worst first"
    assert all(blue(part(picture, box)) > 100 for box in boxes)


def test_cells_of_the_matrix_hold_their_colour():
    pairs = [("ok", "ok", 90), ("ok", "spam", 10), ("spam", "spam", 50), ("spam", "ok", 50)]
    matrix = pd.DataFrame(pairs, columns=["reference_label", "label", "n"])
    matrix["share"] = matrix["n"] / matrix.groupby("reference_label")["n"].transform("sum")
    fig = figures.confusion(matrix)
    picture, found = pixels(fig), {tuple(one.where.values()): one.box for one in figures.places(fig)}
    assert set(found) == {(one, other) for one, other, _n in pairs}
    middle = {pair: np.median(part(picture, box).reshape(-1, 3), axis=0) for pair, box in found.items()}
    assert middle["spam", "ok"][2] < middle["ok", "spam"][2] - 40, "half taken for ok is a deeper orange than a tenth"
    assert abs(middle["ok", "ok"] - [0xEE, 0xF1, 0xF4]).max() < 6, "what was right is grey"


def test_a_figure_that_leads_nowhere_has_no_places():
    assert not figures.places(figures.compare(frame("site", ["K"]).assign(estimate=np.nan), "site"))
