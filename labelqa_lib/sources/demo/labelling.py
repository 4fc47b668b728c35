"""Annotations: who labelled what, when, how, and why it went wrong."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from labelqa_lib.sources.demo.items import Items
from labelqa_lib.sources.demo.people import Agents, tenure_weeks
from labelqa_lib.sources.demo.world import World, pick_column

CAUSES = ("knowledge", "attention", "sop_unclear", "sop_changed", "tool", "language", "other")
NO_CAUSE = -1


@dataclass(frozen=True)
class Annotations:
    """One entry per annotation, by market and time. Codes and seconds UTC.

    Attributes
    ----------
    item, agent : positions in `Items` and `Agents`
    week, day, hour : of `at`, local
    first : the item's first annotation (the other ones are the second answers of blind pairs)
    true_label, cause : what nobody in the operation knows; `cause` is a position in `CAUSES` or -1
    """

    item: np.ndarray
    agent: np.ndarray
    market: np.ndarray
    site: np.ndarray
    queue: np.ndarray
    at: np.ndarray
    week: np.ndarray
    day: np.ndarray
    hour: np.ndarray
    first: np.ndarray
    blind: np.ndarray
    tenure: np.ndarray
    label: np.ndarray
    true_label: np.ndarray
    handle: np.ndarray
    cause: np.ndarray

    @property
    def wrong(self) -> np.ndarray:
        """Whether the label given is not the true one."""
        return self.label != self.true_label

    def __len__(self) -> int:
        return len(self.item)


def make_annotations(world: World, items: Items, agents: Agents) -> Annotations:
    """Label every item that is reached before the last week ends, some of them twice."""
    item, at, first = _answers(world, items)
    market = items.market[item]
    day, hour = world.local(market, at)
    agent = _assign(world, agents, market, day, hour, first)
    keep = _different_agents(item, agent, first)
    item, at, first, market, day, hour, agent = (a[keep] for a in (item, at, first, market, day, hour, agent))
    rows = {"market": market, "site": agents.site[agent], "queue": items.queue[item], "week": day // 7}
    tenure = tenure_weeks(agents, agent, day)
    truth = items.true_label[item]
    label, cause = _labels(world, items, agents, rows, item, agent, hour, tenure, truth)
    paired = np.isin(item, item[~first])
    return Annotations(
        item, agent, market, rows["site"], rows["queue"], at, rows["week"], day, hour, first, paired, tenure,
        label, truth, _handle(world, items, agents, rows, item, agent, tenure), cause,
    )  # fmt: skip


def _answers(world: World, items: Items) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Item, time and whether it is the first answer, by market and time; what is not reached in time is left out."""
    stream, arrivals = world.streams["annotations"], world.demo.arrivals
    pairs = np.flatnonzero(stream.random(len(items.market)) < arrivals.blind_pairs)
    item = np.concatenate([np.arange(len(items.market)), pairs])
    first = np.arange(len(item)) < len(items.market)
    median = world.of_queue("sla_minutes")[items.queue[item]] * 60 * arrivals.wait_share_of_sla
    day, _ = world.local(items.market, items.arrived)
    arrived = {"market": items.market[item], "queue": items.queue[item], "week": day[item] // 7}
    for incident, market, weeks in world.incidents("slow_service"):
        median[world.hit(incident, market, weeks, arrived)] *= incident.factor
    wait = median * np.exp(stream.normal(0, arrivals.wait_spread, len(item)))
    wait[len(items.market):] += wait[pairs]  # the second answer comes after the first
    at = items.arrived[item] + np.ceil(wait).astype(np.int64)
    ends = np.array([clock.end for clock in world.clocks])
    order = np.lexsort((at, items.market[item]))
    order = order[at[order] < ends[items.market[item[order]]]]
    return item[order], at[order], first[order]


def _assign(world: World, agents: Agents, market, day, hour, first) -> np.ndarray:
    """For each annotation, one of the agents at their desk in that market and hour.

    Second answers, and what comes where nobody is at a desk (small demos, nights), go to one of those working that
    day, else to one who is always there.
    """
    stream, days = world.streams["assignment"], world.days
    worker, worked = np.nonzero(agents.works)
    at_desk = np.repeat(worker, 8)
    hours = (agents.desk[worker][:, None] + np.arange(8)).ravel()
    hourly = (agents.market[at_desk] * days + np.repeat(worked, 8)) * 24 + hours
    lists = [
        (at_desk, hourly, (market * days + day) * 24 + hour, first),
        (worker, agents.market[worker] * days + worked, market * days + day, True),
    ]
    always = np.flatnonzero((agents.live < 0) & (agents.left >= days))
    lists.append((always, agents.market[always], market, True))
    agent = np.full(len(market), -1)
    chance = stream.random(len(market))
    for who, group, wanted, concerned in lists:
        order = np.argsort(group, kind="stable")
        counts = np.bincount(group, minlength=int(wanted.max()) + 1)
        starts = np.cumsum(counts) - counts
        open_rows = np.flatnonzero((agent < 0) & concerned & (counts[wanted] > 0))
        place = wanted[open_rows]
        agent[open_rows] = who[order[starts[place] + (chance[open_rows] * counts[place]).astype(np.int64)]]
    return agent


def _different_agents(item: np.ndarray, agent: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Rows to keep: second answers by the agent of the first one are dropped."""
    of_first = np.full(int(item.max()) + 1, -1)
    of_first[item[first]] = agent[first]
    return first | ((of_first[item] >= 0) & (of_first[item] != agent))


def _labels(world, items, agents, rows, item, agent, hour, tenure, truth) -> tuple[np.ndarray, np.ndarray]:
    """Labels given and causes of the errors among them."""
    stream, errors, people = world.streams["annotations"], world.demo.errors, world.demo.people
    by_market = np.array([market.error_factor for market in world.demo.markets.values()])
    by_site = np.array([site.error_factor for site in world.demo.sites.values()])
    by_label = np.array([label.error for label in world.demo.labels.values()])
    newcomer = people.newcomer_penalty * np.exp(-tenure / people.learning_weeks)
    fatigue = np.array(errors.fatigue_by_local_hour)[hour]
    chance = errors.base * by_market[rows["market"]] * by_site[rows["site"]] * by_label[truth]
    chance *= world.of_queue("difficulty")[rows["queue"]] * np.exp(agents.skill[agent]) * (1 + newcomer) * fatigue
    chance *= np.where(items.hard[item], errors.hard_factor, errors.easy_factor)
    wrong = np.flatnonzero(stream.random(len(item)) < np.minimum(chance, 0.9))
    label, cause = truth.copy(), np.full(len(item), NO_CAUSE)
    label[wrong] = pick_column(stream, world.neighbours, truth[wrong])
    usual = stream.choice(len(CAUSES), len(wrong), p=(0.30, 0.36, 0.14, 0.0, 0.04, 0.08, 0.08))
    tired = (fatigue[wrong] > 1.1) & (stream.random(len(wrong)) < 0.5)
    new = (newcomer[wrong] > 0.3) & (stream.random(len(wrong)) < 0.6)
    cause[wrong] = np.select([new, tired], [CAUSES.index("knowledge"), CAUSES.index("attention")], usual)
    for incident, market, weeks in world.incidents("confuse"):
        directions = [(incident.label, incident.into)]
        directions += [(incident.into, incident.label)] if incident.both_ways else []
        concerned = world.hit(incident, market, weeks, rows)
        for source, target in directions:
            able = np.flatnonzero(concerned & (truth == world.labels.index(source)))
            confused = able[stream.random(len(able)) < incident.share]
            label[confused] = world.labels.index(target)
            cause[confused] = CAUSES.index("sop_changed" if incident.both_ways else "knowledge")
    return label, cause


def _handle(world, items, agents, rows, item, agent, tenure) -> np.ndarray:
    """Seconds of work: the queue's median, the agent's speed, learning, and how hard the item is."""
    stream = world.streams["annotations"]
    handle = world.of_queue("handle_seconds")[rows["queue"]] * agents.speed[agent] * (1 + 0.3 * np.exp(-tenure / 6))
    handle *= np.where(items.hard[item], 1.15, 0.95)
    handle *= np.exp(stream.normal(0, world.demo.errors.handle_spread, len(item)))
    for incident, market, weeks in world.incidents("slow_tool"):
        handle[world.hit(incident, market, weeks, rows)] *= incident.factor
    return np.round(handle, 1)
