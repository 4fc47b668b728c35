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
Pages use `wilson`, Korn–Graubard and `newcombe` of `intervals`, and bound the process that made the labels, not one lot
(no finite-population correction). Others are for notebooks: `jeffreys` for a reader who thinks in probabilities, `mid_p`
for exact counts without Clopper–Pearson's width, `hypergeometric` for one small lot, `miettinen_nurminen` for two plain
counts, `control.u_chart` for events that may exceed their exposure.
"""
