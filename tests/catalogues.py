"""Which sentences are marked, and the catalogues brought up to date with them: what `make catalogues` runs."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po
from jinja2 import Environment, nodes

from labelqa_lib.translation import LANGUAGES
from labelqa_lib.translation.markdown import blocks

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "labelqa_lib"
CATALOGUES = PACKAGE / "translation"

SAID = {"say": (0,), "N_": (0,), "count": (1, 2), "plural": (0, 1), "N_forms": (0, 1)}
"""Which arguments of a call are sentences: one, or its singular and plural."""
SHOWN = {"title", "note", "empty", "caption", "alt"}
"""Arguments by which a notebook's cell names what `display` shows."""

FOR_ANALYSTS = {"start_here", "explore", "audit_desk", "calibration_desk"}
"""Notebooks that are no reports: they speak English, as the command line does."""

Key = tuple[str | None, str | tuple[str, str]]
"""A sentence's context and itself; a pair where it has a plural."""


def of_python(source: str) -> Iterator[Key]:
    """Sentences marked in a module; calls inside of f-strings are seen, too."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            words = [arg.value if isinstance(arg, ast.Constant) and isinstance(arg.value, str) else None for arg in node.args]
            yield from _called(name, words)


def _called(name: str, words: list[str | None]) -> Iterator[Key]:
    if name == "say_as" and len(words) == 2 and all(words):
        yield words[0], words[1]
    found = [words[place] for place in SAID.get(name, ()) if place < len(words)]
    if found and all(found) and len(found) == len(SAID[name]):
        yield None, (found[0] if len(found) == 1 else tuple(found))


def of_template(source: str) -> Iterator[Key]:
    """Sentences marked in a Jinja template: ``{{ say("…") }}``."""
    for node in Environment(autoescape=False).parse(source).find_all(nodes.Call):
        words = [arg.value if isinstance(arg, nodes.Const) and isinstance(arg.value, str) else None for arg in node.args]
        yield from _called(getattr(node.node, "name", getattr(node.node, "attr", "")), words)


def of_notebook(source: str) -> Iterator[Key]:
    """A notebook's Markdown, block by block, and what its cells give `display` to show or mark themselves."""
    for cell in source.split("\n# %%")[1:]:
        head, _, body = cell.partition("\n")
        if "[markdown]" in head:
            lines = (line.removeprefix("#").removeprefix(" ") for line in body.rstrip("\n").split("\n"))
            yield from ((None, text) for _, text in blocks("\n".join(lines)) if text)
        else:
            yield from of_python(body)
            yield from ((None, text) for text in _shown(body))


def _shown(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if not (isinstance(node, ast.Call) and ast.unparse(node.func).startswith(("lq.display.", "page.over"))):
            continue
        given = [arg for arg in node.args if isinstance(arg, ast.Constant) and str(arg.value)[:1].isupper()]  # else an id
        given += [one.value for one in node.keywords if one.arg in SHOWN]
        for one in node.keywords:
            if one.arg == "titles":
                given += [part for part in ast.walk(one.value) if isinstance(part, ast.Dict)]
        for one in given:
            for part in one.values if isinstance(one, ast.Dict) else [one]:
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    yield part.value


def marked() -> set[Key]:
    """Every sentence that a page may show."""
    found: set[Key] = set()
    for path in sorted(PACKAGE.rglob("*.py")):
        found.update(of_python(path.read_text(encoding="utf-8")))
    for path in sorted(PACKAGE.rglob("*.j2")):
        found.update(of_template(path.read_text(encoding="utf-8")))
    for path in sorted((ROOT / "notebooks").glob("*.py")):
        if path.stem in FOR_ANALYSTS:
            continue
        found.update(of_notebook(path.read_text(encoding="utf-8")))
    with_plural = {said[0] for _, said in found if isinstance(said, tuple)}
    return {key for key in found if key[1] not in with_plural}  # of a pair, the singular alone is the same entry


def path_of(language: str) -> Path:
    """Where a language's catalogue lies."""
    return CATALOGUES / f"{language}.po"


def read(language: str) -> Catalog:
    """A language's catalogue."""
    with path_of(language).open("rb") as stream:
        return read_po(stream, locale=language, abort_invalid=True)


def key_of(message: Message) -> Key:
    """The sentence that an entry translates."""
    return message.context, tuple(message.id) if message.pluralizable else message.id


def texts(message: Message) -> list[str]:
    """An entry's translations, one a plural form."""
    return list(message.string) if isinstance(message.string, tuple | list) else [message.string]


def update(language: str, translations: dict[Key, str | list[str]] | None = None) -> int:
    """Write a language's catalogue anew: every marked sentence, sorted, with what is known of it; how many are missing.

    Neither line numbers nor dates are in it, so that branches merge quietly. The head of the file is kept as it is.
    """
    head = path_of(language).read_text(encoding="utf-8").split("\n\n", 1)[0].rstrip("\n")
    forms = read(language).num_plurals
    known = {key_of(message): texts(message) for message in read(language) if message.id}
    known |= {key: [given] if isinstance(given, str) else given for key, given in (translations or {}).items()}
    entries, missing = [], 0
    for context, said in sorted(marked(), key=lambda key: (key[1] if isinstance(key[1], str) else key[1][0], key[0] or "")):
        found = known.get((context, said)) or [""] * (forms if isinstance(said, tuple) else 1)
        missing += not all(found)
        lines = [f"msgctxt {_quoted(context)}"] if context else []
        if isinstance(said, tuple):
            lines += [f"msgid {_quoted(said[0])}", f"msgid_plural {_quoted(said[1])}"]
            lines += [f"msgstr[{place}] {_quoted(text)}" for place, text in enumerate(found)]
        else:
            lines += [f"msgid {_quoted(said)}", f"msgstr {_quoted(found[0])}"]
        entries.append("\n".join(lines))
    path_of(language).write_text("\n\n".join([head, *entries]) + "\n", encoding="utf-8")
    return missing


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


if __name__ == "__main__":
    left = {language: update(language) for language in LANGUAGES}
    print(", ".join(f"{language}: {missing} to translate" for language, missing in left.items()))
    sys.exit(any(left.values()))
