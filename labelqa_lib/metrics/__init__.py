"""Metrics: tables in, metric frames out. `measure` answers, `REGISTRY` lists what can be asked."""

from labelqa_lib.metrics.metric import Metric
from labelqa_lib.metrics.registry import REGISTRY, measure

__all__ = ["REGISTRY", "Metric", "measure"]
