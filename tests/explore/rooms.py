"""A workspace with a small real delivery taken in: two agents label every item, some differently, some items are gold."""

from __future__ import annotations

from pathlib import Path

from labelqa_lib.cli import main

REPOSITORY = Path(__file__).resolve().parents[2]
NASTY = ('<script>alert("x")</script>', "=1+1", "\u202egnp.exe", "🙂" * 40, "x" * 10_000, "-i24")
"""Content and ids as a hostile delivery has them."""


def call(*arguments: str) -> int:
    """The command line in this process: its exit code."""
    try:
        main(arguments)
    except SystemExit as left:
        return int(left.code or 0)
    return 0


def workspace(root: Path) -> Path:
    """Params of this repository, and a snapshot of MY with 24 items in each of two weeks."""
    (root / "params").symlink_to(REPOSITORY / "params")
    folder = root / "weekly"
    folder.mkdir()
    items = [f"i{place:02}" for place in range(48)]
    contents = dict(zip(items, NASTY, strict=False))
    write(folder / "labels.csv", "label,policy_area,violating,critical,order,title",
          ["ok,none,false,false,1,Fine", "spam,spam,true,false,2,<b>Spam</b>", "hate,hate,true,true,3,"])  # fmt: skip
    write(folder / "items.csv", "item_id,market,queue,policy_area,content_ref",
          [f'{item},MY,q,spam,"{contents.get(item, f"https://example.org/{item}").replace(chr(34), chr(34) * 2)}"' for item in items])  # fmt: skip
    write(folder / "people.csv", "person_id,role,market,partner,site,started_on",
          [f"{who},{'qa' if who[0] == 'Q' else 'agent'},MY,Aurora,KUL,2026-01-01" for who in ("A1", "A2", "A3", "Q1", "Q2")])  # fmt: skip
    rows = []
    for place, item in enumerate(items):
        day = f"2026-11-{3 + 7 * (place % 2):02}T03:00:00Z"
        rows += [f"{sign}{place},{item},MY,{label},{day},Aurora,KUL,q,{who},60,true" for who, sign, label in (
            ("A1", "-a", "ok"), ("A2", "b", "spam" if place % 3 == 0 else "ok"))]  # fmt: skip
    write(folder / "annotations.csv", "annotation_id,item_id,market,label,annotated_at,partner,site,queue,agent_id,handle_seconds,blind", rows)
    write(folder / "gold.csv", "item_id,gold_label,set_at", [f"{item},spam,2026-10-01T00:00:00Z" for item in items[:12:3]])
    return root


def write(path: Path, header: str, rows: list[str]) -> None:
    path.write_text("\n".join([header, *rows, ""]), encoding="utf-8")
