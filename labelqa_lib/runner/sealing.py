"""Seals a page: its own policy lets run what stands in it, by hash, and nothing that a browser would have to fetch."""

from __future__ import annotations

import base64
import hashlib
import html
import re

from labelqa_lib.errors import UsageError
from labelqa_lib.runner.reading import Reading, read

POLICY = "<!-- policy -->"
"""Where a template wants the policy: first in the head, before anything that it judges."""

_RULES = "default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'"
_ENDS_A_RULE = re.compile("[<>{}]")
_ATTRIBUTE = re.compile(r"""\s+([^\s"'>/=]+)(?:\s*=\s*("[^"]*"|'[^']*'|[^\s"'=<>`]+))?""")


def requests_of(page: str) -> list[str]:
    """What would a browser fetch from the network to show this page? Nothing, for a page that may be published."""
    return read(page).requests


def sealed(page: str, script: str = "") -> str:
    """Which policy lets this page be what it is, and no more?

    Parameters
    ----------
    page : str
        HTML with `POLICY` in its head.
    script : str
        The one script that may run: the text between its tags, as it stands in the page. Any other stays inert.

    Returns
    -------
    str
        The page with a Content-Security-Policy that names its styles and the script by hash. A policy by hash forbids
        style attributes, so each different one became a class. Event handlers have no hash and never run.

    Raises
    ------
    UsageError
        When the page would ask the network for something.

    Source: W3C Content Security Policy Level 3, 6.7.3.2 (hashes), 6.7.3.1 (`unsafe-inline` for attributes).
    """
    reading = read(page)
    if reading.requests:
        raise UsageError([f"the page asks the network for {what}; embed it instead" for what in reading.requests])
    page, styles = _without_style_attributes(page, reading)
    rules = [_RULES, _allowed("style-src", styles), _allowed("script-src", [script] if script else [])]
    policy = html.escape("; ".join(filter(None, rules)), quote=False)
    return page.replace(POLICY, f'<meta http-equiv="Content-Security-Policy" content="{policy}">', 1)


def _allowed(directive: str, texts: list[str]) -> str:
    if not texts:
        return ""
    digests = (base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in texts)
    return " ".join([directive, *dict.fromkeys(f"'sha256-{digest}'" for digest in digests)])


def _without_style_attributes(page: str, reading: Reading) -> tuple[str, list[str]]:
    """The page with a class in the place of every style attribute, and its styles."""
    if not reading.styled:
        return page, reading.styles
    starts = [0] + [found.end() for found in re.finditer("\n", page)]
    classes: dict[str, str] = {}
    pieces, done = [], 0
    for (line, column), tag in reading.styled:
        start = starts[line - 1] + column
        pieces += [page[done:start], _classed(tag, classes)]
        done = start + len(tag)
    page = "".join([*pieces, page[done:]])
    rules = "\n".join(f".{name} {{ {_ENDS_A_RULE.sub(' ', style)} }}" for style, name in classes.items())
    return page.replace("</head>", f"<style>{rules}</style>\n</head>", 1), [*reading.styles, rules]


def _classed(tag: str, classes: dict[str, str]) -> str:
    """One start tag with the class that says what its style attribute said."""
    opening = re.match(r"<[^\s/>]+", tag)[0]
    kept, names = [], []
    for name, value in _ATTRIBUTE.findall(tag[len(opening) :]):
        said = html.unescape(value[1:-1] if value[:1] in ("'", '"') else value)
        if name.lower() == "style":
            names.append(classes.setdefault(said, f"lq-style-{len(classes) + 1}"))
        elif name.lower() == "class":
            names.append(said)
        else:
            kept.append(f" {name}={value}" if value else f" {name}")
    end = "/>" if tag.endswith("/>") else ">"
    return f'{opening}{"".join(kept)} class="{html.escape(" ".join(names), quote=True)}"{end}'
