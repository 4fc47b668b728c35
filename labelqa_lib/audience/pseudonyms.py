"""Ids that stay the same from week to week and that only the key's holder can lead back."""

from __future__ import annotations

import base64
import hmac

import pyarrow as pa
import pyarrow.compute as pc

KINDS = {"person": ("p", 10), "item": ("i", 13), "annotation": ("a", 13), "audit": ("t", 13), "appeal": ("d", 13)}
"""Letter and length by what an id names. A letter of base 32 holds 5 bits: with 50, among a thousand people two share a
pseudonym once in two billion workspaces; with 65, among ten million rows once in a million."""


class Pseudonyms:
    """Pseudonyms of one audience: HMAC-SHA-256 of audience, kind and id under the workspace's key.

    Two audiences get different ones, so that two partners who compare their pages learn nothing of whom they share.
    Source: RFC 2104 (HMAC), RFC 4648 section 6 (base 32).
    """

    def __init__(self, key: bytes, audience: str):
        self._key, self._audience = key, audience

    def one(self, kind: str, id: str) -> str:
        """The pseudonym of one id: ``p-`` and ten letters or digits for a person."""
        letter, length = KINDS[kind]
        digest = hmac.digest(self._key, "\0".join((self._audience, kind, id)).encode(), "sha256")
        return f"{letter}-{base64.b32encode(digest).decode().lower()[:length]}"

    def of(self, kind: str, ids: pa.ChunkedArray) -> pa.Array:
        """Pseudonyms of a column of ids; nothing stays nothing."""
        coded = pc.dictionary_encode(ids.combine_chunks())
        names = [None if id is None else self.one(kind, id) for id in coded.dictionary.to_pylist()]
        return pa.array(names, pa.string()).take(coded.indices)
