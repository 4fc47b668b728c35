"""The register in words, and what it learns, by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from labelqa_lib import register
from labelqa_lib.findings.actions import kind_of, learned, open_actions, register_sentence, worked
from labelqa_lib.findings.catalogue import KINDS
from labelqa_lib.translation import say, speaking

ROWS = pd.DataFrame(
    [
        ("A", "Train", "open", "2026-10-01", "2026-11-30"), ("B", "Clarify", "doing", "2026-10-01", "2026-11-05"),
        ("C", "Move", "open", "2026-10-01", "2026-10-20"), ("D", "Look", "dropped", "2026-10-01", "2026-10-20"),
    ],
    columns=["action_id", "action", "status", "opened_on", "due_on"],
)  # fmt: skip
REGISTER = register.as_of(register.typed(ROWS.assign(market="MY", owner="Ana", expected_gain="0.01")), "2026-W46")


def test_the_longest_overdue_comes_first_and_closed_ones_are_left_out():
    assert open_actions(REGISTER)[["action", "overdue"]].to_numpy().tolist() == [["Move", 26], ["Clarify", 10], ["Train", 0]]
    assert register_sentence(REGISTER) == "3 actions are open, 2 overdue; the longest by 26 days: Move (Ana)."
    assert register_sentence(REGISTER.head(1)) == "1 action is open, none of them overdue."
    assert register_sentence(REGISTER.tail(1)) == "No action is open."


def effects(*rows):
    columns = ["action", "expected", "achieved", "achieved_low", "achieved_high", "reason"]
    return pd.DataFrame(rows, columns=columns).assign(action_id="x", unit="rate")


@pytest.mark.parametrize(
    ("row", "verdict"),
    [
        (("Train", 0.02, 0.02, 0.01, 0.03, ""), "as expected"), (("Train", 0.05, 0.02, 0.01, 0.03, ""), "less than expected"),
        (("Train", 0.005, 0.02, 0.01, 0.03, ""), "more than expected"), (("Train", 0.02, 0.02, -0.01, 0.05, ""), "within noise"),
        (("Train", 0.02, -0.02, -0.03, -0.01, ""), "it got worse"), (("Train", np.nan, 0.02, 0.01, 0.03, ""), "it got better; nothing was expected"),
        (("Train", 0.02, np.nan, np.nan, np.nan, "no week on its other side"), "cannot be told: no week on its other side"),
    ],
)  # fmt: skip
def test_whether_it_moved_as_expected_is_read_from_the_interval(row, verdict):
    assert worked(effects(row))["verdict"].tolist() == [verdict]


def test_the_register_learns_what_works():
    table = learned(effects(
        ("Retrain site KUL", 0.02, 0.03, 0.00, 0.06, ""), ("Coach 2 agents", 0.04, 0.01, -0.03, 0.05, ""),
        ("Clarify the SOP on spam", 0.01, 0.00, -0.01, 0.01, ""), ("Coach 3 agents", 0.01, np.nan, np.nan, np.nan, "none"),
    )).set_index("kind")  # fmt: skip
    assert table["n"].to_dict() == {"Clarify an SOP clause": 1, "Retrain on label pairs": 2}
    trained = table.loc["Retrain on label pairs"]
    assert trained[["expected", "achieved"]].tolist() == pytest.approx([0.03, 0.02])
    assert trained["achieved_high"] - 0.02 == pytest.approx(0.025)  # √(.03² + .04²) / 2
    assert learned(effects()).empty


def test_kinds_are_told_by_their_words():
    said = {"Weekly calibration with the leads of MNL": "Recalibrate QAs", "Add worked examples to the SOP": "Clarify an SOP clause",
            "Retrain the weakest tenth": "Retrain on label pairs", "Move a desk to the evening": "Move capacity",
            "Audit 200 more items": "Audit more", "Buy cake": "Something else"}  # fmt: skip
    assert {action: kind_of(action) for action in said} == said


@pytest.mark.parametrize(("locale", "action"), [("ms-MY", "Kemas kini jadual"), ("es-MX", "Un coro de decoro")])
def test_a_word_counts_from_its_beginning_alone(locale, action):
    """Malay for gold stands inside of "kemas", Spanish for it inside of "coro"."""
    with speaking(locale):
        assert kind_of(action) == "Something else"


@pytest.mark.parametrize("locale", ["en", "es-MX", "ms-MY", "zh-TW"])
def test_an_action_is_of_its_kind_in_whatever_language_the_report_asked_for_it(locale):
    """The text of a recommendation goes into the register as the page had it."""
    with speaking(locale):
        assert {kind.title: kind_of(say(kind.title)) for kind in KINDS.values()} == {kind.title: kind.title for kind in KINDS.values()}
    assert kind_of("Retrain on label pairs") == "Retrain on label pairs"
