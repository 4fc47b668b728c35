"""What workers, their kernels and the server that forks them have for an environment: nothing of the user's."""

from __future__ import annotations

import os
from pathlib import Path

FORK_SERVER = "LABELQA_FORK_SERVER"
"""In a worker's environment, the path of the fork server's socket."""
NEEDLESS = ("rfc3987_syntax", "isoduration", "pyarrow.fs")
"""What libraries of a worker import if they can, and no page needs there: jsonschema's grammar of international web
addresses (1.3 s to build) and its check of durations, papermill's way to Hadoop (with numpy and Arrow, 12 MiB)."""
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


def isolated(scratch: Path, cache: Path) -> dict[str, str]:
    """The environment of a worker, its kernels and what they are forked from.

    The same bytes on every machine, and nothing in the home.

    Parameters
    ----------
    scratch : Path
        Short (a socket's path has at most 107 bytes), removed with the run.
    cache : Path
        Kept between runs: matplotlib's list of fonts takes seconds to make.
    """
    return {
        **dict.fromkeys(ONE_THREAD, "1"),
        "LABELQA_KEY_FILE": "",  # no page needs to know where the key of pseudonyms lies
        "TMPDIR": str(scratch),
        "PYTHONHASHSEED": "0",
        "JE_ARROW_MALLOC_CONF": "background_thread:false",  # with that thread, what has imported pandas cannot fork
        "IPYTHONDIR": str(scratch / "ipython"),
        "JUPYTER_CONFIG_DIR": str(scratch / "config"),
        "JUPYTER_DATA_DIR": str(scratch / "data"),
        "JUPYTER_RUNTIME_DIR": str(scratch),
        "XDG_CACHE_HOME": str(cache),
        "MPLCONFIGDIR": os.environ.get("MPLCONFIGDIR", str(cache / "matplotlib")),
    }
