"""Family names in a person's name, folded so that a family finds itself; a log check compares their keyed indexes."""

import re
import unicodedata

INDEX = "family-name"
"""The kind of keyed index a family name is looked up by."""
_SHORTEST = 2


def family_names(name: str | None) -> frozenset[str]:
    """Give every name but the first, folded: a middle name is a family's too, and a hyphen joins two.

    A single name counts as a family's. Initials do not count. Folded are case, accents and `å` with `aa`.
    """
    parts = [part for part in re.split(r"[^\w']+", _folded(name or "")) if len(part) >= _SHORTEST]
    return frozenset(parts[1:] or parts)


def _folded(name: str) -> str:
    plain = "".join(one for one in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(one))
    return plain.replace("aa", "a")
