"""What a partner's snapshot holds, down to the bytes, and what it must not hold."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from labelqa_lib import audience, store
from labelqa_lib.audience.pseudonyms import Pseudonyms
from labelqa_lib.errors import DataError, UsageError
from labelqa_lib.metrics import against_peers, measure, no_benchmark

from .worlds import KEY, PARTNERS, WEEKS, write


def cut(root: Path, partner="Nord", name="nord", key=KEY, snapshot="whole-1", into=None, **changes):
    rules = audience.Rules(name, partner, key, **changes)
    into = into or root.parent / f"cut-{name}"
    return into, audience.cut(root, snapshot, rules, {"MY": WEEKS}, into)


def held(into: Path, id: str) -> dict[str, pd.DataFrame]:
    """Every table of a cut snapshot as its files hold it."""
    tables: dict[str, list[pd.DataFrame]] = {}
    for path in sorted((into / id).rglob("*.parquet")):
        name = path.relative_to(into / id).parts[0].removesuffix(".parquet")
        tables.setdefault(name, []).append(pd.read_parquet(path, partitioning=None))
    return {name: pd.concat(parts, ignore_index=True) for name, parts in tables.items()}


def words(into: Path, id: str) -> str:
    """Everything a cut says: names of files, its description, every value of every table."""
    files = "\n".join(str(path.relative_to(into)) for path in sorted(into.rglob("*")))
    values = "\n".join(frame.to_csv() for frame in held(into, id).values())
    return "\n".join([files, (into / id / "snapshot.json").read_text(), values])


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("whole") / "data"
    write(folder)
    return folder


@pytest.fixture(scope="module")
def done(root) -> tuple[Path, str]:
    """The cut for Nord."""
    return cut(root)


def test_nothing_of_others_and_no_real_id_is_in_a_cut(done):
    said = words(*done)
    for partner, site in PARTNERS.items():
        if partner != "Nord":
            assert partner not in said and site not in said
    for trace in ("in-house", "HQ1", "agent-", "qa-", "ann-", "item-", "audit-", "appeal-", "team of", "comment on",
                  "example.org", "memo", "act-1", "ost_", "after what", KEY.hex()):  # fmt: skip
        assert trace not in said, trace


def test_what_the_whole_holds_beside_its_tables_stays_there(root, done):
    assert list((root / "whole-1" / "derived" / "looked_at").glob("*.parquet"))
    assert not store.describe(*done).derived and "derived" not in words(*done)


def test_a_cut_holds_all_of_the_partners_own(done):
    tables = held(*done)
    assert {name: len(rows) for name, rows in tables.items()} == {
        "annotations": 48, "appeals": 1, "audits": 48, "benchmark": 3, "gold": 1, "items": 48, "labels": 2, "people": 3,
        "shifts": 3, "sop_versions": 1,
    }  # fmt: skip
    assert set(tables["annotations"]["site"]) == {"NRD1"}
    assert tables["annotations"]["agent_id"].nunique() == 2
    assert set(tables["audits"]["auditor_id"].dropna()) <= set(tables["people"]["person_id"])
    assert tables["audits"]["auditor_id"].isna().sum() == 16  # those by an auditor in-house
    assert set(tables["items"]["item_id"]) == set(tables["annotations"]["item_id"])
    assert tables["sop_versions"]["summary"].isna().all() and (tables["sop_versions"]["changed_labels"] == "spam").all()


def test_pages_open_a_cut_and_measure_what_the_whole_says_of_the_partner(root, done):
    into, id = done
    tables = store.open_tables(into, "MY", WEEKS, id)
    own = measure(tables, "accuracy", ["site"])
    whole = measure(store.open_tables(root, "MY", WEEKS, "whole-1"), "accuracy", ["site"])
    same = ["site", "estimate", "ci_low", "ci_high", "n"]
    assert own["site"].tolist() == ["NRD1"]
    pd.testing.assert_frame_equal(own[same], whole.loc[whole["site"] == "NRD1", same].reset_index(drop=True))
    assert (tables.snapshot.audience, tables.snapshot.smallest_cell, tables.snapshot.simulated) == ("nord", 10, False)


def test_a_cut_of_the_demo_is_simulated_as_well(root, tmp_path):
    demo = tmp_path / "data"
    shutil.copytree(root, demo)
    path = demo / "whole-1" / "snapshot.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"source": "demo"}))
    into = tmp_path / "cut-demo"
    id = audience.cut(demo, "whole-1", audience.Rules("nord", "Nord", KEY), {"MY": WEEKS}, into)
    assert store.describe(into, id).simulated


def test_an_appeal_of_an_annotation_from_before_the_weeks_asked_for_stays(root):
    rules = audience.Rules("nord", "Nord", KEY, benchmark_partners=9)
    into = root.parent / "cut-late"
    id = audience.cut(root, "whole-1", rules, {"MY": WEEKS[1:]}, into)
    tables = held(into, id)
    assert len(tables["appeals"]) == 1 and len(tables["annotations"]) == 24


def test_pseudonyms_are_the_same_every_week_and_others_for_another_partner_or_key(root, done):
    agents = set(held(*done)["annotations"]["agent_id"])
    assert agents == {Pseudonyms(KEY, "nord").one("person", f"agent-NRD1-{n}") for n in (0, 1)}
    assert Pseudonyms(KEY, "nord").one("person", "x") != Pseudonyms(KEY, "ost").one("person", "x")
    assert Pseudonyms(KEY, "nord").one("person", "x") != Pseudonyms(KEY, "nord").one("item", "x").replace("i-", "p-")[:12]
    other = cut(root, key=b"another key of thirty-two bytes!", into=root.parent / "other", benchmark_partners=9)
    assert not agents & set(held(*other)["annotations"]["agent_id"])


def test_a_pseudonym_is_hmac_sha256_in_base_32():
    """Computed with the standard library's older interface."""
    import base64
    import hashlib
    import hmac

    digest = hmac.new(KEY, b"nord\0person\0agent-1", hashlib.sha256).digest()
    assert Pseudonyms(KEY, "nord").one("person", "agent-1") == "p-" + base64.b32encode(digest).decode().lower()[:10]


def test_a_market_may_share_items_texts_and_comments(root):
    open_market = {"MY": audience.Sharing(items=True, text=True, comments=True)}
    tables = held(*cut(root, into=root.parent / "open", sharing=open_market, benchmark_partners=9))
    assert tables["items"]["item_id"].str.startswith("item-NRD1").all()
    assert tables["items"]["content_ref"].str.startswith("https://example.org/NRD1").all()
    assert tables["audits"]["comment"].str.startswith("comment on NRD1").all()
    assert tables["annotations"]["annotation_id"].str.startswith("a-").all()


def test_equal_cuts_are_equal_bytes_under_one_id(root):
    (first, id), (second, again) = (cut(root, into=root.parent / name, benchmark_partners=9) for name in ("once", "twice"))
    assert id == again
    files = sorted(path.relative_to(first) for path in first.rglob("*") if path.is_file())
    assert files == sorted(path.relative_to(second) for path in second.rglob("*") if path.is_file())
    assert all((first / name).read_bytes() == (second / name).read_bytes() for name in files)


def test_peers_are_told_together_where_three_others_stand_behind_it(done):
    into, id = done
    tables = store.open_tables(into, "MY", WEEKS, id)
    weekly = measure(tables, "accuracy", ["week"])
    row = against_peers(tables, weekly).iloc[0]
    assert (row["metric"], row["peers"]) == ("accuracy", pytest.approx(22 / 24))
    assert row["peers_low"] < row["peers"] < row["peers_high"]
    assert no_benchmark(tables) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "counts",
    [
        {"Nord": 24, "Ost": 24, "West": 24},  # two others: each would know the third
        {"Nord": 24, "Ost": 24, "West": 24, "Süd & Co": 9},  # the third on too few rows
        {"Nord": 24, "Ost": 90, "West": 12, "Süd & Co": 12},  # one of three is nearly all of it
    ],
)
def test_there_is_no_benchmark_that_is_one_partners_own_figure(tmp_path, counts):
    write(tmp_path / "data", counts)
    into, id = cut(tmp_path / "data")
    assert "benchmark" not in held(into, id)
    tables = store.open_tables(into, "MY", WEEKS, id)
    assert against_peers(tables, measure(tables, "accuracy", ["week"])).empty
    assert "enough other partners" in no_benchmark(tables)[0][1]


@pytest.mark.slow
def test_what_was_restated_is_cut_alike(tmp_path):
    root = tmp_path / "data"
    write(root, {"Nord": 12, "Ost": 24}, snapshot="whole-0")
    write(root)
    about = json.loads((root / "whole-1" / "snapshot.json").read_text())
    about["restated"] = {"MY/2026-W46": {"since": "whole-0", "tables": ["annotations", "queue_hours"]}}
    (root / "whole-1" / "snapshot.json").write_text(json.dumps(about))
    into, id = cut(root, benchmark_partners=9)
    earlier = store.earlier_reading(into, store.describe(into, id), "MY", "2026-W46")
    assert earlier.tables == ("annotations",)
    before = store.open_tables(into, "MY", WEEKS, earlier.since.id)
    assert measure(before, "accuracy")["n"].tolist() == [12]
    assert "OST1" not in words(into, earlier.since.id)


def test_who_is_meant_is_said_in_sentences(root):
    there = audience.weeks_of(root, "whole-1")
    assert there["Nord"] == {"MY": list(WEEKS)}
    assert audience.partner_named("sud-co", ["Sud & Co"]) == "Sud & Co"
    assert audience.partner_named("Nord", there) == "Nord"
    with pytest.raises(UsageError, match=r"'nort' is nobody; .*\(nord, ost, sud-co, west"):
        audience.partner_named("nort", there)
    assert audience.partner_named(audience.slug("極光"), ["極光", "Ost"]) == "極光"
    with pytest.raises(UsageError, match="A B and A-B share that name"):
        audience.partner_named("a-b", ["A B", "A-B"])
    with pytest.raises(UsageError, match="'internal' is nobody"):
        audience.partner_named("internal", ["Internal"])
    with pytest.raises(DataError, match="MY: Nobody has no annotations in 2026-W45 to 2026-W46"):
        cut(root, partner="Nobody", name="nobody")
    assert "key" not in repr(audience.Rules("nord", "Nord", KEY))
