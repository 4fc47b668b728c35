"""Pure numbers: arrays in, numbers out. No domain words; no tables or column names either, but for `agreement` and
`consensus`, which a notebook hands a long table of annotations (read in `answers`; arrays from there on).

`intervals` bounds one rate or the difference of two, `survey` estimates rates and means from weighted, clustered
samples (summed and compared in `clusters`, bounded in `rate_bounds`), `two_phase` corrects for a check that is itself
checked, `assisted` lets cheap predictions narrow an interval. `change` splits a difference into rate and mix, `control` (rules in
`charts_rules`) and `drift` watch a series, `funnel` and `shrinkage` compare many groups, `survival` counts the waiting,
`targets` says where a figure stands. `sizing` says how many rows a goal takes, `allocation` (several goals at once:
`allocation_goals`) where to take them, `drawing` which, with known chances; `acceptance` judges delivered lots.
`scan` finds where a rate rose (what is expected in `expected`, slices in `scan_slices`, one period against the other in
`scan_model`, scores in `scan_score`, chance in `scan_null`, one segment in `scan_measure`).
Pages bound the process that made the labels, not one lot (no finite-population correction). The market report shows its
week by every method of `intervals` (`metrics.interval_methods`), compares rare errors by `miettinen_nurminen`, bounds
the week as a lot by `hypergeometric`, and charts appeals on annotations by `control.u_chart`.
"""
