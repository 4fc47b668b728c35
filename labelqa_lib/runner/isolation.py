"""What workers, their kernels and the server that forks them have for an environment: nothing of the user's."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

FORK_SERVER = "LABELQA_FORK_SERVER"
"""In a worker's environment, the path of the fork server's socket."""
NEEDLESS = ("rfc3987_syntax", "rfc3986_validator", "isoduration", "pyarrow.fs", "boto3")
"""What libraries of a worker import if they can, and no page needs there: jsonschema's grammars of web addresses (1.3 s to build)
and its check of durations, papermill's ways to Hadoop (with numpy and Arrow, 12 MiB) and to Amazon."""
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


@contextmanager
def importing_for_workers(environment: Mapping[str, str]) -> Iterator[None]:
    """While what workers use is imported: in their environment, which some libraries read on import, without what is `NEEDLESS`,
    and without looking for garbage, of which imports make little.

    All is as before afterwards: this may be the process that workers are forked from, and whoever asks there for something
    `NEEDLESS` finds it.

    Parameters
    ----------
    environment : mapping of str to str
        What `isolated` gives.
    """
    variables, modules = os.environ.copy(), {name: sys.modules[name] for name in NEEDLESS if name in sys.modules}
    collecting = gc.isenabled()
    gc.disable()
    os.environ |= environment
    sys.modules.update(dict.fromkeys(NEEDLESS))
    try:
        yield
    finally:
        for name in NEEDLESS:
            del sys.modules[name]
        sys.modules.update(modules)
        for name in environment.keys() - variables.keys():
            del os.environ[name]
        os.environ |= {name: variables[name] for name in environment.keys() & variables.keys()}
        if collecting:
            gc.enable()
