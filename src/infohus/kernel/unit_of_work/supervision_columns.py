"""Which columns of a row only the supervision of its authority opens, and how their key is kept beside them."""

from typing import Any

import sqlalchemy as sa

from infohus.kernel.database.statements import table_of
from infohus.kernel.database.tables import Row
from infohus.kernel.sealing.column import KeptForSupervision, SupervisionColumn
from infohus.kernel.sealing.envelope import CannotOpen, DataKey, Sealed
from infohus.kernel.sealing.vault import Vault


def kept_for_supervision(row: Row) -> KeptForSupervision:
    """Give the declaration of how a row's table keeps texts for supervision."""
    kept = vars(type(row))["kept_for_supervision"]
    assert isinstance(kept, KeptForSupervision)  # noqa: S101 - narrows the type
    return kept


def is_for_supervision(column: sa.Column[Any]) -> bool:
    """Say whether a column holds a text for supervision."""
    return isinstance(column.type, SupervisionColumn)


def authority_of(row: Row) -> str:
    """Give the authority that a row belongs to."""
    authority_id: str = vars(row)["authority_id"]
    return authority_id


def supervision_key(vault: Vault, row: Row, kept: KeptForSupervision) -> DataKey:
    """Unwrap the key of a row's texts for supervision; its id stands in every envelope.

    Raises:
        CannotOpen: it was wrapped for another authority or row, or changed; or the row has no such text.
    """
    texts = (getattr(row, column.name) for column in table_of(type(row)).columns if is_for_supervision(column))
    key_id = next((text.key_id for text in texts if isinstance(text, Sealed)), None)
    if key_id is None:
        raise CannotOpen
    return vault.unwrap_supervision_key(authority_of(row), vars(row)["id"], key_id, getattr(row, kept.wrapped_key))
