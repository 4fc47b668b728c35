"""A calibration session's items, judged blind by everybody in the room, scored against the key while they answer."""

from __future__ import annotations

import json
from datetime import datetime

import pandas as pd
from ibis import _

from labelqa_lib import calibration, store, wording
from labelqa_lib.errors import UsageError
from labelqa_lib.explore.sheet import ANNOTATIONS, Sheet
from labelqa_lib.explore.work import Answer, Task, inside_only, instant, labels_of, progress, taken_in
from labelqa_lib.files import write_whole

QUEUE = "calibration"
"""Of the answers: reports show them as a queue of their own."""

_FACTS = {"queue": "Queue", "policy_area": "Policy area", "content_type": "Kind", "language": "Language"}


class SessionWork:
    """The items worth the room's time, as `calibration.session_items` ranks them; those with a key come first.

    The items are chosen once: with the first answer they are written down beside it, so that everybody has the same,
    whatever is taken in meanwhile. Nothing that anybody said of an item is in its tasks.

    Parameters
    ----------
    page : Page
        From `open_page`.
    minutes : int
        Length of the session.

    Raises
    ------
    UsageError
        When the page is a partner's, or what lies there is no session.
    """

    asks_why = False

    def __init__(self, page, minutes: int = 60):
        inside_only(page, "calibration sessions")
        self._page, self._minutes, self.labels = page, minutes, labels_of(page)
        self.folder = page.root / "calibration_sessions" / page.week / page.market.market
        self.sheet = Sheet(self.folder / "answers" / "annotations.csv", ANNOTATIONS)
        self.items = self._written() or self._chosen()
        self._key = calibration.item_key(page.tables, self.items)
        self._tasks = self._facts()
        self._staff = self._people()
        self.people = sorted(self._staff)
        self.missing = "" if self.items else "No item was labelled in two ways in these weeks: there is nothing to talk about."
        self.next_step = taken_in(page, self.sheet.path.parent)

    def tasks(self, person: str) -> list[Task]:
        """The same items in the same order for everybody."""
        return self._tasks

    def key(self, task: Task, person: str) -> str:
        """One answer a person and item."""
        return f"calibration-{self._page.week}-{task.id}-{person}"

    def row(self, task: Task, person: str, answer: Answer) -> dict[str, str]:
        """A row of the contract's annotations: blind, in a queue of its own."""
        staff = self._staff.get(person, {})
        return {
            "annotation_id": self.key(task, person), "item_id": task.id, "market": self._page.market.market,
            "label": answer.label, "annotated_at": instant(answer.at), "partner": staff.get("partner", ""),
            "site": staff.get("site", ""), "queue": QUEUE, "agent_id": person, "blind": "true",
        }  # fmt: skip

    def before(self) -> None:
        """Write down which items the session is about."""
        path = self.folder / "items.json"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            told = {"market": self._page.market.market, "week": self._page.week, "snapshot": self._page.tables.snapshot.id}
            write_whole(path, json.dumps({**told, "items": self.items}, indent=1, ensure_ascii=False) + "\n")

    def answers(self) -> pd.DataFrame:
        """The answers given, beside the key: ``item_id, agent_id, label, key, right``; no key is NaN."""
        rows = pd.DataFrame(self.sheet.rows(), columns=list(ANNOTATIONS))[["item_id", "agent_id", "label"]]
        rows = rows[rows["item_id"].isin(self.items)].reset_index(drop=True)
        key = rows["item_id"].map(self._key)
        return rows.assign(key=key, right=rows["label"].eq(key))

    def participants(self) -> pd.DataFrame:
        """Who takes part, and how far they are: ``who, answered, of``, without a word of what they said."""
        return progress(self, sorted(self.answers()["agent_id"].unique()))

    def accuracy(self) -> pd.DataFrame:
        """Every participant's share of answers that are the key, with interval, as the calibration page scores gold."""
        return calibration.gold_accuracy(self.answers().dropna(subset="key"), (self._page.week,), "agent_id", self._page.confidence)

    def agreement(self) -> pd.DataFrame:
        """How much the participants agree with each other, as the calibration page says it of the market."""
        rows = self.answers().assign(repeated=False, week=self._page.week)
        names = ["percent_agreement", "gwet_ac1"]
        return calibration.agreement(rows, list(self.labels), metrics=names, confidence=self._page.confidence)

    def scores(self, person: str, finished: bool) -> list[tuple[str, str]]:
        """A participant's own score while they answer; everybody's and what split them for who is finished, or only looks on."""
        answers = self.answers()
        given = answers.groupby("agent_id").size()
        told = {row.agent_id: row for row in self.accuracy().itertuples()} if answers["key"].notna().any() else {}
        own = person and not finished
        said = [(one, _score(told.get(one), int(count), len(self.items))) for one, count in given.items() if not own or one == person]
        if own or len(given) < 2:
            return said
        for row in self.agreement().itertuples():
            value = row.reason or wording.estimate(row.estimate, row.ci_low, row.ci_high, calibration.UNITS[row.metric])
            said.append((calibration.TITLES[row.metric], f"{value}, of {row.n} items that several answered"))
        return said + (_splits(answers) if finished else [])

    def _chosen(self) -> list[str]:
        """The most telling items, as many as the session has time for: those with a key first."""
        tables = self._page.tables
        rows, labels = calibration.overlap(tables), calibration.label_set(tables)
        if not len(rows):
            return []
        found = calibration.people_consensus(rows, list(labels["label"]), confidence=self._page.confidence)
        settled = calibration.item_key(tables, rows["item_id"].unique().tolist()).index
        most = [calibration.session_items(part, labels, found, self._minutes, len(tables.weeks))["item_id"]
                for part in (rows[rows["item_id"].isin(settled)], rows)]  # fmt: skip
        return list(dict.fromkeys(pd.concat(most)))[: max(map(len, most))]

    def _written(self) -> list[str]:
        """The items of a session that has begun."""
        path = self.folder / "items.json"
        try:
            told = json.loads(path.read_text(encoding="utf-8"))["items"]
        except FileNotFoundError:
            return []
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UsageError(f"{path}: is no session ({type(error).__name__}); put it back, or move its folder away") from None
        return [str(one) for one in told]

    def _facts(self) -> list[Task]:
        """What the items are: where they lie and what kind they are of."""
        shown = ["item_id", "content_ref", *_FACTS]
        items = self._page.tables.items
        rows = []
        if items is not None:
            fetched = store.fetch(items.filter(_.item_id.isin(self.items)).select(*shown)).astype(object)
            rows = fetched.where(fetched.notna(), "").to_dict("records")
        known = {row["item_id"]: row for row in rows}
        found = []
        for item in self.items:
            row = known.get(item, {})
            facts = {"Item": item} | {said: str(row[name]) for name, said in _FACTS.items() if row.get(name)}
            found.append(Task(item, facts, str(row.get("content_ref", ""))))
        return found

    def _people(self) -> dict[str, dict[str, str]]:
        """Who may sit in the room: the market's people, with where they work."""
        people = self._page.tables.people
        if people is None:
            return {}
        rows = store.fetch(people.filter(people.left_on.isnull()).select("person_id", "partner", "site").order_by("person_id"))
        rows = rows.astype(object).where(rows.notna(), "")
        return {row["person_id"]: row for row in rows.to_dict("records")}


def _score(row, answered: int, items: int) -> str:
    """A participant's share of right answers and how far they are."""
    far = f"{answered} of {items} answered"
    if row is None:
        return f"{far}, none of them has a key yet"
    return f"{wording.estimate(row.estimate, row.ci_low, row.ci_high, 'rate')} as the key, n {row.n}; {far}"


def _splits(answers: pd.DataFrame) -> list[tuple[str, str]]:
    """The items that the room answered in several ways, the most divided first, with the key: what to talk about."""
    votes = answers.groupby("item_id")["label"].value_counts()
    split = [(item, votes[item]) for item in votes.index.unique("item_id") if len(votes[item]) > 1]
    split.sort(key=lambda one: (one[1].iloc[0] / one[1].sum(), one[0]))
    key = answers.drop_duplicates("item_id").set_index("item_id")["key"]
    return [(item, ", ".join(f"{label} {count}" for label, count in said.items())
             + ("" if pd.isna(key[item]) else f"; the key is {key[item]}")) for item, said in split]  # fmt: skip
