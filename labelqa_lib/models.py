"""What every model read from YAML shares: frozen, no unknown settings, known time zones and locales, and sentences for mistakes."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, TypeVar
from zoneinfo import ZoneInfo, available_timezones

from babel import Locale, UnknownLocaleError
from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from labelqa_lib.errors import ParamsError


class Model(BaseModel):
    """A frozen model that refuses settings it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


Known = TypeVar("Known", bound=BaseModel)


def _known_time_zone(name: str) -> str:
    if name not in time_zones() and name not in available_timezones():
        raise ValueError(f"time zone {name!r} is not known; write an IANA name such as Asia/Kuala_Lumpur")
    ZoneInfo(name)
    return name


@cache
def time_zones() -> frozenset[str]:
    """IANA's names. The system may know others, but looks through its whole folder to tell: ten milliseconds a market."""
    return frozenset((files("tzdata") / "zones").read_text(encoding="utf-8").split())


TimeZone = Annotated[str, AfterValidator(_known_time_zone)]


class Defaults(BaseModel):
    """What holds for markets that say nothing else. The zone is checked here: it cuts the weeks of markets that have no file.
    All else is checked in each market that takes it over."""

    model_config = ConfigDict(frozen=True, extra="allow")

    time_zone: TimeZone = "UTC"


def _known_locale(name: str) -> str:
    try:
        Locale.parse(name, sep="-")
    except (ValueError, UnknownLocaleError):
        raise ValueError(f"locale {name!r} is not known; write a language and a country such as ms-MY") from None
    return name


LocaleName = Annotated[str, AfterValidator(_known_locale)]


def build(model: type[Known], content: dict[str, Any], where: Path | str) -> Known:
    """Validate `content` as `model`.

    Raises
    ------
    ParamsError
        One sentence per problem, which begins with `where` and shows the value.
    """
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise ParamsError(_sentences(error, where)) from None


def _sentences(error: ValidationError, where: Path | str) -> list[str]:
    sentences = []
    for problem in error.errors():
        place = ".".join(str(part) for part in problem["loc"])
        message = problem["msg"].removeprefix("Value error, ")
        shown = "" if problem["type"] in ("missing", "value_error") else f" (it is {problem['input']!r})"
        if problem["type"] == "extra_forbidden":
            message, shown = "is not a known setting; remove it or mend its spelling", ""
        sentences.append(f"{where}: {place + ': ' if place else ''}{message}{shown}")
    return sentences
