"""params/: what is accepted, and the sentence for what is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from labelqa_lib import params
from labelqa_lib.errors import ParamsError, UsageError


@pytest.fixture
def workspace(tmp_path):
    (tmp_path / "params" / "markets").mkdir(parents=True)

    def write(name: str, text: str):
        (tmp_path / "params" / name).write_text(text, encoding="utf-8")
        return tmp_path

    write("workspace.yaml", "market_defaults: {time_zone: UTC, targets: {accuracy: {at_least: 0.95}}}\n")
    return write


def load(root, market="MY"):
    return params.load_market(root, params.load_workspace(root), market)


def test_a_market_is_its_file_over_the_defaults(workspace):
    root = workspace("markets/MY.yaml", "market: MY\ntargets: {fpr: {at_most: 0.05, precision: 0.01}}\n")
    market = load(root)
    assert market.targets["accuracy"].value == 0.95
    assert (market.targets["fpr"].value, market.targets["fpr"].better) == (0.05, "lower")
    assert market.configured


def test_a_market_without_a_file_has_the_defaults_and_says_so(workspace):
    assert not load(workspace("markets/SG.yaml", "market: SG\n")).configured


def test_an_empty_list_of_targets_is_none(workspace):
    root = workspace("markets/MY.yaml", "market: MY\ntargets:\n")
    assert list(load(root).targets) == ["accuracy"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("market: NO\n", r"NO.yaml:1: 'NO' is a yes/no word that YAML reads as true or false: quote it"),
        ("market: 'NO'\nname: 0123\n", r"NO.yaml:2: '0123' is a number that YAML reads in another base: quote it"),
        ("market: 'NO'\nname: 12:30\n", r"'12:30' is a number that YAML reads in another base: quote it"),
        ("market: 'NO'\nname: a\nname: b\n", r"NO.yaml:3: 'name' is written twice"),
        ("market: 'NO'\nnmae: a\n", r"nmae: is not a known setting; remove it or mend its spelling"),
        ("market: SE\n", r"market: 'SE' does not match the file's name"),
        ("market: 'NO'\nlocale: nordish\n", r"locale 'nordish' is not known; write a language and a country such as ms-MY"),
        ("market: 'NO'\ntime_zone: Europe/Olso\n", r"time zone 'Europe/Olso' is not known"),
        ("market: 'NO'\ntargets: {accuracy: {at_least: 0.9, at_most: 0.8}}\n", r"exactly one of `at_least` and `at_most`"),
        ("market: 'NO'\ntargets: {fpr: {at_most: high}}\n", r"targets.fpr.at_most: .*\(it is 'high'\)"),
        ("market: 'NO'\ntargets: [accuracy]\n", r"NO.yaml: targets: must hold"),
        ("market: 'NO'\nauditors: {sensitivity: 0.5, specificity: 0.5}\n", r"auditors: .* not above 1 together"),
        ("market: 'NO'\nauditors: {sensitivity: 0.9, specificity: 1, sensitivity_n: 50}\n", r"auditors: write both"),
        ("- a\n- b\n", r"must hold `name: value` lines, not a list"),
        ("market: [\n", r"NO.yaml:\d+: "),
    ],
)
def test_what_is_wrong_is_said_with_place_and_value(workspace, text, sentence):
    root = workspace("markets/NO.yaml", text)
    with pytest.raises(ParamsError, match=sentence):
        load(root, "NO")


@pytest.mark.parametrize(
    ("zone", "sentence"),
    [
        ("8", r"Input should be a valid string \(it is 8\)"),
        ("", r"Input should be a valid string \(it is None\)"),
        ("[UTC]", r"Input should be a valid string \(it is \['UTC'\]\)"),
        ("Asia/Kuala", "time zone 'Asia/Kuala' is not known; write an IANA name such as Asia/Kuala_Lumpur"),
    ],
)
def test_the_zone_of_markets_without_a_file_is_checked_with_the_workspace(workspace, zone, sentence):
    """No market's params need meet it: intake does, for every market that nobody described."""
    root = workspace("workspace.yaml", f"market_defaults:\n  time_zone: {zone}\n  targets: {{}}\n")
    with pytest.raises(ParamsError, match=f"workspace.yaml: market_defaults.time_zone: {sentence}$"):
        params.load_workspace(root)


def test_defaults_are_known_as_they_were_written(workspace):
    root = workspace("workspace.yaml", "market_defaults: {locale: ms-MY, sampling: {hours: 30}}\n")
    known = params.load_workspace(root)
    assert known.market_defaults.time_zone == "UTC"
    market = load(root)
    assert (market.time_zone, market.locale, market.sampling.hours) == ("UTC", "ms-MY", 30)
    with pytest.raises(ParamsError, match=r"workspace.yaml: lokale: is not a known setting"):
        load(workspace("workspace.yaml", "market_defaults: {lokale: ms-MY}\n"))


def test_problems_of_all_markets_are_collected(workspace):
    workspace("markets/MY.yaml", "market: MY\ntime_zone: Mars/Base\n")
    root = workspace("markets/SG.yaml", "market: SG\nlocal: en\n")
    with pytest.raises(ParamsError) as caught:
        params.load_markets(root, params.load_workspace(root))
    assert len(caught.value.problems) == 2


@pytest.mark.parametrize("code", ["../../x", "", "MY/..", "MY MY", "a" * 40, "ＭＹ", "-MY", None, "1"])
def test_a_path_is_not_a_market(code):
    with pytest.raises(UsageError, match="is not a market code"):
        params.check_market_code(code)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"name: \xe9\n"])
def test_wrong_encoding_is_a_sentence(workspace, tmp_path, content):
    (tmp_path / "params" / "workspace.yaml").write_bytes(content)
    with pytest.raises(ParamsError, match=r"workspace.yaml: cannot be read as UTF-8 text|is not YAML"):
        params.load_workspace(tmp_path)


def test_a_byte_order_mark_is_read(workspace, tmp_path):
    (tmp_path / "params" / "workspace.yaml").write_text("\ufeffname: desk\n", encoding="utf-8")
    assert params.load_workspace(tmp_path).name == "desk"


def test_the_workspace_is_found_from_below(workspace, tmp_path):
    inner = tmp_path / "notebooks" / "deep"
    inner.mkdir(parents=True)
    assert params.find_root(inner) == tmp_path
    with pytest.raises(UsageError, match="run labelqa inside its workspace"):
        params.find_root(tmp_path.parent)


def test_the_params_of_this_repository_load():
    root = params.find_root(Path(__file__).parent)
    assert set(params.load_markets(root, params.load_workspace(root))) >= {"MY", "SG", "ES", "MX", "TW", "GB"}


def test_a_usual_time_zone_is_known_without_a_look_through_all_that_the_system_has(monkeypatch):
    def looked_through():
        looked.append(True)
        return {"localtime"}

    looked = []
    monkeypatch.setattr("labelqa_lib.models.available_timezones", looked_through)
    for name in ("UTC", "Asia/Kuala_Lumpur", "America/Argentina/Buenos_Aires"):
        assert params.Market(market="MY", time_zone=name).time_zone == name
    assert not looked
    with pytest.raises(ValueError, match="time zone 'posix/UTC' is not known"):
        params.Market(market="MY", time_zone="posix/UTC")
    assert looked
