"""The kernel a page runs in: this interpreter, a process of its own, nothing of the user's configuration."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager

ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


class PageKernel(AsyncKernelManager):
    """A kernel of the interpreter that runs labelqa, talked to over sockets in the worker's scratch folder.

    No kernel spec needs to be installed. TCP ports are picked before the kernel binds them, so that kernels started
    at once collide now and then (jupyter_client issue 487); file sockets cannot.
    """

    def __init__(self, **traits):
        super().__init__(transport="ipc", ip=str(Path(os.environ["JUPYTER_RUNTIME_DIR"]) / "k"), **traits)

    @property
    def kernel_spec(self) -> KernelSpec:
        return KernelSpec(
            argv=[sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
            display_name="labelqa",
            language="python",
        )


def isolate(scratch: Path, cache: Path) -> None:
    """Set the environment of this worker and of its kernels: the same bytes on every machine, nothing in the home.

    Parameters
    ----------
    scratch : Path
        Short (a socket's path has at most 107 bytes), removed with the run.
    cache : Path
        Kept between runs: matplotlib's list of fonts takes seconds to make.
    """
    os.environ |= dict.fromkeys(ONE_THREAD, "1")
    tempfile.tempdir = str(scratch)
    os.environ |= {
        "TMPDIR": str(scratch),
        "PYTHONHASHSEED": "0",
        "IPYTHONDIR": str(scratch / "ipython"),
        "JUPYTER_CONFIG_DIR": str(scratch / "config"),
        "JUPYTER_DATA_DIR": str(scratch / "data"),
        "JUPYTER_RUNTIME_DIR": str(scratch),
        "XDG_CACHE_HOME": str(cache),
        "MPLCONFIGDIR": os.environ.get("MPLCONFIGDIR", str(cache / "matplotlib")),
    }
