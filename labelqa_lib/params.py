"""`params/` as frozen, validated models: YAML in, `Workspace` and `Market` out."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field, model_validator

from labelqa_lib.errors import ParamsError, UsageError
from labelqa_lib.models import build, Defaults, LocaleName, Model, TimeZone

MARKET_CODE = re.compile(r"[A-Za-z][A-Za-z0-9]{0,15}(?:[-_][A-Za-z0-9]{1,15})?")
Share = Annotated[float, Field(ge=0, le=1)]


class Target(Model):
    """What a market should reach in one metric.

    Attributes
    ----------
    at_least, at_most : float
        The bound, in the metric's unit; exactly one of the two.
    precision : float, optional
        The precision goal: the widest half-width of the interval at which a verdict is given, same unit.
    """

    at_least: float | None = None
    at_most: float | None = None
    precision: Annotated[float, Field(gt=0)] | None = None

    @model_validator(mode="after")
    def _one_bound(self) -> Target:
        if (self.at_least is None) == (self.at_most is None):
            raise ValueError("a target has exactly one of `at_least` and `at_most`")
        return self

    @property
    def value(self) -> float:
        return self.at_least if self.at_least is not None else self.at_most

    @property
    def better(self) -> Literal["higher", "lower"]:
        return "higher" if self.at_least is not None else "lower"


class Denominators(Model):
    """What a market divides by in the workforce family; printed beside the figures."""

    utilization: Literal["paid_minutes", "scheduled_minutes"] = "paid_minutes"
    shrinkage: Literal["scheduled_minutes", "paid_minutes"] = "scheduled_minutes"


Margins = dict[str, Annotated[float, Field(gt=0, lt=0.5)]]


class Sampling(Model):
    """What a market asks of its audits; the words are those of `sampling.Rules`."""

    hours: Annotated[float, Field(gt=0)] = 40
    margins: Annotated[Margins, Field(min_length=1)] = {"accuracy": 0.02}
    site_margins: Margins = {}
    minutes: dict[str, Annotated[float, Field(gt=0)]] = {}
    minutes_factor: Annotated[float, Field(gt=0)] = 1.2
    minutes_default: Annotated[float, Field(gt=0)] = 2
    minimum_stratum: Annotated[int, Field(ge=0)] = 2
    minimum_agent: Annotated[int, Field(ge=0)] = 0
    minimum_new_joiner: Annotated[int, Field(ge=0)] = 0
    new_joiner_weeks: Annotated[int, Field(ge=0)] = 6
    risk_share: Share = 0.05
    reaudit_share: Share = 0.15
    blind_share: Share = 0.35
    aql: Annotated[float, Field(gt=0, le=10)] = 4
    level: Literal["I", "II", "III", "S-1", "S-2", "S-3", "S-4"] = "II"
    seed: Annotated[int, Field(ge=0)] = 46


class Auditors(Model):
    """How good the market's QAs are known to be: used where no second audits say it.

    Attributes
    ----------
    sensitivity, specificity : float
        Of wrong labels the share that QAs mark, and of right ones the share that they pass; together above 1.
    sensitivity_n, specificity_n : int, optional
        Labels that each was measured on; without both they are taken as known exactly.
    """

    sensitivity: Share
    specificity: Share
    sensitivity_n: Annotated[int, Field(ge=1)] | None = None
    specificity_n: Annotated[int, Field(ge=1)] | None = None

    @model_validator(mode="after")
    def _better_than_chance(self) -> Auditors:
        if self.sensitivity + self.specificity <= 1:
            raise ValueError("sensitivity and specificity are not above 1 together: such audits tell nothing of errors")
        if (self.sensitivity_n is None) != (self.specificity_n is None):
            raise ValueError("write both `sensitivity_n` and `specificity_n`, or neither")
        return self


class Sharing(Model):
    """What a market lets out to partners beside figures; the words are those of `audience.Sharing`."""

    items: bool = False
    text: bool = False
    comments: bool = False


class Market(Model):
    """One market: `params/markets/<MARKET>.yaml` over the workspace's `market_defaults`."""

    market: str
    name: str = ""
    time_zone: TimeZone = "UTC"
    locale: LocaleName = "en"
    """The language of the market's pages (English where there is no catalogue of it), and how they write numbers and days."""
    official_languages: tuple[Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$")], ...] = ()
    """Those by which accuracy is stated to authorities, as the deliveries write languages."""
    targets: dict[str, Target] = {}
    denominators: Denominators = Denominators()
    auditors: Auditors | None = None
    sampling: Sampling = Sampling()
    sharing: Sharing = Sharing()
    costs: dict[str, dict[str, Annotated[float, Field(ge=0)]]] = {}
    """What a confusion costs, by reference label and label given; those not named cost 1, or 2 where they swap violating
    and benign."""
    configured: bool = True
    """False where no file describes the market and the defaults are used."""

    @model_validator(mode="after")
    def _code(self) -> Market:
        check_market_code(self.market)
        return self


class Partners(Model):
    """What partners' pages are.

    Attributes
    ----------
    notebooks : tuple of str
        Those that are made for partners; all others stay internal.
    smallest_cell : int
        Rows that a figure must rest on.
    benchmark_partners : int
        Other partners that must stand behind a benchmark.
    key_file : str
        Where the key of pseudonyms lies, outside of the workspace; the environment's LABELQA_KEY_FILE comes first.
    """

    notebooks: tuple[str, ...] = ()
    smallest_cell: Annotated[int, Field(ge=10)] = 10
    benchmark_partners: Annotated[int, Field(ge=3)] = 3
    key_file: str = "~/.config/labelqa/key"


class Workspace(Model):
    """`params/workspace.yaml`: where things lie and what holds for every market."""

    name: str = "labelqa"
    data: str = "data/snapshots"
    reports: str = "reports"
    actions: str = "actions.csv"
    notebooks: tuple[str, ...] = ("market_report",)
    history_weeks: Annotated[int, Field(ge=1, le=104)] = 12
    reject_limit: Share = 0.05
    page_seconds: Annotated[float, Field(gt=0)] = 1800
    page_memory: Annotated[float, Field(gt=0)] = 4096
    """MiB that a page's kernel may hold with its children."""
    confidence: Annotated[float, Field(gt=0.5, lt=1)] = 0.95
    minimum_named_items: Annotated[int, Field(ge=1)] = 30
    partners: Partners = Partners()
    locale: LocaleName = "en"  # the language of the index over all markets
    market_defaults: Defaults = Defaults()


class _Loader(yaml.SafeLoader):
    """SafeLoader that refuses what YAML 1.1 silently changes."""


_TRAPS = {
    "tag:yaml.org,2002:bool": (r"true|false", "a yes/no word that YAML reads as true or false"),
    "tag:yaml.org,2002:int": (r"0|[-+]?[1-9][0-9]*", "a number that YAML reads in another base"),
}


def _scalar(loader: _Loader, node: yaml.ScalarNode) -> Any:
    pattern, meaning = _TRAPS[node.tag]
    if not re.fullmatch(pattern, node.value):
        raise yaml.MarkedYAMLError(problem=f"{node.value!r} is {meaning}: quote it", problem_mark=node.start_mark)
    return getattr(yaml.SafeLoader, f"construct_yaml_{node.tag.rsplit(':', 1)[1]}")(loader, node)


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict:
    seen = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node, deep=True)
        if key in seen:
            raise yaml.MarkedYAMLError(problem=f"{key!r} is written twice", problem_mark=key_node.start_mark)
        seen.add(key)
    return loader.construct_mapping(node, deep=True)


for _tag in _TRAPS:
    _Loader.add_constructor(_tag, _scalar)
_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def load_yaml(path: Path) -> dict[str, Any]:
    """Read one YAML mapping, refusing duplicate keys and values that YAML would silently change.

    Raises
    ------
    ParamsError
        With file, line and the value shown.
    """
    try:
        content = yaml.load(path.read_text(encoding="utf-8-sig"), Loader=_Loader)  # noqa: S506 (a SafeLoader)
    except FileNotFoundError:
        raise ParamsError(f"{path}: no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ParamsError(f"{path}: cannot be read as UTF-8 text ({error})") from None
    except yaml.MarkedYAMLError as error:
        line = f":{error.problem_mark.line + 1}" if error.problem_mark else ""
        raise ParamsError(f"{path}{line}: {error.problem}") from None
    except yaml.YAMLError as error:
        raise ParamsError(f"{path}: is not YAML ({error})") from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise ParamsError(f"{path}: must hold `name: value` lines, not a {type(content).__name__}")
    return content


def check_market_code(market: str) -> str:
    """Give `market` back when it can be a market's code; a path or a blank can not.

    Raises
    ------
    UsageError
    """
    if not isinstance(market, str) or not MARKET_CODE.fullmatch(market):
        raise UsageError(f"market {market!r} is not a market code; use letters and digits such as MY or ES-MX")
    return market


def load_workspace(root: Path) -> Workspace:
    """Read `params/workspace.yaml` below `root`."""
    path = Path(root) / "params" / "workspace.yaml"
    return build(Workspace, load_yaml(path), path)


def load_market(root: Path, workspace: Workspace, market: str) -> Market:
    """Read one market: its file over the workspace's defaults; the defaults alone where it has no file."""
    check_market_code(market)
    path = Path(root) / "params" / "markets" / f"{market}.yaml"
    own = load_yaml(path) if path.exists() else {"configured": False}
    if own.setdefault("market", market) != market:
        raise ParamsError(f"{path}: market: {own['market']!r} does not match the file's name")
    defaults = workspace.market_defaults.model_dump(exclude_unset=True)
    merged = {**defaults, **own}
    where = path if path.exists() else Path(root) / "params" / "workspace.yaml"
    for name, lines in (("targets", "metric: {at_least: …}"), ("sampling", "name: value")):
        layers = [given.get(name) or {} for given in (defaults, own)]
        if not all(isinstance(layer, dict) for layer in layers):
            raise ParamsError(f"{where}: {name}: must hold `{lines}` lines, not {layers}")
        merged[name] = layers[0] | layers[1]
    return build(Market, merged, where)


def load_markets(root: Path, workspace: Workspace) -> dict[str, Market]:
    """Every market that has a file, by code; all files' problems are reported at once."""
    markets, problems = {}, []
    for path in sorted((Path(root) / "params" / "markets").glob("*.yaml")):
        try:
            markets[path.stem] = load_market(root, workspace, path.stem)
        except (ParamsError, UsageError) as error:
            problems += error.problems
    if problems:
        raise ParamsError(problems)
    return markets


def find_root(start: Path) -> Path:
    """The workspace that `start` lies in: the nearest folder above it that holds `params/workspace.yaml`.

    Raises
    ------
    UsageError
    """
    start = Path(start).resolve()
    for folder in (start, *start.parents):
        if (folder / "params" / "workspace.yaml").is_file():
            return folder
    raise UsageError(f"{start}: no params/workspace.yaml here or in a folder above; run labelqa inside its workspace")
