"""What an entry says of a row that was written: its primary key, its revision, its digest before and after."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from infohus.kernel.audit.formats.entry import Wrote
from infohus.kernel.database.row_digests import digest_of, key_of, revision_of


def wrote_of(table: sa.Table, verb: str, *, before: Mapping[str, Any], after: Mapping[str, Any]) -> Wrote:
    """Describe a row that was written, by all its columns as read and as stored; empty where there was no such row."""
    name, keys = str(table.name), tuple(column.name for column in table.primary_key)
    return Wrote(
        verb=verb, table=name, key=key_of(after or before, keys),
        revision=revision_of(after) if after else revision_of(before) + 1,
        digest=digest_of(name, after) if after else None, was=digest_of(name, before) if before else None,
    )
