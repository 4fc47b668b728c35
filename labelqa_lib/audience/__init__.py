"""A snapshot, a partner and rules in; a snapshot out that holds only what that partner may see.

Data is cut before a page runs: the tables of a partner's page do not contain what must not be seen, whatever its
notebook does. `cutting` says which rows and columns stay, `pseudonyms` what ids become, `benchmark` what is told of
peers, `writing` puts it on disk.
"""

from labelqa_lib.audience.cutting import cut, partner_named, slug, weeks_of
from labelqa_lib.audience.rules import Rules, Sharing

__all__ = ["Rules", "Sharing", "cut", "partner_named", "slug", "weeks_of"]
