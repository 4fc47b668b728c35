"""What a desk asks people to judge, one thing after another, and the row that an answer becomes: an audit list's way."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

import pandas as pd

from labelqa_lib.calibration import label_set
from labelqa_lib.errors import UsageError
from labelqa_lib.explore.sheet import AUDITS, Sheet
from labelqa_lib.files import bare

CAUSES = ("knowledge", "attention", "sop_unclear", "sop_changed", "tool", "language", "other")
"""The contract's causes of an error."""

_NEEDED = ("tier", "annotation_id", "item_id", "sampling_reason", "stratum", "inclusion_probability", "blind", "label")
_SHOWN = {"item_id": "Item", "queue": "Queue", "policy_area": "Policy area", "content_type": "Kind", "language": "Language",
          "site": "Site", "part": "Drawn for", "tier": "Tier"}  # fmt: skip


@dataclass(frozen=True)
class Task:
    """One thing to judge, with all that whoever judges it may see, and nothing else.

    Attributes
    ----------
    id : str
        Within the work.
    facts : dict of str to str
        What it is, by heading.
    content : str
        Where it lies: an address, or a reference.
    given : str
        The label that an agent gave it; empty where it is judged blind.
    """

    id: str
    facts: Mapping[str, str]
    content: str = ""
    given: str = ""


@dataclass(frozen=True)
class Answer:
    """What somebody said of a task, and when."""

    label: str
    at: datetime
    cause: str = ""
    comment: str = ""


class Work(Protocol):
    """Tasks for people, and the sheet that their answers go to."""

    sheet: Sheet
    labels: dict[str, str]
    people: list[str]
    asks_why: bool
    next_step: str

    def tasks(self, person: str) -> list[Task]:
        """What this person is to judge, in order."""

    def key(self, task: Task, person: str) -> str:
        """The answer's key on the sheet."""

    def row(self, task: Task, person: str, answer: Answer) -> dict[str, str]:
        """The answer as a row of the sheet."""

    def before(self) -> None:
        """What has to be there before the first answer."""

    def scores(self, person: str, finished: bool) -> list[tuple[str, str]]:
        """Who stands how, in words: all of it for nobody in particular and for who is finished, else their own."""


class AuditWork:
    """An audit list (`labelqa draw`) to work through.

    Parameters
    ----------
    page : Page
        From `open_page`: market and week whose list it is.
    folder : str
        Where the list lies; empty for where `labelqa draw` puts it.

    Raises
    ------
    UsageError
        When the page is a partner's.
    """

    asks_why = True

    def __init__(self, page, folder: str = ""):
        inside_only(page, "audits")
        self.folder = page.root / folder if folder else page.root / "audit_lists" / page.week / page.market.market
        self.labels = labels_of(page)
        self.rows = _listed(self.folder / "audit_list.csv")
        self.sheet = Sheet(self.folder / "answers" / "audits.csv", AUDITS)
        self.missing = (f"{self.folder}: no audit list lies there; draw one with `labelqa draw --market {page.market.market} "
                        f"--week {page.week}`") if not self.rows else ""  # fmt: skip
        self.people = sorted({row["auditor_id"] for row in self.rows if row["auditor_id"]})
        self.next_step = taken_in(page, self.sheet.path.parent)

    def tasks(self, person: str) -> list[Task]:
        """The rows assigned to an auditor, and those assigned to nobody."""
        return [_audit_task(row) for row in self.rows if row["auditor_id"] in (person, "")]

    def key(self, task: Task, person: str) -> str:
        """One audit of an annotation by tier, whoever makes it."""
        return f"desk-{task.id}"

    def row(self, task: Task, person: str, answer: Answer) -> dict[str, str]:
        """A row of the contract's audits, with what the draw has to be told again."""
        of_list = next(row for row in self.rows if _id(row) == task.id)
        drawn = {name: of_list[name] for name in ("annotation_id", "tier", "sampling_reason", "stratum", "inclusion_probability")}
        return drawn | {
            "audit_id": self.key(task, person), "auditor_id": person, "audit_label": answer.label, "audited_at": instant(answer.at),
            "blind": of_list["blind"].lower(), "error_cause": answer.cause, "comment": answer.comment,
        }  # fmt: skip

    def before(self) -> None:
        """Nothing: the list is there."""

    def scores(self, person: str, finished: bool) -> list[tuple[str, str]]:
        """Nobody is scored."""
        return []


def _audit_task(row: Mapping[str, str]) -> Task:
    facts = {said: row[name] for name, said in _SHOWN.items() if row.get(name)}
    return Task(_id(row), facts, row.get("content_ref", ""), row["label"])


def _id(row: Mapping[str, str]) -> str:
    return f"{row['annotation_id']}-t{row['tier']}"


def _listed(path: Path) -> list[dict[str, str]]:
    """The list's rows; a row assigned to nobody has an empty auditor."""
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            table = csv.DictReader(file)
            rows = [{name: bare(value or "") for name, value in row.items() if name} for row in table]
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{path}: the list cannot be read ({type(error).__name__}: {error})") from None
    missing = [name for name in _NEEDED if name not in (table.fieldnames or ())]
    if missing:
        raise UsageError(f"{path}: no column {', '.join(missing)}; it is no list of `labelqa draw`")
    return [row | {"auditor_id": row.get("auditor_id", "")} for row in rows]


def inside_only(page, what: str) -> None:
    """Refuse a page that is cut for a partner."""
    if page.audience != "internal":
        raise UsageError(f"audience {page.audience!r}: {what} are made in-house; open this page for internal readers")


def labels_of(page) -> dict[str, str]:
    """Labels in their order, with how they are called."""
    known = label_set(page.tables)
    return {row.label: row.title if isinstance(row.title, str) and row.title else row.label for row in known.itertuples()}


def taken_in(page, folder: Path) -> str:
    """How answers come into the next snapshot, in a sentence."""
    if page.tables.snapshot.source == "demo":
        return "This snapshot is simulated: answers stay practice, and no snapshot takes them in."
    return f"To take the answers in: labelqa ingest {folder.relative_to(page.root) if folder.is_relative_to(page.root) else folder}"


def instant(at: datetime) -> str:
    """A time as the contract has it: UTC, to the second."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def progress(work: Work, people: Sequence[str] | None = None) -> pd.DataFrame:
    """Who has answered how much: ``who, answered, of``, without a word of what they said.

    Parameters
    ----------
    people : sequence of str, optional
        Everybody who has work, when left out.
    """
    done = {row[work.sheet.columns[0]] for row in work.sheet.rows()}
    told = []
    for person in work.people if people is None else people:
        keys = [work.key(task, person) for task in work.tasks(person)]
        told.append((person, sum(key in done for key in keys), len(keys)))
    return pd.DataFrame(told, columns=["who", "answered", "of"])
