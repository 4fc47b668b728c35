"""The one place that hands something to the notebook: a bundle of formats, and figures as images."""

from __future__ import annotations

import base64
import inspect
import io
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from IPython.display import display
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from labelqa_lib.display import safe, values
from labelqa_lib.errors import UsageError
from labelqa_lib.translation import say

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

DPI = 192
"""Dots per inch of an image; the page shows it at half its width in dots, so that it is sharp on dense screens."""

COLOURS = 256
_LONG = np.iinfo(np.uint16).max
"""Runs of so many pixels are sorted as if they were no longer."""

ALT_LENGTH = 400


FRAME_MIME = "application/vnd.labelqa.frame"
"""Under this type the notebook carries the frame that a table or a figure shows, for the page's spreadsheet: JSON, as a text that
nobody on the way from a kernel to there goes through value by value."""

MOST_ROWS = 5000
"""A frame is carried up to here, and how many rows it had is said; with more it is no aggregate that a reader could use."""

UNANSWERED = {"labelqa": {"unanswered": True}}
"""Metadata of an output that only says why there is nothing to show; the report leaves out sections made of these."""


def bundle(html: str, text: str, *, unanswered: bool = False, locale: str = "", **data: object) -> None:
    """Show `html` on the page and `text` in the notebook, with further formats by MIME type.

    `locale` tells the runner in which one the rest of the page is to be said.
    """
    metadata = UNANSWERED if unanswered else {"labelqa": {"locale": locale}} if locale else {}
    display({"text/html": html, "text/plain": text, **data}, metadata=metadata, raw=True)


def identifier(id: str) -> str:
    """`id` when it can be the target of a link.

    Raises
    ------
    UsageError
        When it is empty or holds anything but letters, digits, hyphens and underscores.
    """
    if not isinstance(id, str) or not id.replace("-", "").replace("_", "").isalnum() or not id.isascii():
        raise UsageError(f"id {id!r} cannot be linked to; use letters, digits and hyphens, such as accuracy-trend")
    return id


def figure(fig: Figure, id: str, alt: str = "", *, unanswered: bool = False, **data: object) -> None:
    """Show a matplotlib figure as an image of at most 256 colours, and close it.

    Parameters
    ----------
    fig : Figure
    id : str
        Fixed identifier on the page, which findings link to.
    alt : str
        The figure's message in a sentence, for whoever does not see it; the figure's own label where left out.
    data
        Further formats by MIME type.

    Raises
    ------
    UsageError
        When `id` cannot be linked to, or there is neither `alt` nor a label.
    """
    alt = safe.plain(say(alt) or fig.get_label(), ALT_LENGTH)
    if not alt:
        raise UsageError(f"figure {id!r} has no alt text; say its message in a sentence")
    identifier(id)
    image, width, height = image_of(fig)
    message = alt.partition(": ")[2]  # of a figure's own label, whose title stands in the picture
    described = {"alt": alt, "id": id, "width": width, "height": height, "message": message}
    metadata = {"image/png": described, **(UNANSWERED if unanswered else {})}
    display({"image/png": image, "text/plain": alt, **data}, metadata=metadata, raw=True)


def chart(draw: Callable[..., Figure], frame: pd.DataFrame, *args, id: str, **options) -> None:
    """Draw a frame with a function of `figures` and show it under `id`: ``chart(figures.trend, frame, id="trend")``.

    Further arguments go to `draw`. The alt text is the message that the figure carries as its label.
    """
    unanswered = not len(frame) or ("estimate" in frame and bool(frame["estimate"].isna().all()))
    own = inspect.signature(draw).parameters.get("title")
    title = options.get("title", own.default if own and own.default is not own.empty else "")
    figure(draw(frame, *args, **options), id, unanswered=unanswered, **carried(frame, id, say(title)))


def carried(frame: pd.DataFrame, id: str, title: str = "") -> dict[str, str]:
    """A frame as data to carry beside what is shown of it: its ``columns`` in order, the ``values`` of each, and what they are;
    ``total`` where it had more rows than are carried."""
    told = values.columns(frame.head(MOST_ROWS))
    about = {"id": id, "title": safe.plain(title, 200), "columns": [str(name) for name in told]}
    cut = {"total": len(frame)} if len(frame) > MOST_ROWS else {}
    held = [[_plain_value(value) for value in column] for column in told.values()]
    return {FRAME_MIME: json.dumps({**about, "values": held, **cut}, ensure_ascii=False)}


def behind(**frames: pd.DataFrame | Sequence[pd.DataFrame]) -> None:
    """Carry frames that stand behind findings and cards, and that no table or figure shows, into the page's spreadsheet.

    Parameters
    ----------
    frames : DataFrame, or sequence of them
        By the name of their sheet; several are put below each other. Nothing is shown.
    """
    import pandas

    for name, given in frames.items():
        frame = given if isinstance(given, pandas.DataFrame) else pandas.concat(given, ignore_index=True)
        display(carried(frame, identifier(name), say("Behind cards and findings")), raw=True)


def image_of(fig: Figure) -> tuple[str, int, int]:
    """The figure as a base64 PNG and the size at which to show it, in CSS pixels."""
    # `savefig` would draw three times: to find a renderer, to find the layout, and to write a file that is read again.
    fig.set_dpi(DPI)
    canvas = fig.canvas if isinstance(fig.canvas, FigureCanvasAgg) else FigureCanvasAgg(fig)
    canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())
    # A figure that pyplot knows of would be shown a second time at the end of its cell.
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close(fig)
    small, packed = _in_few_colours(pixels), io.BytesIO()
    small.save(packed, format="PNG", compress_level=4)  # 6 takes a third longer for 4 % fewer bytes
    return base64.b64encode(packed.getvalue()).decode("ascii"), round(small.width / 2), round(small.height / 2)


def _in_few_colours(pixels: np.ndarray) -> Image.Image:
    """Opaque pixels, shape (rows, columns, 4), in at most `COLOURS` colours: what is filled keeps its own exactly, the
    shades at its edges are off by a thirtieth of full light at most, and more where there are more than `COLOURS`.

    Pixels are looked at in runs of one colour, of which there are thirty times fewer.
    """
    rows, columns = pixels.shape[:2]
    whole = pixels.reshape(-1, 4).view(np.uint32).reshape(-1)
    start = np.concatenate([[0], np.flatnonzero(whole[1:] != whole[:-1]) + 1])
    length, colour = np.diff(start, append=len(whole)), whole[start]
    red, green, blue = (colour.view(np.uint8).reshape(-1, 4)[:, :3] >> 3).astype(np.uint16).T
    shade = red << 10 | green << 5 | blue
    share = np.bincount(shade, length)
    used = np.flatnonzero(share)
    used = used[np.argsort(-share[used], kind="stable")]
    # Of the colours of one shade, that of the longest run stands for all: written last.
    longest = np.argsort(np.minimum(length, _LONG).astype(np.uint16), kind="stable")
    stands_for = np.zeros(len(share), dtype=np.uint32)
    stands_for[shade[longest]] = colour[longest]
    colours = stands_for[used].view(np.uint8).reshape(-1, 4)[:, :3].astype(np.int32)
    palette, code = colours[:COLOURS], np.zeros(len(share), dtype=np.uint8)
    code[used[:COLOURS]] = np.arange(len(palette))
    # Nearest by its square distance, of which the colour's own square is the same for all; exact in whole numbers.
    code[used[COLOURS:]] = (np.square(palette).sum(axis=1) - 2 * colours[COLOURS:] @ palette.T).argmin(axis=1)
    image = Image.frombuffer("P", (columns, rows), np.repeat(code[shade], length), "raw", "P", 0, 1)
    image.putpalette(palette.astype(np.uint8).tobytes())
    return image


def records(rows: list[Mapping]) -> list[dict]:
    """Rows as JSON can hold them: NaN is null, numpy scalars are plain numbers."""
    return [{name: _plain_value(value) for name, value in row.items()} for row in rows]


def _plain_value(value: object) -> object:
    if type(value) is str:  # as nearly all are, or floats
        return safe.plain(value, safe.SENTENCE_LENGTH)
    if type(value) is float:
        return value if value - value == 0 else None
    if isinstance(value, Mapping):
        return {str(name): _plain_value(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain_value(inner) for inner in value]
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float):
        return value if value - value == 0 else None
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return None
    return value if isinstance(value, bool | int) else safe.plain(value, safe.SENTENCE_LENGTH)
