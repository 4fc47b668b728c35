"""What a delivery's intake comes to: shown by `labelqa check`, written into the snapshot by `labelqa ingest`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class BrokenRule:
    """A rule, how many rows broke it, and up to three of them as (key, file, line)."""

    rule: str
    count: int
    examples: tuple[tuple[str, str, int], ...]


@dataclass(frozen=True)
class TableOutcome:
    """One delivered table; counts are rows. delivered = accepted + duplicates + rejected.

    Attributes
    ----------
    accepted : int
        New rows and restated ones.
    duplicates : int
        Rows that came before with the same contents, in this delivery or in the current snapshot.
    restated : int
        Accepted rows that replace one of the current snapshot.
    unmatched : int
        Rows of the new snapshot whose agent (annotations) or auditor (audits) `people` does not know; kept.
    absent : tuple of str
        Optional columns that were not delivered.
    rules : tuple of BrokenRule
        Most often broken first.
    """

    table: str
    delivered: int
    accepted: int
    duplicates: int
    rejected: int
    restated: int = 0
    unmatched: int = 0
    absent: tuple[str, ...] = ()
    rules: tuple[BrokenRule, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """A whole delivery.

    Attributes
    ----------
    source : str
    tables : tuple of TableOutcome
        The delivered ones; empty when the delivery's structure alone refuses it.
    refused : tuple of str
        One sentence per problem; not empty means that nothing is written.
    missing : tuple of str
        Contract tables that neither this delivery nor the current snapshot holds.
    notes : tuple of str
        Sentences worth telling that refuse nothing.
    snapshot : str, optional
        Id of the snapshot that holds the delivery now; None where nothing was written.
    unchanged : bool
        The current snapshot holds all of it already, rejects too; no new one is made.
    """

    source: str
    tables: tuple[TableOutcome, ...] = ()
    refused: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    snapshot: str | None = None
    unchanged: bool = False

    def table(self, name: str) -> TableOutcome:
        """The outcome of the delivered table `name`."""
        return next(table for table in self.tables if table.table == name)
