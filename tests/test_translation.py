"""What is said in other languages: the mechanism, the catalogues, and that no sentence goes round them."""

from __future__ import annotations

import ast
import gettext
import io
import re
import string
from functools import cache

import pytest

from labelqa_lib import translation, wording
from labelqa_lib.errors import UsageError
from labelqa_lib.translation import LANGUAGES, N_, language_of, plural, say, say_as, speak, speaking
from labelqa_lib.translation.markdown import blocks, translated
from tests import catalogues

MARKED = {"wording", "translation", "symbols", "findings", "display", "figures", "sharing"}
"""Rooms all of whose sentences go through the catalogues."""


@pytest.mark.parametrize(
    ("locale", "language", "tag"),
    [
        ("es-MX", "es", "es-MX"),
        ("es", "es", "es"),
        ("ms-MY", "ms", "ms-MY"),
        ("zh-TW", "zh_Hant", "zh-Hant-TW"),
        ("zh-Hant-HK", "zh_Hant", "zh-Hant-HK"),
        ("zh-CN", "en", "en"),
        ("zh", "en", "en"),
        ("en-GB", "en", "en-GB"),
        ("hi-IN", "en", "en"),
    ],
)
def test_a_locale_picks_its_language(locale, language, tag):
    assert language_of(locale) == language
    with speaking(locale):
        assert translation.tag() == tag


def test_an_unknown_locale_is_refused_and_nothing_changes():
    with pytest.raises(UsageError, match="locale 'xx-QQ' is not known"):
        speak("xx-QQ")
    assert translation.spoken() == "en"


def test_a_process_that_makes_pages_of_several_markets_speaks_for_a_while():
    with speaking("es-ES"):
        assert say("{low} to {high}", low="1", high="2") == "1 a 2"
        with speaking("zh-TW"):
            assert wording.count(1240, "{n} audit", "{n} audits") == "1,240 次抽檢"
        assert plural("{n} audit", "{n} audits", 1, n=1) == "1 auditoría"
        assert plural("{n} audit", "{n} audits", 2, n=2) == "2 auditorías"
        assert say_as("a pattern of Unicode's CLDR", "EEEE d MMMM") == "EEEE d 'de' MMMM"
    assert say("{low} to {high}", low="1", high="2") == "1 to 2"


def test_what_no_catalogue_holds_stays_english_and_values_stay_as_they_are():
    with speaking("es-ES"):
        assert say("Nobody wrote this: {text}", text="{low} <b>") == "Nobody wrote this: {low} <b>"
        assert say("") == "", "gettext's head of the catalogue is nothing to say"
        assert say(N_("{brace")) == "{brace"


def test_markdown_is_said_block_by_block():
    source = "# Head\nBody of\ntwo lines\n\n- one\n  more\n- two\n\n```\n# code\n```\n| a | b |"
    assert list(blocks(source)) == [
        ("# ", "Head"), ("", "Body of two lines"), ("", ""), ("- ", "one more"), ("- ", "two"), ("", ""),
        ("```", ""), ("# code", ""), ("```", ""), ("| a | b |", ""),
    ]  # fmt: skip
    with speaking("es-ES"):
        assert translated("## {low} to {high}\n\n*as* it is") == "## {low} a {high}\n\n*as* it is"


def test_marked_sentences_are_found_where_they_stand():
    module = 'f"{count(n, \'{n} a\', \'{n} b\')}"\nsay("x " "y", v=1)\nX = N_("z")\nsay_as("c", "w")\nsay(X)\nlist.count("q")'
    assert set(catalogues.of_python(module)) == {
        (None, ("{n} a", "{n} b")), (None, "x y"), (None, "z"), ("c", "w"),
    }  # fmt: skip
    assert list(catalogues.of_template('{% if a %}<p title="{{ say("t {n}", n=2) }}">{% endif %}')) == [(None, "t {n}")]
    notebook = (
        "# ---\n# a: b\n# ---\n\n# %% [markdown]\n# # Title\n#\n# Two\n# lines\n\n# %%\n"
        'lq.display.table(x, "an-id", "Caption", titles={"a": "Heading"}, note="Note")\nother("Not Shown")\n'
    )
    assert {said for _, said in catalogues.of_notebook(notebook)} == {"Title", "Two lines", "Caption", "Heading", "Note"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_keep_the_places_of_values_and_have_every_plural(language):
    catalogue = catalogues.read(language)
    for message in catalogue:
        if not message.id or not any(catalogues.texts(message)):
            continue
        assert not message.fuzzy, message.id
        said, wanted = catalogues.texts(message), _places(message.id[-1] if message.pluralizable else message.id)
        assert len(said) == (catalogue.num_plurals if message.pluralizable else 1), message.id
        for text in said:
            assert _places(text) == wanted, f"{language}: {message.id!r} became {text!r}"
            assert text == text.strip() or message.id != message.id.strip(), f"{language}: blanks around {text!r}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_is_translated_and_no_translation_is_of_a_sentence_that_is_gone(language):
    catalogue = {catalogues.key_of(message): catalogues.texts(message) for message in catalogues.read(language) if message.id}
    missing = [said for _, said in catalogues.marked() - {key for key, said in catalogue.items() if all(said)}]
    assert not missing, f"{language}: run `make catalogues` and translate {missing}"
    assert not set(catalogue) - catalogues.marked(), f"{language}: run `make catalogues`"


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_code_recognizes_stays_recognizable(language):
    """`display` knows a figure that is withheld by how its reason begins."""
    catalogue = {catalogues.key_of(message): catalogues.texts(message) for message in catalogues.read(language)}
    reasons = [texts[0] for (_, said), texts in catalogue.items() if isinstance(said, str) and said.startswith("{withheld}")]
    assert len(reasons) == 2 and all(text.startswith("{withheld}") for text in reasons)


def _places(text: str) -> set[str]:
    try:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
    except ValueError:
        return set()


FILES = [path for path in sorted(catalogues.PACKAGE.rglob("*.py")) if path.relative_to(catalogues.PACKAGE).parts[0].removesuffix(".py") in MARKED]
WORDS = re.compile(r"[A-Za-z]{2,}[,;:]? [A-Za-z]{2,}|^[A-Z][a-z]{2,}$")
MARKS = {*catalogues.SAID, "say_as"}
COMPARES = {"isin", "endswith", "startswith", "get", "query", "eq", "removeprefix", "removesuffix"}
CODES = {"likely meets", "likely misses", "not enough data", "unclear SOP"}
"""Words that frames carry and code compares; `display` says them."""
NEVER_SAID = {
    "axes fraction", "offset points", "Oranges",  # matplotlib's
    "Noto Sans", "Noto Sans Thai", "Noto Sans Arabic", "Noto Sans Devanagari", "Noto Sans CJK TC", "DejaVu Sans",
    " is no mail address; write one like lead@example.org",  # an error's
    "From", "To", "Subject", "Date",  # names of what is imported, and of a mail's headers
}  # fmt: skip


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(catalogues.PACKAGE)))
def test_no_sentence_goes_round_the_catalogues(path):
    """Two English words in a row, or a capitalized one, are a sentence: it is marked, or it never reaches a page (an
    error, a docstring)."""
    unmarked = list(_unmarked(ast.parse(path.read_text(encoding="utf-8"))))
    assert not unmarked, f"{path}: mark with say() or N_(): {unmarked}"


def _is_said(text: str) -> bool:
    """Whether it reads as a sentence: tags, closed or not, are none; nor is a word that is marked elsewhere and compared."""
    words = re.sub("<[^>]*(>|$)", "", text)
    return bool(WORDS.search(words)) and words not in NEVER_SAID and words not in _marked()


@cache
def _marked() -> set[str]:
    return {said for _, said in catalogues.marked() if isinstance(said, str)}


def _unmarked(node: ast.AST):
    if isinstance(node, ast.Raise):
        return
    if isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name in MARKS:
            for child in (*node.args, *node.keywords):
                if not isinstance(child, ast.Constant):
                    yield from _unmarked(child)
            return
        if name in COMPARES:
            return
    if isinstance(node, ast.Compare) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
        return  # a docstring
    if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
        return
    if isinstance(node, ast.Constant) and node.value in CODES:
        return
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and _is_said(node.value):
        yield f"line {node.lineno}: {node.value!r}"
    for child in ast.iter_child_nodes(node):
        if not (isinstance(node, ast.arg | ast.AnnAssign) and child is node.annotation):
            yield from _unmarked(child)


def test_a_catalogue_is_compiled_once_and_again_when_it_is_another(tmp_path, monkeypatch):
    source = tmp_path / "es.po"
    source.write_text('msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\nmsgid "Page"\nmsgstr "Página"\n', encoding="utf-8")

    def said() -> str:
        return gettext.GNUTranslations(io.BytesIO(translation._compiled(source))).gettext("Page")

    assert said() == "Página"
    assert [path.name for path in (tmp_path / "__pycache__").iterdir()] == ["es.mo"]
    with monkeypatch.context() as without:
        without.setattr("babel.messages.pofile.read_po", None)  # whoever compiles fails
        assert said() == "Página"
    source.write_text(source.read_text(encoding="utf-8").replace("Página", "Hoja"), encoding="utf-8")
    assert said() == "Hoja" == said()


def test_a_package_that_cannot_be_written_to_keeps_no_catalogue(tmp_path):
    (tmp_path / "__pycache__").write_text("a file where the folder would be")
    (tmp_path / "ms.po").write_bytes((translation._FOLDER / "ms.po").read_bytes())
    assert gettext.GNUTranslations(io.BytesIO(translation._compiled(tmp_path / "ms.po"))).gettext("market") != "market"
