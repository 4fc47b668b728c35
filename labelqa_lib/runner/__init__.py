"""Notebook × market × week × audience in; executed notebooks, HTML and an index out. Parallel, atomic, one page at a
time: a failure is its own page's and nobody else's.

A run is three calls: `plan` checks everything and lists the pages, `render` gives each page's record as it is done,
`write_index` gathers all records there are.
"""

from labelqa_lib.runner.forecast import Forecast
from labelqa_lib.runner.index import index_is_fresh, write_index
from labelqa_lib.runner.ledger import Ledger
from labelqa_lib.runner.limits import Limits
from labelqa_lib.runner.outputs import Outputs
from labelqa_lib.runner.parameters import OWN, declared, reads_own_market
from labelqa_lib.runner.plan import INTERNAL, Plan, PlannedPage, latest_complete_week, notebook_file, notebook_names, plan
from labelqa_lib.runner.pool import render
from labelqa_lib.runner.record import PageError, PageRecord, check_writable
from labelqa_lib.runner.unchanged import hash_of, keyed, why
from labelqa_lib.runner.withdrawn import withdraw

__all__ = [
    "INTERNAL", "OWN", "Forecast", "Ledger", "Limits", "Outputs", "PageError", "PageRecord", "Plan", "PlannedPage", "check_writable", "declared",
    "hash_of", "index_is_fresh", "keyed", "latest_complete_week", "notebook_file", "notebook_names", "plan", "reads_own_market",
    "render", "why", "withdraw", "write_index",
]  # fmt: skip
