"""Which clear columns and texts of a record are shown to whoever is given it: one rule for every such answer.

A person's package and content on request both take them from here. A column of a type that is not named here is shown
to nobody: bytes (digests, keyed indexes, wrapped keys), sealed texts, and whatever a later table holds.
"""

from collections.abc import Mapping
from typing import Final, TypeAlias

import msgspec
import sqlalchemy as sa

from infohus.cases.joint_decisions.model import JointDecision
from infohus.kernel.database.statements import table_of
from infohus.kernel.database.tables import Record

_PLAIN = (sa.String, sa.Boolean, sa.Integer, sa.Date, sa.DateTime)
_OF_THE_SYSTEM = frozenset({
    "id", "case_id", "authority_id", "record_version", "recorded_at", "recorded_by", "revision", "cpr_is_odd",
})
"""Columns that stand elsewhere in the answers, or that say nothing to a person."""

_SALT: Final = "manifest_salt"
_DOCUMENT: Final = "content"
"""The column of a joint document, which is JSON of a salt and of what was signed; that has the same name in it."""

Fact: TypeAlias = str | bool | int | list[str | int]
"""What a clear column holds, as JSON has it; a moment, a day and an id are text."""


def shown_facts(record: Record, *, with_ids: bool) -> dict[str, Fact]:
    """Give a record's clear columns that are not empty; ids of other records and of persons only where asked for."""
    plain = (*_PLAIN, sa.Uuid) if with_ids else _PLAIN
    shown = [
        column.name for column in table_of(type(record)).columns
        if column.name not in _OF_THE_SYSTEM and isinstance(_of_one(column.type), plain)
    ]
    values = {name: getattr(record, name) for name in shown}
    return {
        name: msgspec.convert(msgspec.to_builtins(value), Fact) for name, value in values.items() if value is not None
    }


def shown_texts(record: Record, texts: Mapping[str, str]) -> dict[str, str]:
    """Give a record's opened texts without salts, by which a digest that others hold could be found out.

    Of a joint document it is what was signed, as JSON.
    """
    shown = {name: text for name, text in texts.items() if name != _SALT}
    if isinstance(record, JointDecision) and _DOCUMENT in shown:
        shown[_DOCUMENT] = msgspec.json.encode(msgspec.json.decode(shown[_DOCUMENT])[_DOCUMENT]).decode()
    return shown


def _of_one(column_type: sa.types.TypeEngine[object]) -> sa.types.TypeEngine[object]:
    return column_type.item_type if isinstance(column_type, sa.ARRAY) else column_type
