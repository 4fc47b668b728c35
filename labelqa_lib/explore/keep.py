"""What an analyst takes along from a view: lines of code, a page of its own, files. Each is written only when asked for."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, time
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from labelqa_lib import figures
from labelqa_lib.display.show import image_of
from labelqa_lib.errors import UsageError
from labelqa_lib.explore.answers import Answers
from labelqa_lib.explore.show import Drawing, segments_drawing
from labelqa_lib.explore.view import View
from labelqa_lib.files import inert, write_whole
from labelqa_lib.periods import Week

_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")

_HEAD = """\
# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---
"""

_PAGE = """
# %% [markdown]
# # {title}
#
# **{question}**
#
# Kept from the desk: `notebooks/explore`.

# %% tags=["parameters"]
market: str = {market!r}  # the market to look at
week: str = ""  # ISO week such as 2026-W46; empty for the market's latest in the snapshot
audience: str = "internal"  # who reads the page
data: str = ""  # folder of snapshots; empty for the workspace's own
snapshot: str = ""  # a snapshot's id; empty for the current one

# %%
import labelqa_lib as lq

view = {view}
answers = lq.explore.Answers(view.asked(market, week), lq.open_page, audience, data, snapshot)
page = answers.page()
lq.display.title({title!r}, {question!r}, **page.title())

# %%
lq.explore.show.summary(answers)

# %% [markdown]
# ## Segments
#
# ### Where is it better or worse, and did it move?

# %%
lq.explore.show.segments(answers)

# %% [markdown]
# ## Weeks
#
# ### Is the week within its usual range?

# %%
lq.explore.show.trend(answers)

# %% [markdown]
# ## Items
#
# ### Which annotations are behind the figure?

# %%
lq.explore.show.items(answers)

# %% [markdown]
# ## How this was made

# %%
lq.display.provenance(page.provenance() | answers.facts())
"""


def code(view: View) -> str:
    """The lines that reproduce a view in a cell."""
    return (
        "import labelqa_lib as lq\n\n"
        f"view = {view.code()}\n"
        "answers = lq.explore.Answers(view, lq.open_page)\n"
        "lq.explore.show.summary(answers)\n"
        "lq.explore.show.segments(answers)"
    )


def as_notebook(answers: Answers, name: str) -> list[Path]:
    """Write the view as a page beside the other notebooks, for `labelqa run --notebook NAME`.

    Parameters
    ----------
    name : str
        Of the notebook: small letters, digits and underscores, and of none that exists.

    Returns
    -------
    list of Path
        The page as text and as a notebook.

    Raises
    ------
    UsageError
        When the name cannot be one, or is taken.
    """
    import jupytext

    folder = answers.page().root / "notebooks"
    if not _NAME.fullmatch(name):
        raise UsageError(f"name {name!r}: a notebook is named in small letters, digits and underscores, such as kul_queues")
    files = [folder / f"{name}.py", folder / f"{name}.ipynb"]
    taken = [path.name for path in files if path.exists()]
    if taken:
        raise UsageError(f"name {name!r}: {' and '.join(taken)} are there already; choose another name")
    view, title = answers.view, name.replace("_", " ").capitalize()
    # its own week is the page's parameter: kept this week, it is good for the next
    told = replace(view, week="", page=0)
    question = f"{answers.title}: where is it better or worse, and did it move?"
    text = _HEAD + _PAGE.format(title=title, question=question, market=view.markets[0], view=told.code())
    notebook = jupytext.reads(text, fmt="py:percent")
    for place, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{place}"
    write_whole(files[0], text)
    write_whole(files[1], jupytext.writes(notebook, fmt="ipynb"))
    return files


def as_files(answers: Answers, name: str, beside: Mapping[str, tuple[pd.DataFrame, Drawing | None]] | None = None) -> list[Path]:
    """Write what is shown as CSV, XLSX and PNG below the reports' folder ``explore``: the segments, and the part below.

    Parameters
    ----------
    name : str
        Of the files; those of an earlier export of this name are replaced.
    beside : mapping, optional
        Further frames by what their files are called after `name`, with their pictures.

    Raises
    ------
    UsageError
        When the name cannot be one.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(f"name {name!r}: files are named in small letters, digits and underscores, such as kul_queues")
    page = answers.page()
    folder = page.reports / "explore"
    folder.mkdir(parents=True, exist_ok=True)
    # all of it is made before any of it is written: what cannot be made leaves nothing behind
    written = _forms(answers.segments, page.week, "") | {".png": as_picture(answers)}
    for said, (frame, drawing) in (beside or {}).items():
        written |= _forms(frame, page.week, f".{said}")
        if drawing is not None:
            written[f".{said}.png"] = _image(drawing.figure())
    paths = []
    for ending, content in written.items():
        paths.append(folder / f"{name}{ending}")
        write_whole(paths[-1], content)
    return paths


def _forms(frame: pd.DataFrame, week: str, said: str) -> dict[str, bytes]:
    return {f"{said}.csv": as_csv(frame), f"{said}.xlsx": as_workbook(frame, week)}


def as_csv(frame: pd.DataFrame) -> bytes:
    """A frame as CSV in UTF-8; text that a spreadsheet would take for a formula begins with an apostrophe."""
    return frame.map(inert).to_csv(index=False, lineterminator="\r\n").encode()


def as_workbook(frame: pd.DataFrame, week: str) -> bytes:
    """A frame as a workbook in which no text is a formula; the same frame gives the same bytes."""
    packed = io.BytesIO()
    never = dict.fromkeys(["strings_to_formulas", "strings_to_urls", "strings_to_numbers"], False)
    with pd.ExcelWriter(packed, engine="xlsxwriter", engine_kwargs={"options": {"in_memory": True, **never}}) as book:
        book.book.set_properties({"created": datetime.combine(Week.parse(week).monday, time())})
        frame.to_excel(book, sheet_name="segments", index=False, freeze_panes=(1, 0))
    return packed.getvalue()


def as_picture(answers: Answers) -> bytes:
    """The segments' figure as PNG; of a view that is not cut, its weeks."""
    if answers.cut:
        return _image(segments_drawing(answers).figure())
    return _image(figures.trend(answers.trend, title=answers.title, unit=answers.unit))


def _image(fig: Figure) -> bytes:
    return base64.b64decode(image_of(fig)[0])
