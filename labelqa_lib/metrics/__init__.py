"""Metrics: tables in, metric frames out. `measure` answers, `REGISTRY` lists what can be asked.

`registry` and `metric` hold what a metric is; `quality`, `auditor`, `agreement`, `appeals`, `workforce` and `service`
one family each, `label_means` a part of quality; `judged` the rate sample, `frame` the shape of every answer,
`compare` what moved; `breakdowns` and `coverage` the tables of a page that are not one metric; `rare` the gaps between
critical errors; `interval_methods` what hangs on the method; `control` charts, `people` compared, and accuracy `corrected` and `assisted` are metric frames with
more beside them, as are those beside `peers`; `inside` asks the same inside one segment, `behind` shows the
annotations that a figure stands on, `within` takes tables to other weeks; `withheld` keeps from a partner what rests on few rows.
"""

from labelqa_lib.metrics.assisted import TITLES as ASSISTED_TITLES
from labelqa_lib.metrics.assisted import assisted
from labelqa_lib.metrics.behind import behind, handle_times
from labelqa_lib.metrics.breakdowns import by_hour, confusion, tenure
from labelqa_lib.metrics.compare import against, change, compare_segments
from labelqa_lib.metrics.control import appeals_chart, control_chart
from labelqa_lib.metrics.corrected import TITLES as CORRECTED_TITLES
from labelqa_lib.metrics.corrected import corrected
from labelqa_lib.metrics.coverage import coverage, excluded_audits, volume, volumes
from labelqa_lib.metrics.inside import measure_inside, said
from labelqa_lib.metrics.interval_methods import interval_methods, rare_changes
from labelqa_lib.metrics.languages import by_official_language
from labelqa_lib.metrics.effects import effects
from labelqa_lib.metrics.metric import Metric
from labelqa_lib.metrics.peers import PEERS_TITLES, against_peers, no_benchmark
from labelqa_lib.metrics.people import spread
from labelqa_lib.metrics.rare import critical_gaps
from labelqa_lib.metrics.registry import REGISTRY, TITLES, UNITS, measure, measure_each
from labelqa_lib.metrics.split import SPLIT_UNITS, split_change
from labelqa_lib.metrics.staff import staff
from labelqa_lib.metrics.within import within

__all__ = [
    "ASSISTED_TITLES",
    "CORRECTED_TITLES",
    "PEERS_TITLES",
    "REGISTRY",
    "SPLIT_UNITS",
    "TITLES",
    "UNITS",
    "Metric",
    "against",
    "against_peers",
    "appeals_chart",
    "assisted",
    "behind",
    "by_hour",
    "by_official_language",
    "change",
    "compare_segments",
    "confusion",
    "control_chart",
    "corrected",
    "coverage",
    "critical_gaps",
    "effects",
    "excluded_audits",
    "handle_times",
    "interval_methods",
    "measure",
    "measure_each",
    "measure_inside",
    "no_benchmark",
    "rare_changes",
    "said",
    "split_change",
    "spread",
    "staff",
    "tenure",
    "volume",
    "volumes",
    "within",
]
