"""A partner's pages, searched byte by byte for everything that is somebody else's."""

from __future__ import annotations

import base64
import html
import json
import os
import re
import struct
import zlib
from pathlib import Path

import duckdb
import pytest
from house import House

WEEK, MARKET = "2026-W46", "GB"
FOREIGN_NAMES = {"Aurora", "Cirrus", "in-house", "KUL", "MNL", "TPE", "HQ"}
IMAGE = re.compile(r"data:image/png;base64,([A-Za-z0-9+/=]+)")
IDS = re.compile(r"\b[aitp]\d{7}\b|\b[A-Z]{2}-[AQTR]\w*\d{2}|demo/\d+")
"""How ids of the demo look: annotations, items, audits and appeals; people, requests and actions; contents."""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def house(tmp_path_factory) -> House:
    """An eighth of the demo, of which Brightline's pages of GB were made; Aurora works there, too."""
    folder = tmp_path_factory.mktemp("partner")
    os.environ["LABELQA_KEY_FILE"] = str(folder / "kept" / "elsewhere" / "key")
    (folder / "workspace").mkdir()
    made = House(folder / "workspace")
    made.labelqa("demo", "--scale", "0.12")
    made.labelqa("ingest", "data/demo")
    assert "make one with `labelqa key`" in made.labelqa("run", "--audience", "brightline", "--market", MARKET, code=2)
    made.labelqa("key")
    said = made.labelqa("run", "--audience", "Brightline", "--market", MARKET, "--jobs", "1")
    assert "2 of 2 pages rendered" in said and "sampling_plan: internal, left out" in said
    yield made
    del os.environ["LABELQA_KEY_FILE"]


def tree(house: House) -> dict[str, bytes]:
    """Every file of the audience's folder, by its name."""
    top = house.root / "reports" / "brightline"
    return {path.relative_to(top).as_posix(): path.read_bytes() for path in sorted(top.rglob("*")) if path.is_file()}


def column(house: House, table: str, name: str) -> set[str]:
    files = house.root / "data" / "snapshots" / "*" / table
    rows = duckdb.sql(f"SELECT DISTINCT {name} FROM read_parquet('{files}') WHERE {name} IS NOT NULL")
    return {value for (value,) in rows.fetchall()}


def chunks(png: bytes) -> dict[bytes, bytes]:
    """A PNG's chunks by type, texts unpacked."""
    found, place = {}, 8
    while place < len(png):
        (size,) = struct.unpack(">I", png[place : place + 4])
        kind, content = png[place + 4 : place + 8], png[place + 8 : place + 8 + size]
        found[kind] = found.get(kind, b"") + content
        place += 12 + size
    return found


def test_the_tree_holds_pages_records_and_indexes_and_nothing_else(house):
    names = {name for name in tree(house) if not name.startswith(".")}
    page = f"{WEEK}/{MARKET}"
    assert names == {"index.html", f"{WEEK}/index.html"} | {
        f"{page}/{notebook}.{kind}" for notebook in ("market_report", "error_rca") for kind in ("html", "json")
    }
    assert {path.name for path in (house.root / "reports").iterdir()} == {".cache", "brightline"}


def test_no_byte_tells_of_anybody_else(house):
    annotations, audits = "annotations/*/*/*.parquet", "audits/*/*/*.parquet"
    ids = set().union(
        column(house, "people.parquet", "person_id"), column(house, annotations, "annotation_id"),
        column(house, annotations, "agent_id"), column(house, "items.parquet", "item_id"),
        column(house, "items.parquet", "content_ref"), column(house, audits, "audit_id"),
        column(house, audits, "auditor_id"), column(house, "appeals.parquet", "appeal_id"),
        column(house, "actions.parquet", "action_id"),
    )  # fmt: skip
    texts = set().union(
        column(house, audits, "comment"), column(house, "people.parquet", "team"), column(house, "actions.parquet", "action"),
        column(house, "requests.parquet", "title"),
    )  # fmt: skip
    key = Path(os.environ["LABELQA_KEY_FILE"]).read_text().strip()
    secrets = {key, base64.b64encode(bytes.fromhex(key)).decode(), os.environ["LABELQA_KEY_FILE"], str(house.root)}
    assert len(ids) > 100_000 and len(texts) > 20
    for name, content in tree(house).items():
        text = content.decode()
        shown = html.unescape(IMAGE.sub("", text))
        words = set(re.findall(r"[\w/-]+", shown))
        assert not words & (ids | FOREIGN_NAMES), (name, words & (ids | FOREIGN_NAMES))
        assert not IDS.search(shown), (name, IDS.search(shown))
        told = [one for one in texts | secrets if one in text or one in shown]
        assert not told, (name, told)
        assert not re.search(r"(/tmp|/home|/work|data/snapshots|\.cache|\.parquet|\.ipynb|File \")", shown), name


def test_images_hold_pixels_alone(house):
    images = [base64.b64decode(one) for content in tree(house).values() for one in IMAGE.findall(content.decode())]
    assert len(images) > 10
    for image in images:
        assert set(chunks(image)) <= {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"pHYs", b"tRNS"}
        zlib.decompress(chunks(image)[b"IDAT"])


def test_pages_have_no_code_and_no_trace_of_the_notebook(house):
    for name, content in tree(house).items():
        if name.endswith(".html"):
            for trace in ("import labelqa", "lq.display", "open_page", "papermill\"", "ipykernel", "In&nbsp;["):
                assert trace not in content.decode(), (name, trace)
        elif name.endswith(".json"):
            record = json.loads(content)
            assert record["parameters"] == {"market": MARKET, "week": WEEK, "audience": "brightline"}
            assert (record["warnings"], record["error"], record["seconds"]) == ([], None, 0.0)


def test_own_people_are_pseudonyms_and_small_cells_are_withheld(house):
    page = tree(house)[f"{WEEK}/{MARKET}/market_report.html"].decode()
    assert re.search(r"\bp-[a-z2-7]{10}\b", page) and "LIS" in page and "BOG" in page
    assert "withheld: fewer than 10" in page and "withheld: a total would tell" in page
    assert "queue_hours; not shared" in page and "needs enough other partners" in page
    assert not re.search(r"\bn [1-9]\b[^,.]", re.sub(r"<[^>]+>", " ", page))
    for name in ("market_report", "error_rca"):
        record = json.loads(tree(house)[f"{WEEK}/{MARKET}/{name}.json"])
        counts = [one["n"] for one in (*record["headlines"], *record["findings"])]
        assert counts and not [n for n in counts if 0 < n < 10]


def test_what_is_not_for_partners_is_refused_in_a_sentence(house):
    refused = house.labelqa("run", "--audience", "brightline", "--notebook", "sampling_plan", code=2)
    assert "notebook 'sampling_plan' is internal; partners have market_report, error_rca" in refused
    refused = house.labelqa("run", "--audience", "brightline", "--market", "MY", code=2)
    assert "market 'MY': Brightline has no annotations there; it has in ES, GB, MX" in refused
    assert "'acme' is nobody" in house.labelqa("run", "--audience", "acme", code=2)
    whole = "import labelqa_lib as lq; lq.open_page('GB', audience='brightline')"
    assert "made from data cut for them" in house.python("-c", whole, code=1)
