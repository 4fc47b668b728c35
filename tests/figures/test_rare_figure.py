"""The figure of gaps between rare errors: signals as diamonds, words for who does not see it, and nothing drawn in vain."""

import numpy as np
import pandas as pd

from labelqa_lib.figures.rare import gaps


def frame(**columns):
    made = pd.DataFrame({"period": ["2026-W45"] * 5 + ["2026-W46"] * 2, "gap": [40.0, 0, 120, 55, 7, 3, 9],
                         "centre": 48.0, "lower": 0.0, "upper": 460.0, "signal": "", "reason": ""})  # fmt: skip
    return made.assign(**columns)


def test_the_last_weeks_errors_are_told_against_what_is_usual():
    calm = gaps(frame(), title="Gaps").get_label()
    assert calm == "Gaps: 2 errors in 2026-W46, with a median of 6 good items before each, usual 48; no signal."
    fired = gaps(frame(signal=[""] * 6 + ["7 in a row below the centre"]), title="Gaps")
    assert fired.get_label().endswith("; signal: 7 in a row below the centre.")
    np.testing.assert_array_equal(fired.axes[0].collections[-1].get_offsets(), [[6, 9]])


def test_without_limits_or_errors_it_says_why():
    why = "limits need 12 critical errors before this week; there are 5"
    bare = gaps(frame(centre=np.nan, lower=np.nan, upper=np.nan, reason=why), title="Gaps")
    assert bare.get_label().endswith(f"; no limits: {why}.")
    assert "fewer than two" in gaps(frame().iloc[:0], title="Gaps").get_label()
