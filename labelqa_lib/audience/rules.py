"""What a partner may see, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Sharing:
    """What a market lets out beside figures; nothing by default.

    Attributes
    ----------
    items : bool
        Item ids as they are, so that a partner finds an item again. Else they are pseudonyms: an id may tell who else
        labelled an item, or when.
    text : bool
        What shows an item: `items.content_ref`, and summaries of SOP versions.
    comments : bool
        What auditors wrote.
    """

    items: bool = False
    text: bool = False
    comments: bool = False


@dataclass(frozen=True)
class Rules:
    """For whom a snapshot is cut, and how.

    Attributes
    ----------
    audience : str
        Name of the audience, in the pages' addresses.
    partner : str
        The partner as `annotations.partner` writes it.
    key : bytes
        Secret of the workspace; pseudonyms are made with it, and it is written nowhere.
    smallest_cell : int
        Rows that a figure must rest on.
    benchmark_partners : int
        Other partners that must stand behind a benchmark.
    sharing : mapping of market to Sharing
        Markets not named share nothing beside figures.
    """

    audience: str
    partner: str
    key: bytes = field(repr=False)
    smallest_cell: int = 10
    benchmark_partners: int = 3
    sharing: Mapping[str, Sharing] = field(default_factory=dict)

    def of(self, market: str) -> Sharing:
        """What `market` shares."""
        return self.sharing.get(market, Sharing())
