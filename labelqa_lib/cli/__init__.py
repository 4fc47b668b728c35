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


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line (that of this process, or `arguments`) and leave with its exit code."""
    sys.exit(_exit_code(arguments))


def _exit_code(arguments: Sequence[str] | None) -> int:
    try:
        return commands.main(arguments, prog_name="labelqa", standalone_mode=False) or 0
    except click.ClickException as error:
        error.show()
        return 2
    except click.Abort:
        click.echo("labelqa: interrupted", err=True)
        return 130
    except _Terminated:
        click.echo("labelqa: terminated", err=True)
        return 143
    except LabelqaError as error:
        for problem in error.problems:
            click.echo(f"labelqa: {one_line(problem)}", err=True)
        return error.exit_code
    except OSError as error:
        click.echo(f"labelqa: {error.filename or 'the system'}: {error.strerror or error}", err=True)
        return 1
    except Exception as error:  # noqa: BLE001 (the last resort: a sentence, then where)
        traceback.print_exc()
        click.echo(f"labelqa: stopped by an error of its own ({type(error).__name__}: {error}); please report it",
                   err=True)  # fmt: skip
        return 1


def _terminate(*_) -> NoReturn:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise _Terminated


@click.group(epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--root", envvar="LABELQA_ROOT", type=click.Path(exists=True, file_okay=False, path_type=Path),
              help="The workspace (default: the one this folder lies in; or set LABELQA_ROOT).")  # fmt: skip
@click.version_option(package_name="labelqa", message="%(prog)s %(version)s")
@click.pass_context
def commands(context: click.Context, root: Path | None) -> None:
    """Weekly labelling-quality reports that say how sure they are."""
    signal.signal(signal.SIGTERM, _terminate)
    context.obj = root


for _command in (demo, check, ingest, load, run, draw, actions, key, publish, mail, list_):
    commands.add_command(_command)
