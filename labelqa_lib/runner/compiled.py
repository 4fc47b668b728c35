"""Templates as they were compiled, kept beside them as Python keeps its own modules: no run need do it again."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

from jinja2 import FileSystemBytecodeCache

TEMPLATES = Path(__file__).with_name("templates")


@lru_cache(maxsize=1)
def bytecode() -> FileSystemBytecodeCache | None:
    """Where an environment of Jinja's finds its templates compiled, and keeps what it compiles; None where nothing can be
    written beside the package. What a template's text does not agree with is compiled again.

    It lies with the package and not with the reports: whoever may write there could have this machine run what they like.
    """
    folder = TEMPLATES / "__pycache__"
    try:
        folder.mkdir(exist_ok=True)
    except OSError:
        return None
    return FileSystemBytecodeCache(str(folder), "%s.jinja") if os.access(folder, os.W_OK) else None
