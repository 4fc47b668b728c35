"""A partner's pages, searched byte by byte for everything that is somebody else's."""

from __future__ import annotations

import base64
import html
import io
import json
import os
import re
import shutil
import struct
import zipfile
import zlib
from email import message_from_bytes, policy
from pathlib import Path

import duckdb
import openpyxl
import pytest
from house import REPOSITORY, House

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
    made.labelqa("key")
    said = made.labelqa("run", "--audience", "Brightline", "--market", MARKET, "--jobs", "1")
    assert "2 of 2 pages rendered" in said and "sampling_plan: internal, left out" in said
    yield made
    del os.environ["LABELQA_KEY_FILE"]


def tree(house: House) -> dict[str, bytes]:
    """Every file of the audience's folder, by its name."""
    top = house.root / "reports" / "brightline"
    return {path.relative_to(top).as_posix(): path.read_bytes() for path in sorted(top.rglob("*")) if path.is_file()}


def text_of(name: str, content: bytes) -> str:
    """What a file says, a workbook unpacked."""
    if not name.endswith(".xlsx"):
        return content.decode()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return "\n".join(f"{one}\n{archive.read(one).decode()}" for one in archive.namelist())


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
    names = {name for name in tree(house) if not name.startswith(".") and not name.endswith(".findings.json")}
    page = f"{WEEK}/{MARKET}"
    assert names == {"index.html", f"{WEEK}/index.html"} | {
        f"{page}/{notebook}.{kind}" for notebook in ("market_report", "error_rca") for kind in ("html", "json", "xlsx")
    } | {f"{page}/market_report.accuracy.csv"}
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
        text = text_of(name, content)
        shown = html.unescape(IMAGE.sub("", text))
        words = set(re.findall(r"[\w/-]+", shown))
        assert not words & (ids | FOREIGN_NAMES), (name, words & (ids | FOREIGN_NAMES))
        assert not IDS.search(shown), (name, IDS.search(shown))
        told = [one for one in texts | secrets if one in text or one in shown]
        assert not told, (name, told)
        assert not re.search(r"(/tmp/|/home/|/work/|/root/|data/snapshots|\.cache|\.parquet|\.ipynb|File \")", shown), name


def test_images_hold_pixels_alone(house):
    images = [base64.b64decode(one) for name, content in tree(house).items()
              for one in IMAGE.findall(text_of(name, content))]  # fmt: skip
    assert len(images) > 10
    for image in images:
        assert set(chunks(image)) <= {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"pHYs", b"tRNS"}
        zlib.decompress(chunks(image)[b"IDAT"])


def test_pages_have_no_code_and_no_trace_of_the_notebook(house):
    for name, content in tree(house).items():
        if name.endswith(".html"):
            for trace in ("import labelqa", "lq.display", "open_page", "papermill\"", "ipykernel", "In&nbsp;["):
                assert trace not in content.decode(), (name, trace)
        elif name.endswith(".json") and not name.endswith(".findings.json"):
            record = json.loads(content)
            assert record["parameters"] == {"market": MARKET, "week": WEEK, "audience": "brightline"}
            assert (record["warnings"], record["error"], record["seconds"]) == ([], None, 0.0)


def test_own_people_are_pseudonyms_and_small_cells_are_withheld(house):
    page = tree(house)[f"{WEEK}/{MARKET}/market_report.html"].decode()
    assert re.search(r"\bp-[a-z2-7]{10}\b", page) and "LIS" in page and "BOG" in page
    assert "withheld: fewer than 10" in page
    workbook = text_of(".xlsx", tree(house)[f"{WEEK}/{MARKET}/market_report.xlsx"])
    assert "withheld: a total would tell what is withheld beside it" in workbook
    assert "queue_hours; not shared" in page and "needs enough other partners" in page
    assert not re.search(r"\bn [1-9]\b[^,.]", re.sub(r"<[^>]+>", " ", page))
    for name in ("market_report", "error_rca"):
        record = json.loads(tree(house)[f"{WEEK}/{MARKET}/{name}.json"])
        counts = [one["n"] for one in (*record["headlines"], *record["findings"])]
        assert counts and not [n for n in counts if 0 < n < 10]


def test_no_frame_behind_a_page_counts_few_rows(house):
    counts = {"n", "n_baseline", "n_reference", "reaudits", "volume", "annotations", "audited", "excluded_audits", "on_gold",
              "blind_pairs"}  # fmt: skip
    seen = 0
    for name in ("market_report", "error_rca"):
        book = openpyxl.load_workbook(io.BytesIO(tree(house)[f"{WEEK}/{MARKET}/{name}.xlsx"]), read_only=True)
        for sheet in book.worksheets:
            head, *rows = sheet.iter_rows(values_only=True)
            told = [(sheet.title, head[place], row[place]) for row in rows for place in range(len(head)) if head[place] in counts]
            seen += len(told)
            assert not [one for one in told if isinstance(one[2], int | float) and 0 < one[2] < 10]
    assert seen > 200


def test_what_is_published_and_mailed_is_what_was_made(house):
    place = house.root.parent / "shared"
    made = {name: content for name, content in tree(house).items() if not name.startswith(".")}
    assert f"{len(made)} files written" in house.labelqa("publish", str(place), "--audience", "brightline")
    there = {path.relative_to(place).as_posix(): path.read_bytes() for path in place.rglob("*") if path.is_file()}
    assert json.loads(there.pop("labelqa-published.json"))["audience"] == "brightline"
    assert there == made
    asked = ("mail", "--market", MARKET, "--audience", "brightline", "--to", "lead@example.org", "--attach", "csv")
    said = house.labelqa(*asked, "--out", str(place.parent / "page.eml"))
    assert "is ready for lead@example.org" in said
    mail = message_from_bytes((place.parent / "page.eml").read_bytes(), policy=policy.default)
    attached = [part.get_payload(decode=True) for part in mail.iter_attachments()]
    assert attached == [made[f"{WEEK}/{MARKET}/market_report{ending}"] for ending in (".html", ".accuracy.csv")]


def test_a_notebook_that_partners_do_not_get_any_more_leaves_their_reports_with_the_next_run(house, tmp_path):
    other = House(tmp_path)
    (tmp_path / "params").unlink()
    for name, source in (("params", REPOSITORY), ("data", house.root), ("reports", house.root)):
        shutil.copytree(source / name, tmp_path / name)
    settings = tmp_path / "params" / "workspace.yaml"
    settings.write_text(settings.read_text().replace("notebooks: [market_report, error_rca]", "notebooks: [market_report]"))
    asked = ("run", "--audience", "brightline", "--market", MARKET, "--jobs", "1")
    assert "any more" not in other.labelqa(*asked, "--explain") and any("error_rca" in name for name in tree(other))
    assert "error_rca: not for partners any more" in other.labelqa(*asked)
    assert not [name for name, content in tree(other).items() if "error_rca" in name or b"error_rca.html" in content]


def test_what_is_not_for_partners_is_refused_in_a_sentence(house):
    refused = house.labelqa("run", "--audience", "brightline", "--market", "MY", code=2)
    assert "market 'MY': Brightline has no annotations there; it has in ES, GB, MX" in refused
    whole = "import labelqa_lib as lq; lq.open_page('GB', audience='brightline')"
    assert "made from data cut for them" in house.python("-c", whole, code=1)
