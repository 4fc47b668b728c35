"""The key of pseudonyms: made once by `labelqa key`, kept outside of the workspace, read by nobody but this command
line and written into nothing."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

import click

from labelqa_lib.cli.frame import EPILOG, Workspace, console
from labelqa_lib.errors import UsageError

VARIABLE = "LABELQA_KEY_FILE"
BYTES = 32
"""Length of a key: that of the hash it is used with (RFC 2104, section 3)."""


def key_file(workspace: Workspace) -> Path:
    """Where the key lies: the environment's LABELQA_KEY_FILE, else `partners.key_file` of params/workspace.yaml.

    Raises
    ------
    UsageError
        When that is inside the workspace, where it would be copied and committed with everything else.
    """
    path = Path(os.environ.get(VARIABLE) or workspace.settings.partners.key_file).expanduser().absolute()
    if path.resolve().is_relative_to(workspace.root.resolve()):
        raise UsageError(f"{path}: the key of pseudonyms must lie outside of the workspace; set {VARIABLE}, or "
                         "partners.key_file in params/workspace.yaml, to a file elsewhere")  # fmt: skip
    return path


def read_key(workspace: Workspace) -> bytes:
    """The workspace's key.

    Raises
    ------
    UsageError
        When there is none, others may read it, or it is no key; the sentence never shows what the file holds.
    """
    path = key_file(workspace)
    try:
        text = path.read_text(encoding="ascii").strip()
        mode = stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        raise UsageError(f"{path}: there is no key for pseudonyms yet; make one with `labelqa key`") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: the key of pseudonyms cannot be read ({type(error).__name__})") from None
    if mode & 0o077:
        raise UsageError(f"{path}: others may read the key of pseudonyms (mode {mode:04o}); run `chmod 600 {path}`")
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) < BYTES:
        raise UsageError(f"{path}: is no key of {BYTES} bytes or more in hexadecimal; restore it, or move it away and "
                         "make another with `labelqa key` (all pseudonyms change)")  # fmt: skip
    return key


@click.command("key", epilog=EPILOG)
@click.pass_obj
def key(root) -> None:
    """Make the key of partners' pseudonyms, once; an existing one stays."""
    workspace, out = Workspace(root), console()
    path = key_file(workspace)
    if path.exists():
        read_key(workspace)
        out.print(f"{path} holds a key already; it stays")
        return
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        os.fchmod(handle, 0o600)
        file.write(secrets.token_hex(BYTES) + "\n")
    out.print(f"{path} holds a new key; keep a copy where secrets are kept: without it pseudonyms change")
