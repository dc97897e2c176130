"""How pages of a log's entries are answered."""

import msgspec

from infohus.oversight.supervision.operations import NumberedEntry


class EntryPage(msgspec.Struct, frozen=True):
    """Some entries, and the index to pass as `after` for more."""

    items: list[NumberedEntry]
    next: int | None
