"""What a report says, in its reader's language: English sentences are written in the code, catalogues turn them.

A sentence is marked where it is made, ``say("Accuracy fell to {now}.", now=...)``, or, where it is a constant of a module,
as ``N_("Accuracy")`` and then said by ``say(TITLE)`` when it is shown: the language is known only once a page is opened.
``<language>.po`` beside this file are gettext's catalogues; what none of them holds stays English.
"""

from __future__ import annotations

import gettext
import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

from babel import Locale, UnknownLocaleError

from labelqa_lib.errors import UsageError
from labelqa_lib.files import write_whole

ENGLISH = "en"
LANGUAGES = ("es", "ms", "zh_Hant")
"""Languages with a catalogue, beside English, which needs none."""

_FOLDER = Path(__file__).parent
_spoken = [ENGLISH]
"""A page is about one market and has a process of its own: its first line says once which locale it speaks."""


@cache
def known(locale: str) -> Locale:
    """A locale such as ``ms-MY``.

    Raises
    ------
    UsageError
        When Unicode's locale data (CLDR) does not know it.
    """
    try:
        return Locale.parse(locale, sep="-")
    except (ValueError, UnknownLocaleError):
        raise UsageError(f"locale {locale!r} is not known; write a language and a country such as ms-MY") from None


def speak(locale: str = ENGLISH) -> None:
    """From here on, speak as is usual in `locale`; English where there is no catalogue of its language.

    Raises
    ------
    UsageError
        When there is no such locale.
    """
    known(locale)
    _spoken[0] = locale


@contextmanager
def speaking(locale: str) -> Iterator[None]:
    """Speak so for a while: for a process that makes pages of several markets.

    Raises
    ------
    UsageError
        When there is no such locale.
    """
    before = spoken()
    speak(locale)
    try:
        yield
    finally:
        speak(before)


def spoken() -> str:
    """The locale that is spoken: ``es-MX``."""
    return _spoken[0]


@cache
def language_of(locale: str) -> str:
    """In which of the languages is something said to readers of a locale? ``zh_Hant`` for ``zh-TW``.

    Chinese that is written in simplified characters is another catalogue, which there is not: English.
    """
    asked = known(locale)
    script = f"{asked.language}_{asked.script}" if asked.script else asked.language
    return script if script in LANGUAGES else asked.language if asked.language in LANGUAGES else ENGLISH


def tag() -> str:
    """The language of what is said as HTML names it (BCP 47): ``zh-Hant-TW``, and ``en`` where there is no catalogue."""
    asked, language = known(spoken()), language_of(spoken())
    if asked.language != language.partition("_")[0]:
        return ENGLISH
    return "-".join(filter(None, (asked.language, asked.script, asked.territory)))


def say(text: str, /, **values: object) -> str:
    """A sentence in the language that is spoken, with values in the places that it names in braces.

    Parameters
    ----------
    text : str
        The English sentence as the catalogues know it; ``{name}`` where a value goes. Never an f-string.
    values
        By name, each as it is to be said. Braces in a value are text like any other.
    """
    if not text:  # to gettext the empty sentence is the catalogue's own head
        return ""
    said = catalogue(language_of(spoken())).gettext(text)
    return said.format(**values) if values else said


def say_as(context: str, text: str, /, **values: object) -> str:
    """As `say`, where one English word means two things: `context` says which, to translators alone."""
    said = catalogue(language_of(spoken())).pgettext(context, text)
    return said.format(**values) if values else said


def plural(one: str, many: str, number: float, /, **values: object) -> str:
    """As `say`, in the form that `number` of them takes: one or two in the languages there are."""
    said = catalogue(language_of(spoken())).ngettext(one, many, round(number))
    return said.format(**values) if values else said


def N_(text: str) -> str:  # noqa: N802 (gettext's own name)
    """Mark a sentence that is kept in English, and said only when it is shown."""
    return text


def N_forms(one: str, many: str) -> tuple[str, str]:  # noqa: N802
    """Mark both forms of a sentence that `plural` or `wording.count` says later."""
    return one, many


@cache
def catalogue(language: str) -> gettext.NullTranslations:
    """A language's sentences, read once a process; `warm_up` reads them before pages are forked."""
    if language not in LANGUAGES:
        return gettext.NullTranslations()
    return gettext.GNUTranslations(io.BytesIO(_compiled(_FOLDER / f"{language}.po")))


def _compiled(source: Path) -> bytes:
    """A catalogue as gettext reads it, kept beside its source as Python keeps its own modules: babel takes ten times as long.

    What is kept begins with the hash of what it was made from; where nothing can be written, it is made each time.
    """
    text = source.read_bytes()
    digest, kept = hashlib.sha256(text).digest(), source.parent / "__pycache__" / f"{source.stem}.mo"
    with suppress(OSError):
        known = kept.read_bytes()
        if known.startswith(digest):
            return known.removeprefix(digest)
    from babel.messages.mofile import write_mo  # only who compiles pays for them
    from babel.messages.pofile import read_po

    packed = io.BytesIO()
    write_mo(packed, read_po(io.BytesIO(text), locale=source.stem, abort_invalid=True))
    with suppress(OSError):
        kept.parent.mkdir(exist_ok=True)
        write_whole(kept, digest + packed.getvalue())
    return packed.getvalue()
