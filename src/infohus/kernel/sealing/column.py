"""The column that stores sealed values and refuses everything else (promise 3 of docs/architecture.md)."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect

from infohus.kernel.sealing.envelope import SHORTEST, VERSION, Sealed


class PlainTextInSealedColumn(TypeError):  # noqa: N818 - names the situation
    """Something other than a sealed value was about to be stored. The message never holds the value."""


WHOLE = "whole"
"""The part of a record that is disclosed only as a whole."""
SUPERVISION = "supervision"


class SealedColumn(sa.types.TypeDecorator[Sealed]):
    """Stores a `Sealed` as bytes. It neither seals nor opens: a column type does not know the row.

    Columns of one `part` are sealed under one key, and each part of a version has a key of its own.
    """

    impl = sa.LargeBinary
    cache_ok = True

    def __init__(self, part: str = WHOLE) -> None:
        """Belong to this part of the record."""
        super().__init__()
        self.part = part

    def process_bind_param(self, value: Any, dialect: Dialect) -> bytes | None:  # noqa: ANN401, ARG002
        """Give the envelope of a sealed value.

        Raises:
            PlainTextInSealedColumn: it is anything else, but for `None`.
        """
        if value is None:
            return None
        if not isinstance(value, Sealed):
            message = f"a sealed column takes a Sealed, not {type(value).__name__}"
            raise PlainTextInSealedColumn(message)
        envelope = value.envelope
        # Catches `Sealed(text.encode())`: only `seal` makes an envelope.
        if type(envelope) is not bytes or envelope[:1] != VERSION or len(envelope) < SHORTEST:
            message = "a sealed column takes a Sealed that holds an envelope"
            raise PlainTextInSealedColumn(message)
        return envelope

    def process_result_value(self, value: Any, dialect: Dialect) -> Sealed | None:  # noqa: ANN401, ARG002
        """Give the sealed value, still sealed."""
        return None if value is None else Sealed(bytes(value))


class SupervisionColumn(SealedColumn):
    """A column sealed for an authority's supervision: its key is wrapped for that alone; no key of a case opens it."""

    cache_ok = True

    def __init__(self) -> None:
        """Belong to what is kept for supervision."""
        super().__init__(SUPERVISION)


@dataclass(frozen=True, slots=True)
class KeptForSupervision:
    """Which columns of a table serve the texts that only its authority's supervision opens. Each value is a name.

    A table that has such texts holds one in its class attribute `kept_for_supervision`.
    """

    wrapped_key: str
    """The key of the texts, wrapped for the supervision of the row's authority."""
    bound_to: str
    """The id a text is bound to besides its row, in the place of the case's id (`Place.case_id`)."""
    also_opened_by: str | None = None
    """The person id of one person outside that authority who opens them too."""


def sealed_columns(metadata: sa.MetaData) -> frozenset[tuple[str, str]]:
    """Collect (table, column) of every sealed column, whose values the application's own log must never show."""
    return frozenset(
        (table.name, column.name)
        for table in metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, SealedColumn)
    )
