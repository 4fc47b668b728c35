"""Two periods of audited rows → the segments that explain a change of the error rate, and how sure that is.

`explain_change` says where the rate rose, `split_change` what was only a different mix, `explain_level` where a rate is
higher than a target or than the market's mix explains.
"""

from labelqa_lib.causes.cause import Cause, Segment
from labelqa_lib.causes.explain import explain_change, explain_level
from labelqa_lib.causes.split import split_change

__all__ = ["Cause", "Segment", "explain_change", "explain_level", "split_change"]
