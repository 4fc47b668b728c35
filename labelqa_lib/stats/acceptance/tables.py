"""The master tables of MIL-STD-105E, held as what they are: one list of acceptance numbers per diagonal.

Letters run down, AQLs run to the right, and the plan in a cell depends on row + column only: one letter further with
the next stricter AQL has the same acceptance numbers. An empty cell is an arrow to the next plan in its column.
Source: MIL-STD-105E (10 May 1989), Tables I and II-A to IV-C; the same tables are ANSI/ASQ Z1.4 and, but for reduced
inspection and a few double plans, ISO 2859-1.
"""

from __future__ import annotations

from labelqa_lib.translation import N_

AQLS = (0.010, 0.015, 0.025, 0.040, 0.065, 0.10, 0.15, 0.25, 0.40, 0.65, 1.0, 1.5, 2.5, 4.0, 6.5, 10.0)
AQLS += (15.0, 25.0, 40.0, 65.0, 100.0, 150.0, 250.0, 400.0, 650.0, 1000.0)
"""Acceptable quality limits: percent nonconforming up to 10, nonconformities per hundred units beyond."""

LETTERS = "ABCDEFGHJKLMNPQRS"
"""Code letters; S stands at the end of an arrow in tightened inspection and nowhere else."""

LEVELS = ("S-1", "S-2", "S-3", "S-4", "I", "II", "III")
INSPECTIONS = (N_("normal"), N_("tightened"), N_("reduced"))
KINDS = ("single", "double", "multiple")

Stages = tuple[tuple[int, int | None, int], ...]
"""Per sample its size, and acceptance and rejection number of what was found so far (None: cannot accept yet)."""

_LOT_ENDS = (8, 15, 25, 50, 90, 150, 280, 500, 1200, 3200, 10_000, 35_000, 150_000, 500_000)
_CODE_LETTERS = {
    "S-1": "AAAABBBBCCCCDDD",
    "S-2": "AAABBBCCCDDDEEE",
    "S-3": "AABBCCDDEEFFGGH",
    "S-4": "AABCCDEEFGGHJJK",
    "I": "AABCCDEFGHJKLMN",
    "II": "ABCDEFGHJKLMNPQ",
    "III": "BCDEFGHJKLMNPQR",
}

_SIZES = (2, 3, 5, 8, 13, 20, 32, 50, 80, 125, 200, 315, 500, 800, 1250, 2000, 3150)
_REDUCED_SIZES = (2, 2, 2, 3, 5, 8, 13, 20, 32, 50, 80, 125, 200, 315, 500, 800)
_SMALLER = {"single": 0, "double": 1, "multiple": 3}
"""A sample of a double plan is as large as the single sample one letter before, of a multiple plan three before."""

_FIRST_ROW = {
    "normal": {"double": 1, "multiple": 3},
    "tightened": {"double": 1, "multiple": 3},
    "reduced": {"double": 3, "multiple": 5},
}

# from the diagonal in front: Ac/Re of each sample, # where the first samples cannot accept
_DIAGONALS = {
    ("single", "normal"): {
        14: "0/1", 17: "1/2", 18: "2/3", 19: "3/4", 20: "5/6", 21: "7/8", 22: "10/11", 23: "14/15", 24: "21/22",
        25: "30/31", 26: "44/45",
    },
    ("single", "tightened"): {
        15: "0/1", 18: "1/2", 19: "2/3", 20: "3/4", 21: "5/6", 22: "8/9", 23: "12/13", 24: "18/19", 25: "27/28",
        26: "41/42",
    },
    ("single", "reduced"): {
        14: "0/1", 17: "0/2", 18: "1/3", 19: "1/4", 20: "2/5", 21: "3/6", 22: "5/8", 23: "7/10", 24: "10/13",
        25: "14/17", 26: "21/24",
    },
    ("double", "normal"): {
        17: "0/2 1/2", 18: "0/3 3/4", 19: "1/4 4/5", 20: "2/5 6/7", 21: "3/7 8/9", 22: "5/9 12/13",
        23: "7/11 18/19", 24: "11/16 26/27", 25: "17/22 37/38", 26: "25/31 56/57",
    },
    ("double", "tightened"): {
        18: "0/2 1/2", 19: "0/3 3/4", 20: "1/4 4/5", 21: "2/5 6/7", 22: "3/7 11/12", 23: "6/10 15/16",
        24: "9/14 23/24", 25: "15/20 34/35", 26: "23/29 52/53",
    },
    ("double", "reduced"): {
        17: "0/2 0/2", 18: "0/3 0/4", 19: "0/4 1/5", 20: "0/4 3/6", 21: "1/5 4/7", 22: "2/7 6/9", 23: "3/8 8/12",
        24: "5/10 12/16", 25: "7/12 18/22", 26: "11/17 26/30",
    },
    ("multiple", "normal"): {
        17: "#/2 #/2 0/2 0/3 1/3 1/3 2/3", 18: "#/2 0/3 0/3 1/4 2/4 3/5 4/5", 19: "#/3 0/3 1/4 2/5 3/6 4/6 6/7",
        20: "#/4 1/5 2/6 3/7 5/8 7/9 9/10", 21: "0/4 1/6 3/8 5/10 7/11 10/12 13/14",
        22: "0/5 3/8 6/10 8/13 11/15 14/17 18/19", 23: "1/7 4/10 8/13 12/17 17/20 21/23 25/26",
        24: "2/9 7/14 13/19 19/25 25/29 31/33 37/38", 25: "4/12 11/19 19/27 27/34 36/40 45/47 53/54",
        26: "6/16 17/27 29/39 40/49 53/58 65/68 77/78",
    },
    ("multiple", "tightened"): {
        18: "#/2 #/2 0/2 0/3 1/3 1/3 2/3", 19: "#/2 0/3 0/3 1/4 2/4 3/5 4/5", 20: "#/2 0/3 1/4 2/5 3/6 4/6 6/7",
        21: "#/4 1/5 2/6 3/7 5/8 7/9 9/10", 22: "0/4 2/7 4/9 6/11 9/12 12/14 14/15",
        23: "0/6 3/9 7/12 10/15 14/17 18/20 21/22", 24: "1/8 6/12 11/17 16/22 22/25 27/29 32/33",
        25: "3/10 10/17 17/24 24/31 32/37 40/43 48/49", 26: "6/15 16/25 26/36 37/46 49/55 61/64 72/73",
    },
    ("multiple", "reduced"): {
        17: "#/2 #/2 0/2 0/3 0/3 0/3 1/3", 18: "#/2 #/3 0/3 0/4 0/4 1/5 1/5", 19: "#/3 #/3 0/4 0/5 1/6 1/6 2/7",
        20: "#/3 0/4 0/5 1/6 2/7 3/7 4/8", 21: "#/4 0/5 1/6 2/7 3/8 4/9 6/10", 22: "#/4 1/6 2/8 3/10 5/11 7/12 9/14",
        23: "0/5 1/7 3/9 5/12 7/13 10/15 13/17", 24: "0/6 3/9 6/12 8/15 11/17 14/20 18/22",
    },
}  # fmt: skip

_OFF_DIAGONAL = {("reduced", 2, 25): "30/31"}
"""Reduced inspection for more than 10 nonconformities per hundred units, letters A to C."""
_OFF_DIAGONAL |= {
    ("reduced", row, 17 + place): f"{accept}/{accept + gap}"
    for row, gaps in ((0, (1,) * 9), (1, (2, 2, 2, 1, 1, 1, 1, 1, 1)))
    for place, (accept, gap) in enumerate(zip((1, 2, 3, 5, 7, 10, 14, 21, 30), gaps, strict=True))
}


def code_letter(lot_size: int, level: str) -> str:
    """Table I: the letter for a lot of at least 2 rows."""
    return _CODE_LETTERS[level][sum(lot_size > end for end in _LOT_ENDS)]


def plan_of(letter: str, aql: float, inspection: str, kind: str) -> tuple[str, str, Stages]:
    """The plan of a cell, arrows followed: the letter of its row, its kind, and its samples.

    Where the standard has no multiple plan it refers to the double one, and from there to the single one.
    """
    sizes = _REDUCED_SIZES if inspection == "reduced" else _SIZES
    column = AQLS.index(aql)
    row = _followed(LETTERS.index(letter), column, inspection)
    while kind != "single":
        if row >= _FIRST_ROW[inspection][kind] and _numbers(row, column, inspection, kind):
            break
        kind = KINDS[KINDS.index(kind) - 1]
    size = sizes[row - _SMALLER[kind]]
    pairs = [pair.split("/") for pair in _numbers(row, column, inspection, kind).split()]
    stages = tuple((size, None if accept == "#" else int(accept), int(reject)) for accept, reject in pairs)
    return LETTERS[row], kind, stages


def _numbers(row: int, column: int, inspection: str, kind: str) -> str:
    """Acceptance and rejection numbers of a cell; "" where it is an arrow."""
    diagonal = row + column
    # the two longest rows of numbers stand in the last columns only
    if (diagonal == 25 and column < 21) or (diagonal == 26 and column < 22):
        return ""
    # letter A has no tightened plan at AQL 10: the arrow of its neighbours goes on
    if inspection == "tightened" and (row, column) == (0, 15):
        return ""
    found = _DIAGONALS[kind, inspection].get(diagonal, "")
    return _OFF_DIAGONAL.get((inspection, row, column), found) if kind == "single" else found


def _followed(row: int, column: int, inspection: str) -> int:
    """The row of the single plan that a cell has, or that its arrow leads to."""
    down = range(row + 1, len(LETTERS) if inspection == "tightened" else len(LETTERS) - 1)
    up = range(row - 1, -1, -1)
    diagonal = row + column
    # an arrow at the edge of the table turns round
    ways = (*up, *down) if diagonal == 15 or diagonal > 17 else (*down, *up)
    return next(place for place in (row, *ways) if _numbers(place, column, inspection, "single"))
