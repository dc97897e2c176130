"""The keys one unit of work holds: data keys of the records it touches, unwrapped by its caller's case key.

A data key comes from a wrap for the caller's own authority, or is made for a new record; there is no third way. Texts
for supervision have keys of their own, wrapped for the supervision of the row's authority.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from infohus import errors
from infohus.kernel.access.model import CaseKey, Disclosure, RecordKey
from infohus.kernel.audit.formats.entry import Opened
from infohus.kernel.database.statements import Stored, compiled, row_from, table_of
from infohus.kernel.database.tables import Record, Row
from infohus.kernel.identity.caller import Caller
from infohus.kernel.sealing.column import KeptForSupervision, SealedColumn, SupervisionColumn
from infohus.kernel.sealing.envelope import CannotOpen, DataKey, Place, Sealed, open_sealed, seal
from infohus.kernel.sealing.vault import Vault
from infohus.kernel.unit_of_work.lookup import ResolvedSubject

Ask = Callable[[str, Sequence[Any]], Awaitable[list[Stored]]]
"""Runs a query as the unit's caller."""

_WRAPS = sa.select(RecordKey.record_id, RecordKey.key_id, RecordKey.wrapped_key).where(
    RecordKey.record_id == sa.func.any(sa.bindparam("record_ids", type_=sa.ARRAY(sa.Uuid))),
    RecordKey.authority_id == sa.bindparam("authority_id"),
)
READERS = sa.select(Disclosure.record_id, Disclosure.recipient_id).where(
    Disclosure.record_id == sa.func.any(sa.bindparam("record_ids", type_=sa.ARRAY(sa.Uuid))),
    Disclosure.withdrawn_at.is_(None),
)
"""To which authorities records are disclosed and not withdrawn; each holds a wrap of the record's key."""
WITHDRAWING = sa.select(
    sa.func.infohus.withdraw(
        sa.bindparam("exchange_id", type_=sa.Uuid), sa.bindparam("recipient_id", type_=sa.Text),
        sa.bindparam("kinds", type_=sa.ARRAY(sa.Text)),
    ).label("record_id")
)
"""Takes away the wraps that an exchange gave a recipient, and returns the ids of the records."""
_CASE_KEYS = sa.select(CaseKey).where(CaseKey.case_id == sa.bindparam("case_id"))


class Keyring:
    """Fetches, makes and wraps keys for one caller's authority in one case."""

    def __init__(
        self, vault: Vault, ask: Ask, caller: Caller, resolved: ResolvedSubject, *, opened: Callable[[Opened], None]
    ) -> None:
        """Begin with the keys that the look-up of the subject fetched.

        Each text that is opened is told to `opened`, for the audit entry.
        """
        self._vault = vault
        self._ask = ask
        self._caller = caller
        self._authority_id = authority_id = caller.authority_id
        self._opened = opened
        self._case_id = resolved.case.id if resolved.case is not None else None
        self._case_keys: dict[str, bytes] = {}
        self._data_keys: dict[UUID, DataKey] = {}
        self._case_keys.update(
            (authority, party.case_key) for authority, party in resolved.parties.items() if party.case_key is not None
        )
        if resolved.case_key is not None:
            self._case_keys[authority_id] = resolved.case_key
        if isinstance(resolved.subject, Record) and resolved.record_key is not None:
            self._data_keys[resolved.subject.id] = self._unwrapped(*resolved.record_key)

    def enter(self, case_id: UUID) -> None:
        """Go on inside a case that the unit has just created."""
        self._case_id = case_id

    async def bring(self, record_ids: Sequence[UUID]) -> None:
        """Fetch the data keys of records that are not held yet.

        Raises:
            NotAvailable: no exchange ever wrapped one of them for the caller's authority.
        """
        missing = [record_id for record_id in record_ids if record_id not in self._data_keys]
        if not missing:
            return
        await self.bring_case_key(self._authority_id)
        ready = compiled(_WRAPS)
        values = {"record_ids": missing, "authority_id": self._authority_id}
        for row in await self._ask(ready.sql, ready.arguments(values)):
            self._data_keys[row["record_id"]] = self._unwrapped(row["key_id"], row["wrapped_key"])
        if any(record_id not in self._data_keys for record_id in missing):
            raise errors.NotAvailable

    async def bring_case_key(self, authority_id: str) -> None:
        """Fetch an authority's wrapped case key, unless it is held already.

        Raises:
            RecipientTakesNoPart: the authority has none in this case.
        """
        if authority_id not in self._case_keys:
            ready = compiled(_CASE_KEYS)
            for row in await self._ask(ready.sql, ready.arguments({"case_id": self._case_id})):
                key = row_from(CaseKey, row)
                self._case_keys.setdefault(key.authority_id, key.wrapped_key)
        if authority_id not in self._case_keys:
            raise errors.RecipientTakesNoPart

    def new_case_key(self, case_id: UUID, authority_id: str) -> CaseKey:
        """Make a case key for an authority, wrapped under that authority's key of the keeper."""
        wrapped = self._case_keys[authority_id] = self._vault.new_case_key(authority_id)
        return CaseKey(
            case_id=case_id, authority_id=authority_id, wrapped_key=wrapped,
            keeper_key_id=self._vault.keeper_key_id(authority_id),
        )

    def new(self, record: Record) -> RecordKey:
        """Make a new record's data key, wrapped for its owner."""
        self._data_keys[record.id] = self._vault.new_data_key()
        return self.wrap_for(self._authority_id, record.id, owner_id=record.authority_id, exchange_id=None)

    def wrap_for(self, authority_id: str, record_id: UUID, *, owner_id: str, exchange_id: UUID | None) -> RecordKey:
        """Wrap a record's data key for an authority; `exchange_id` is `None` for the owner, and for nobody else."""
        assert self._case_id is not None  # noqa: S101 - records exist in cases only
        data_key = self._data_keys[record_id]
        wrapped = self._vault.wrap_data_key(
            data_key, case_id=self._case_id, authority_id=authority_id, wrapped_case_key=self._case_keys[authority_id]
        )
        return RecordKey.of(
            record_id=record_id, authority_id=authority_id, owner_id=owner_id, case_id=self._case_id,
            key_id=data_key.key_id, wrapped_key=wrapped, exchange_id=exchange_id,
        )

    def seal(self, record: Record, texts: Mapping[str, str | None]) -> None:
        """Seal texts into a record's columns at its present version."""
        _seal_into(record, self._data_keys[record.id], texts, bound_to=record.case_id)

    def open(self, record: Record) -> dict[str, str]:
        """Open every sealed column of a record that holds something; each is told to `opened`.

        Raises:
            CannotOpen: the stored value was moved here, put back, or changed.
        """
        columns = sealed_columns_of(type(record))
        return self._open(record, self._data_keys[record.id], columns, bound_to=record.case_id)

    def seal_for_supervision(self, row: Row, texts: Mapping[str, str | None]) -> None:
        """Seal texts for the supervision of the row's authority, under the row's own key, made when it has none."""
        kept, authority_id = kept_for_supervision(row), _authority_of(row)
        wrapped = getattr(row, kept.wrapped_key)
        if wrapped is None:
            wrapped, key = self._vault.new_supervision_key(authority_id)
            setattr(row, kept.wrapped_key, wrapped)
        else:
            key = self._supervision_key(row, kept)
        _seal_into(row, key, texts, bound_to=getattr(row, kept.bound_to))

    def open_for_supervision(self, row: Row, *columns: str) -> dict[str, str]:
        """Open those of `columns` that hold something; each is told to `opened`.

        Raises:
            NotAvailable: it is kept for another authority's supervision.
            CannotOpen: the stored value was moved here, or changed.
        """
        kept = kept_for_supervision(row)
        opened_by = None if kept.also_opened_by is None else getattr(row, kept.also_opened_by)
        if _authority_of(row) != self._authority_id and opened_by != self._caller.person_id:
            raise errors.NotAvailable
        if not any(isinstance(getattr(row, column), Sealed) for column in columns):
            return {}
        key = self._supervision_key(row, kept)
        return self._open(row, key, columns, bound_to=getattr(row, kept.bound_to))

    def _supervision_key(self, row: Row, kept: KeptForSupervision) -> DataKey:
        """Unwrap the key of a row's texts for supervision; its id stands in every envelope."""
        texts = (getattr(row, column.name) for column in table_of(type(row)).columns if _is_for_supervision(column))
        key_id = next((text.key_id for text in texts if isinstance(text, Sealed)), None)
        if key_id is None:
            raise CannotOpen
        return DataKey(key_id, self._vault.unwrap_supervision_key(_authority_of(row), getattr(row, kept.wrapped_key)))

    def _open(self, row: Row, key: DataKey, columns: Iterable[str], *, bound_to: UUID) -> dict[str, str]:
        """Open what is sealed in `columns`, and tell `opened` of it. Nothing else in the code opens a text."""
        texts: dict[str, str] = {}
        for column in columns:
            sealed = vars(row).get(column)
            if isinstance(sealed, Sealed):
                place = _place(row, column, bound_to)
                texts[column] = open_sealed(key, place, sealed)
                self._opened(Opened(place.table, column, place.row_id))
        return texts

    def _unwrapped(self, key_id: UUID, wrapped: bytes) -> DataKey:
        assert self._case_id is not None  # noqa: S101 - records exist in cases only
        try:
            return self._vault.unwrap_data_key(
                wrapped, key_id=key_id, case_id=self._case_id, authority_id=self._authority_id,
                wrapped_case_key=self._case_keys[self._authority_id],
            )
        except (CannotOpen, KeyError):
            raise errors.NotAvailable from None


@cache
def sealed_columns_of(model: type[Row]) -> tuple[str, ...]:
    """Name the columns of a table that are sealed under its record's data key."""
    return tuple(
        column.name for column in table_of(model).columns
        if isinstance(column.type, SealedColumn) and not _is_for_supervision(column)
    )


def kept_for_supervision(row: Row) -> KeptForSupervision:
    """Give the declaration of how a row's table keeps texts for supervision."""
    kept = vars(type(row))["kept_for_supervision"]
    assert isinstance(kept, KeptForSupervision)  # noqa: S101 - narrows the type
    return kept


def _is_for_supervision(column: sa.Column[Any]) -> bool:
    return isinstance(column.type, SupervisionColumn)


def _authority_of(row: Row) -> str:
    authority_id: str = vars(row)["authority_id"]
    return authority_id


def _seal_into(row: Row, key: DataKey, texts: Mapping[str, str | None], *, bound_to: UUID) -> None:
    for column, text in texts.items():
        setattr(row, column, None if text is None else seal(key, _place(row, column, bound_to), text))


def _place(row: Row, column: str, bound_to: UUID) -> Place:
    version = row.record_version if isinstance(row, Record) else 1
    return Place(row.__tablename__, column, vars(row)["id"], bound_to, version)
