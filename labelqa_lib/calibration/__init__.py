"""Do people mean the same thing? Agreement, reliability of people, sessions, gold: `Tables` in, frames out.

`overlap` fetches the items that several people labelled; `agreement`, `reliability`, `suspicion` and `sessions` work on
those rows. `held` compares before and after a session, `splits` tells an unclear instruction from a site that reads it differently, `gold` checks the gold itself,
`traps` what in a delivery would make agreement look better or worse than it is.
"""

from labelqa_lib.calibration.agreement import (
    COEFFICIENTS,
    TITLES,
    UNITS,
    agreement,
    between_sites,
    self_agreement,
)
from labelqa_lib.calibration.gold import correction, gold_accuracy, gold_answers, overdue_gold, suspect_gold
from labelqa_lib.calibration.held import audits_lately, before_after, sessions_held
from labelqa_lib.calibration.key import item_key
from labelqa_lib.calibration.overlap import label_set, overlap
from labelqa_lib.calibration.reliability import confusions, people_consensus, reliability
from labelqa_lib.calibration.sessions import session_items
from labelqa_lib.calibration.splits import splits
from labelqa_lib.calibration.suspicion import constant, copied, too_fast, unrelated
from labelqa_lib.calibration.traps import traps

__all__ = [
    "COEFFICIENTS",
    "TITLES",
    "UNITS",
    "agreement",
    "audits_lately",
    "before_after",
    "between_sites",
    "confusions",
    "constant",
    "copied",
    "correction",
    "gold_accuracy",
    "gold_answers",
    "item_key",
    "label_set",
    "overdue_gold",
    "overlap",
    "people_consensus",
    "reliability",
    "self_agreement",
    "session_items",
    "sessions_held",
    "splits",
    "suspect_gold",
    "too_fast",
    "traps",
    "unrelated",
]
