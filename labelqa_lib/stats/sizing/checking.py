"""How many rows to have labelled twice: by two people for agreement, by a second auditor to correct the first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from labelqa_lib.errors import UsageError
from labelqa_lib.stats.allocation_goals import meet_goals
from labelqa_lib.stats.clusters import measures
from labelqa_lib.stats.sizing.rate import MOST_ROWS, Size, share
from labelqa_lib.translation import say


def size_for_agreement(
    alpha: float, margin: float, shares: ArrayLike, confidence: float = 0.95, design_effect: float = 1.0
) -> Size:
    """How many items do two people have to label blindly, so that chance-corrected agreement is known to ± `margin`?

    Parameters
    ----------
    alpha : float
        Agreement expected (Krippendorff's alpha for nominal labels, which Scott's pi equals in large samples), from 0
        to below 1.
    margin : float
        Half the length of the interval, above 0 and below 1.
    shares : array of float
        How often each label is given; at least two above 0. Rare labels make agreement hard to know. Scaled to sum
        to 1.
    confidence : float
        Of the interval, in (0, 1).
    design_effect : float
        Pairs that are worth one plain random pair, above 0.

    Returns
    -------
    Size
        Pairs; `reached` is the half-width.

    Raises
    ------
    UsageError
        When a number is out of range, or more than ten million pairs would be needed.

    Notes
    -----
    Planned for the common-correlation model: with probability alpha both give one label drawn by `shares`, else each
    draws for itself. n = z² V / margin², V the variance of one pair's influence on 1 − D_o/D_e,
    (D_o − d)/D_e − 2 D_o/D_e² (mean share of the pair's two labels − Σ share²), exactly over all pairs of labels. For
    two labels V is Bloch & Kraemer's (1 − α)[(1 − α)(1 − 2α) + α(2 − α)/(2π(1 − π))].
    Source: Bloch & Kraemer (1989), Biometrics 45:269, eq. 4; Donner & Eliasziw (1992), Stat Med 11:1511; Krippendorff
    (2004), Content Analysis, ch. 11.
    """
    shares = measures("shares", shares)
    if not (len(shares) and shares.min() >= 0 and np.count_nonzero(shares) > 1):
        raise UsageError(f"shares are {shares.tolist()}; give at least two labels that are used, as shares of 1")
    if not 0 <= alpha < 1:
        raise UsageError(
            f"alpha is {alpha:g}; plan for 0 to below 1 (perfect agreement leaves nothing to measure: use 0.99)"
        )
    if not 0 < margin < 1:
        raise UsageError(f"margin is {margin:g}; it is half the length of an interval, above 0 and below 1")
    share("confidence", confidence, ends=False)
    if not design_effect > 0:
        raise UsageError(f"design_effect is {design_effect:g}; it is above 0, and 1 for plain random pairs")
    shares = shares / shares.sum()
    z = float(special.ndtri((1 + confidence) / 2))
    variance = _variance_of_alpha(alpha, shares)
    n = max(int(np.ceil(z**2 * variance * design_effect / margin**2 * (1 - 1e-12))), 2)
    if n > MOST_ROWS:
        raise UsageError(
            say("an agreement to ±{margin} needs {n} pairs; ask for a wider margin", margin=f"{margin:g}", n=f"{n:,}")
        )
    half = z * np.sqrt(variance * design_effect / n)
    return Size(n, half, n / design_effect, say("large-sample variance, {n} labels", n=np.count_nonzero(shares)))


def _variance_of_alpha(alpha: float, shares: np.ndarray) -> float:
    joint = (1 - alpha) * np.outer(shares, shares) + alpha * np.diag(shares)
    by_chance = 1 - np.sum(shares**2)
    differ = 1 - np.eye(len(shares))
    observed = np.sum(joint * differ)
    common = (shares[:, None] + shares[None, :]) / 2 - np.sum(shares**2)
    influence = (observed - differ) / by_chance - 2 * observed / by_chance**2 * common
    return float(np.sum(joint * influence**2))


@dataclass(frozen=True)
class Reaudits:
    """How many rows to check a second time.

    Attributes
    ----------
    n, flagged, passed : int
        Rows in all, of those that the first check flagged, and of those that it passed.
    share : float
        Share of the corrected rate's variance that comes from checking only so many a second time.
    std_error : float
        Of the corrected rate.
    """

    n: int
    flagged: int
    passed: int
    share: float
    std_error: float


def size_for_reaudits(
    checked: int,
    flagged_rate: float,
    confirmed: float,
    missed: float,
    share_of_variance: float = 0.5,
    design_effect: float = 1.0,
    minimum: int = 1,
) -> Reaudits:
    """How many first checks have to be checked again, so that the correction does not dominate the error?

    Parameters
    ----------
    checked : int
        Rows checked once, at least 1.
    flagged_rate : float
        Share of them that the first check flags, in [0, 1].
    confirmed, missed : float
        Shares that the second check flags: of rows that the first flagged, and of rows that it passed. Between 0 and
        1: of x in n rows plan (x + 1)/(n + 2), since a first check without any doubt needs no second.
    share_of_variance : float
        The most of the corrected rate's variance that checking too few again may make, in (0, 1).
    design_effect : float
        Of the first sample, above 0.
    minimum : int
        Fewest rows of each verdict to check again (or all of them).

    Returns
    -------
    Reaudits
        The fewest rows, divided between the two verdicts so that they tell most.

    Raises
    ------
    UsageError
        When a number is out of range.

    Notes
    -----
    Variance of q·a + (1 − q)·b: p(1 − p)·deff/n₁ if all were checked again, p = qa + (1 − q)b, plus
    q²a(1 − a)(1/m_f − 1/n_f) + (1 − q)²b(1 − b)(1/m_p − 1/n_p) because only m_f of n_f flagged and m_p of n_p passed
    rows are. The second part is kept to `share_of_variance` of the sum.
    Source: Tenenbein (1970), JASA 65:1350; Cochran (1977), 12.2 (double sampling for stratification).
    """
    share("flagged_rate", flagged_rate)
    for name, value in (("confirmed", confirmed), ("missed", missed), ("share_of_variance", share_of_variance)):
        share(name, value, ends=False)
    if checked < 1 or not design_effect > 0:
        raise UsageError(f"{checked} rows checked at a design effect of {design_effect:g}; both must be above 0")
    rows = np.array([round(checked * flagged_rate), checked - round(checked * flagged_rate)])
    weight, rates = rows / checked, np.array([confirmed, missed])
    corrected = float(weight @ rates)
    first = corrected * (1 - corrected) * design_effect / checked
    there = rows > 0
    parts = (weight**2 * rates * (1 - rates))[there]
    found = meet_goals(parts, [first * share_of_variance / (1 - share_of_variance)], rows[there], minimum=minimum)
    again = np.zeros(2, dtype=np.int64)
    again[there] = found.n
    second = float(parts @ (1 / found.n - 1 / rows[there]))
    return Reaudits(int(again.sum()), int(again[0]), int(again[1]), second / (first + second), np.sqrt(first + second))
