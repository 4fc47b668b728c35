"""What goes to another machine with a page: the workspace's own small files. Data it must see there itself."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from labelqa_lib.runner.plan import PlannedPage

_LONG_AGO = (1980, 1, 1, 0, 0, 0)


def packed(root: Path, paths: Iterable[Path]) -> bytes:
    """Files of a workspace as an archive; of a folder, everything below it. The same files give the same bytes.

    Parameters
    ----------
    root : Path
    paths : iterable of Path
        Below `root`; what is elsewhere or not there is left out.
    """
    below = (one for path in paths for one in ([path] if path.is_file() else path.rglob("*")))
    files = sorted({path for path in below if path.is_file() and path.is_relative_to(root)})
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files:
            archive.writestr(zipfile.ZipInfo(path.relative_to(root).as_posix(), _LONG_AGO), path.read_bytes())
    return content.getvalue()


def unpacked(page: PlannedPage, archive: bytes, earlier: bytes | None, reports: str, into: Path) -> PlannedPage:
    """A workspace for one page in a folder of its own, and the page as it is to be made there.

    What was carried lies in it as it was packed; whatever else the workspace holds is linked, where this machine has it
    at the same path. The page's files go into the folder, so that nothing is written into a workspace that is shared.

    Parameters
    ----------
    archive : bytes
        Of `packed`.
    earlier : bytes or None
        What the report of the week before found.
    reports : str
        The workspace's folder of reports, where the page looks for that.
    into : Path
        Empty.
    """
    with zipfile.ZipFile(io.BytesIO(archive)) as files:
        files.extractall(into)
    inside = not Path(reports).is_absolute()
    own = Path(reports if inside else ".reports")
    made = replace(page, root=into, reports=into / own, notebook=into / page.notebook.relative_to(page.root))
    for folder in (made.folder, made.earlier.parent, made.failed.parent):
        folder.mkdir(parents=True, exist_ok=True)
    if earlier is not None:
        made.earlier.write_bytes(earlier)
    for folder in (Path(), *reversed(own.parents), own, own / ".cache"):
        _link(page.root / folder, into / folder)
    return made


def _link(there: Path, here: Path) -> None:
    """Link everything in a folder that is not in the other already."""
    if not there.is_dir():
        return
    here.mkdir(exist_ok=True)
    for path in there.iterdir():
        if not (here / path.name).exists():
            (here / path.name).symlink_to(path)
