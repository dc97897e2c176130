"""The family names in a person's name, folded so that spellings match; a log check compares their keyed indexes."""

import re
import unicodedata

INDEX = "family-name"
"""The kind of keyed index a family name is looked up by."""
_SHORTEST = 2


def family_names(name: str | None) -> frozenset[str]:
    """Give every name but the first, folded; the names on both sides of a hyphen count each for itself.

    A single name counts as a family name. Initials do not count. Folded are case, accents, and `å` with `aa`.
    """
    parts = [part for part in re.split(r"[^\w']+", _folded(name or "")) if len(part) >= _SHORTEST]
    return frozenset(parts[1:] or parts)


def _folded(name: str) -> str:
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    plain = "".join(character for character in decomposed if not unicodedata.combining(character))
    return plain.replace("aa", "a")
