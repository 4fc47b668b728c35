"""`params/demo.yaml` as frozen, validated models. What each number means is written in that file."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from labelqa_lib.models import Model, TimeZone, build
from labelqa_lib.periods import Week

Share = Annotated[float, Field(ge=0, le=1)]
Chance = Annotated[float, Field(gt=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]
Range = tuple[Share, Share]
Hours = Annotated[tuple[Positive, ...], Field(min_length=24, max_length=24)]


class Site(Model):
    """A place of work."""

    error_factor: Positive


class Market(Model):
    """A market and who serves it."""

    share: Positive
    time_zone: TimeZone
    languages: dict[str, Positive]
    sites: Annotated[dict[str, Positive], Field(min_length=1)]
    error_factor: Positive
    names: Literal["malay", "spanish", "chinese", "english"]


class People(Model):
    """How many work here and how they differ."""

    agents: Count
    qas: Count
    joined_during: Share
    left_during: Share
    training_days: Count
    late_live: Share
    skill_spread: Positive
    newcomer_penalty: Positive
    learning_weeks: Positive
    speed_spread: Positive
    qa_sensitivity: Range
    qa_specificity: Range
    auditor_sensitivity: Range
    auditor_specificity: Range


class Label(Model):
    """One value of the label set and what it is mistaken for."""

    title: str
    policy_area: str
    violating: bool
    critical: bool
    error: Positive
    neighbours: Annotated[dict[str, Positive], Field(min_length=1)]


class Queue(Model):
    """A stream of items with one SOP and one service target."""

    share: Positive
    policy_area: str
    content_type: str
    sla_minutes: Count
    handle_seconds: Positive
    difficulty: Positive
    true_labels: Annotated[dict[str, Positive], Field(min_length=1)]


class Arrivals(Model):
    """When items come and how long they wait."""

    by_local_hour: Hours
    by_weekday: Annotated[tuple[Positive, ...], Field(min_length=7, max_length=7)]
    weekly_noise: Share
    wait_share_of_sla: Positive
    wait_spread: Positive
    blind_pairs: Share


class Errors(Model):
    """Why agents err."""

    base: Chance
    hard_items: Share
    hard_factor: Positive
    easy_factor: Positive
    fatigue_by_local_hour: Hours
    handle_spread: Positive


class Scores(Model):
    """How well the model tells violating from benign, and one label from the others."""

    separation_easy: Positive
    separation_hard: Positive
    right_label_easy: Share
    right_label_hard: Share


class Tier1(Model):
    """Chance of a random audit, by stratum."""

    model_disagrees: Chance
    new_joiner: Chance
    given_violating: Chance
    given_benign: Chance


class Tier2(Model):
    """Chance of a second look at a random tier-1 audit, by stratum."""

    marked_error: Chance
    passed_against_model: Chance
    passed: Chance


class Audits(Model):
    """What is looked at again."""

    tier1: Tier1
    new_joiner_weeks: Positive
    tier2: Tier2
    risk: Share
    adhoc: Share
    gold_items: Share
    appealed_reviewed: Share
    blind: Share
    comments: Share


class Appeals(Model):
    """Who disputes what, and how it ends."""

    customer_if_wrong: Share
    customer_if_right: Share
    overturned_if_wrong: Share
    overturned_if_right: Share
    agent_against_error: Share
    withdrawn: Share
    days_to_resolve: Positive
    days_spread: Positive


class Minutes(Model):
    """How booked time is used."""

    utilization: Chance
    occupancy: Chance
    absence: Share


class Quizzes(Model):
    """Product-knowledge tests."""

    questions: Annotated[int, Field(ge=2)]
    every_weeks: Count
    pass_mark: Share
    slip: Share


class Sop(Model):
    """A labelling instruction, in force from the Monday of `week`."""

    sop_version: str
    policy_area: str
    week: str
    summary: str
    changed_labels: tuple[str, ...] = ()


class Incident(Model):
    """Something planted, so that a reader can check that a report finds it."""

    code: str
    kind: Literal["confuse", "slow_service", "lenient_qas", "overturns", "slow_tool", "mix"]
    market: str
    weeks: Annotated[tuple[str, ...], Field(min_length=1)]
    where: dict[Literal["site", "queue", "policy_area"], str] = {}
    label: str | None = None
    into: str | None = None
    both_ways: bool = False
    share: Share | None = None
    factor: Positive | None = None
    metric: str
    expected: str
    sentence: str

    @model_validator(mode="after")
    def _complete(self) -> Incident:
        needed = {
            "confuse": ("label", "into", "share"), "slow_service": ("factor",), "lenient_qas": ("share",),
            "overturns": ("share", "factor"), "slow_tool": ("factor",), "mix": ("factor",),
        }[self.kind]  # fmt: skip
        missing = [name for name in needed if getattr(self, name) is None]
        if missing:
            raise ValueError(f"incident {self.code} of kind {self.kind} needs {', '.join(missing)}")
        if self.kind in ("mix", "slow_service") and list(self.where) != ["queue"]:
            raise ValueError(f"incident {self.code} of kind {self.kind} needs `where: {{queue: ...}}`, nothing else")
        return self


class Demo(Model):
    """The whole of `params/demo.yaml`."""

    seed: Annotated[int, Field(ge=0)]
    last_week: str
    weeks: Annotated[int, Field(ge=4, le=104)]
    annotations: Annotated[int, Field(ge=1000)]
    known_until: datetime
    partners: dict[str, tuple[str, ...]]
    sites: dict[str, Site]
    markets: Annotated[dict[str, Market], Field(min_length=1)]
    people: People
    labels: Annotated[dict[str, Label], Field(min_length=2)]
    queues: Annotated[dict[str, Queue], Field(min_length=1)]
    arrivals: Arrivals
    errors: Errors
    model: Scores
    audits: Audits
    appeals: Appeals
    minutes: Minutes
    quizzes: Quizzes
    sop: tuple[Sop, ...]
    requests_per_market: Count
    incidents: tuple[Incident, ...]

    @model_validator(mode="after")
    def _names_are_known(self) -> Demo:
        for week in (*(sop.week for sop in self.sop), *(week for one in self.incidents for week in one.weeks)):
            Week.parse(week)
        if (self.known_until.date() - Week.parse(self.last_week).sunday).days < 4:
            raise ValueError(f"known_until: {self.known_until} must lie 4 days or more after {self.last_week}")
        areas = {label.policy_area for label in self.labels.values()}
        partnered = [site for sites in self.partners.values() for site in sites]
        problems = [f"partners: site {site!r} belongs to {partnered.count(site)} partners, must be 1"
                    for site in self.sites if partnered.count(site) != 1]  # fmt: skip
        known = [("a label", label, self.labels, f"labels.{name}.neighbours")
                 for name, value in self.labels.items() for label in value.neighbours]  # fmt: skip
        for name, market in self.markets.items():
            known += [("a site", site, self.sites, f"markets.{name}.sites") for site in market.sites]
        for name, queue in self.queues.items():
            known += [("a label", label, self.labels, f"queues.{name}.true_labels") for label in queue.true_labels]
            known.append(("a policy area", queue.policy_area, areas, f"queues.{name}.policy_area"))
        for incident in self.incidents:
            place = f"incidents.{incident.code}"
            known.append(("a market", incident.market, self.markets, place))
            known += [("a label", label, self.labels, place) for label in (incident.label, incident.into) if label]
            lists = {"site": self.sites, "queue": self.queues, "policy_area": areas}
            known += [(f"a {name}", value, lists[name], place) for name, value in incident.where.items()]
        problems += [f"{place}: {value!r} is not {kind}; known are {', '.join(sorted(values))}"
                     for kind, value, values, place in known if value not in values]  # fmt: skip
        if problems:
            raise ValueError("; ".join(problems))
        return self


def parse(parameters: dict[str, Any]) -> Demo:
    """Validate the parsed YAML.

    Raises
    ------
    ParamsError
        One sentence per problem, with the place in the file.
    """
    return build(Demo, parameters, "demo parameters")
