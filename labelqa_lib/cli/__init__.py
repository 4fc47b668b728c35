"""The command line: arguments in, exit code out. The only room that prints."""

from __future__ import annotations

import signal
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import click

from labelqa_lib.cli.actions import actions
from labelqa_lib.cli.deliver import check, demo, ingest
from labelqa_lib.cli.draw import draw
from labelqa_lib.cli.frame import EPILOG, one_line
from labelqa_lib.cli.keys import key
from labelqa_lib.cli.load import load
from labelqa_lib.cli.report import list_, run
from labelqa_lib.cli.share import mail, publish
from labelqa_lib.errors import LabelqaError


class _Terminated(BaseException):
    """SIGTERM arrived; unwinds the stack like Ctrl-C does."""


class _Interrupted(KeyboardInterrupt):
    """Ctrl-C. Of a class of its own: where a plain KeyboardInterrupt comes out of text that is executed, as in every data class that is
    being imported, CPython ends what was started by ``python -m`` by the signal in the end, whatever its exit code."""


_ENDINGS = {signal.SIGINT: ("interrupted", 130), signal.SIGTERM: ("terminated", 143)}
_arrived: list[signal.Signals] = []
"""Signals that came: an engine at work tells of its query only, whatever a handler raised in it."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line (that of this process, or `arguments`) and leave with its exit code."""
    sys.exit(_exit_code(arguments))


def _exit_code(arguments: Sequence[str] | None) -> int:
    _arrived.clear()
    try:
        return commands.main(arguments, prog_name="labelqa", standalone_mode=False) or 0
    except (Exception, _Terminated) as error:  # noqa: BLE001 (the last resort: a sentence, then where)
        ended_by = _arrived or [signal.SIGINT] * isinstance(error, click.Abort)
        if ended_by:
            word, code = _ENDINGS[ended_by[0]]
            click.echo(f"labelqa: {word}", err=True)
            return code
        return _failed(error)


def _failed(error: Exception) -> int:
    """Say what went wrong; the exit code."""
    match error:
        case click.ClickException():
            error.show()
            return 2
        case LabelqaError():
            for problem in error.problems:
                click.echo(f"labelqa: {one_line(problem)}", err=True)
            return error.exit_code
        case OSError():
            click.echo(f"labelqa: {error.filename or 'the system'}: {error.strerror or error}", err=True)
            return 1
    traceback.print_exception(error)
    click.echo(f"labelqa: stopped by an error of its own ({type(error).__name__}: {error}); please report it", err=True)
    return 1


def _terminate(*_) -> NoReturn:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    _arrived.append(signal.SIGTERM)
    raise _Terminated


def _interrupt(*_) -> NoReturn:
    _arrived.append(signal.SIGINT)
    raise _Interrupted


@click.group(epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--root", envvar="LABELQA_ROOT", type=click.Path(exists=True, file_okay=False, path_type=Path),
              help="The workspace (default: the one this folder lies in; or set LABELQA_ROOT).")  # fmt: skip
@click.version_option(package_name="labelqa", message="%(prog)s %(version)s")
@click.pass_context
def commands(context: click.Context, root: Path | None) -> None:
    """Weekly labelling-quality reports that say how sure they are."""
    signal.signal(signal.SIGTERM, _terminate)
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # a shell's background job ignores it, and may
        signal.signal(signal.SIGINT, _interrupt)
    context.obj = root


for _command in (demo, check, ingest, load, run, draw, actions, key, publish, mail, list_):
    commands.add_command(_command)
