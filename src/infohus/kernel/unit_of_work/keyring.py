"""The keys one unit of work holds: data keys of the versions it touches, unwrapped by its caller's case key.

A data key comes from a wrap for the caller's own authority, or is made for a new version; there is no third way. Texts
for supervision have keys of their own, wrapped for the supervision of the row's authority.
"""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from infohus import errors
from infohus.kernel.access.model import CaseKey, DisclosedKey, RecordKey
from infohus.kernel.audit.formats.entry import Opened
from infohus.kernel.database.statements import Stored, compiled, row_from, table_of
from infohus.kernel.database.tables import Record, Row
from infohus.kernel.identity.caller import Caller
from infohus.kernel.sealing.column import KeptForSupervision, SupervisionColumn
from infohus.kernel.sealing.envelope import CannotOpen, DataKey, Sealed, open_sealed, seal
from infohus.kernel.sealing.vault import Vault
from infohus.kernel.sealing.wraps import KeyPlace
from infohus.kernel.unit_of_work.lookup import ResolvedSubject
from infohus.kernel.unit_of_work.places import part_of, parts_of, places_of, sealed_columns_of
from infohus.kernel.unit_of_work.stored_keys import WRAPS, StoredKey

Ask = Callable[[str, Sequence[Any]], Awaitable[list[Stored]]]
"""Runs a query as the unit's caller."""
Version = tuple[UUID, int]
"""A version of a record: the record's id, and the version's number."""

NEXT_VERSION = sa.select(sa.func.infohus.next_version(sa.bindparam("record_id", type_=sa.Uuid)).label("version"))
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
        self.authority_id = authority_id = caller.authority_id
        self._opened = opened
        self._case_id = resolved.case.id if resolved.case is not None else None
        self._case_keys: dict[str, bytes] = {}
        self._data_keys: dict[Version, dict[str, DataKey]] = {}
        self._given_by: dict[Version, UUID | None] = {}
        self._case_keys.update(
            (authority, party.case_key) for authority, party in resolved.parties.items() if party.case_key is not None
        )
        if resolved.case_key is not None:
            self._case_keys[authority_id] = resolved.case_key
        if isinstance(resolved.subject, Record):
            self._take(_version_of(resolved.subject), resolved.record_keys)

    @property
    def case_id(self) -> UUID:
        """The case whose keys these are."""
        assert self._case_id is not None  # noqa: S101 - records exist in cases only
        return self._case_id

    def enter(self, case_id: UUID) -> None:
        """Go on inside a case that the unit has just created."""
        self._case_id = case_id

    async def bring(self, versions: Sequence[Version]) -> None:
        """Fetch the data keys of versions that are not held yet.

        Raises:
            NotAvailable: no wrap of one of them for the caller's authority opens.
        """
        missing = {version for version in versions if version not in self._data_keys}
        if not missing:
            return
        await self.bring_case_key(self.authority_id)
        ready = compiled(WRAPS)
        values = {"record_ids": [record_id for record_id, _ in missing], "authority_id": self.authority_id}
        for row in await self._ask(ready.sql, ready.arguments(values)):
            version = (row["record_id"], row["record_version"])
            if version in missing:
                key = StoredKey(row["part"], row["key_id"], row["owner_id"], row["exchange_id"], row["wrapped_key"])
                self._take(version, [key])
        if any(version not in self._data_keys for version in missing):
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
        wrapped = self._case_keys[authority_id] = self._vault.new_case_key(case_id, authority_id)
        return CaseKey(
            case_id=case_id, authority_id=authority_id, wrapped_key=wrapped,
            keeper_key_id=self._vault.keeper_key_id(authority_id),
        )

    def new(self, record: Record) -> Iterator[RecordKey]:
        """Make a data key for each part of a new version, wrapped for the caller's authority, which writes it."""
        keys = self._data_keys[_version_of(record)] = {
            part: self._vault.new_data_key() for part in parts_of(type(record))
        }
        for part, key in keys.items():
            place = self._key_place(_version_of(record), part, key.key_id, owner_id=self.authority_id)
            yield RecordKey.of(
                record_id=record.id, record_version=record.record_version, part=part, authority_id=self.authority_id,
                case_id=place.case_id, key_id=key.key_id, wrapped_key=self._wrapped(key, place),
            )

    def given_by(self, version: Version) -> UUID | None:
        """Name the exchange that gave the caller's authority the keys of a version; `None` where it wrote it itself."""
        return self._given_by.get(version)

    def wraps_for(
        self, recipient_id: str, version: Version, *, owner_id: str, exchange_id: UUID
    ) -> Iterator[DisclosedKey]:
        """Wrap the data keys of a version, of all its parts that are held, for the recipient of an exchange."""
        for part, key in self._data_keys[version].items():
            place = self._key_place(
                version, part, key.key_id, owner_id=owner_id, reader_id=recipient_id, exchange_id=exchange_id
            )
            yield DisclosedKey.of(
                exchange_id=exchange_id, record_id=place.record_id, recipient_id=recipient_id, part=part,
                record_version=place.version, owner_id=owner_id, case_id=place.case_id, key_id=key.key_id,
                wrapped_key=self._wrapped(key, place),
            )

    def seal(self, record: Record, texts: Mapping[str, str | None]) -> None:
        """Seal texts into a new version's columns, bound to its clear columns as they are now."""
        keys, place_of = self._data_keys[_version_of(record)], places_of(record, record.case_id)
        for column, text in texts.items():
            sealed = None
            if text is not None:
                sealed = seal(keys[part_of(type(record), column)], place_of(column), text)
            setattr(record, column, sealed)

    def open(self, record: Record) -> dict[str, str]:
        """Open the sealed columns of a version that hold something, of each part that is held; `opened` is told.

        Raises:
            CannotOpen: the stored value was moved here, put back, or changed, or a clear column was.
        """
        keys = self._data_keys[_version_of(record)]
        return self._open(record, (
            (column, keys[part]) for column, part in sealed_columns_of(type(record)).items() if part in keys
        ), bound_to=record.case_id)

    def seal_for_supervision(self, row: Row, texts: Mapping[str, str | None]) -> None:
        """Seal texts for the supervision of the row's authority, under the row's own key, made when it has none."""
        kept, authority_id = kept_for_supervision(row), _authority_of(row)
        wrapped = getattr(row, kept.wrapped_key)
        if wrapped is None:
            wrapped, key = self._vault.new_supervision_key(authority_id, vars(row)["id"])
            setattr(row, kept.wrapped_key, wrapped)
        else:
            key = self._supervision_key(row, kept)
        place_of = places_of(row, getattr(row, kept.bound_to))
        for column, text in texts.items():
            setattr(row, column, None if text is None else seal(key, place_of(column), text))

    def open_for_supervision(self, row: Row, *columns: str) -> dict[str, str]:
        """Open those of `columns` that hold something; each is told to `opened`.

        Raises:
            NotAvailable: it is kept for another authority's supervision.
            CannotOpen: the stored value was moved here, or changed.
        """
        kept = kept_for_supervision(row)
        opened_by = None if kept.also_opened_by is None else getattr(row, kept.also_opened_by)
        if _authority_of(row) != self.authority_id and opened_by != self._caller.person_id:
            raise errors.NotAvailable
        if not any(isinstance(getattr(row, column), Sealed) for column in columns):
            return {}
        key = self._supervision_key(row, kept)
        return self._open(row, ((column, key) for column in columns), bound_to=getattr(row, kept.bound_to))

    def _supervision_key(self, row: Row, kept: KeptForSupervision) -> DataKey:
        """Unwrap the key of a row's texts for supervision; its id stands in every envelope."""
        texts = (getattr(row, column.name) for column in table_of(type(row)).columns if _is_for_supervision(column))
        key_id = next((text.key_id for text in texts if isinstance(text, Sealed)), None)
        if key_id is None:
            raise CannotOpen
        wrapped = getattr(row, kept.wrapped_key)
        return self._vault.unwrap_supervision_key(_authority_of(row), vars(row)["id"], key_id, wrapped)

    def _open(self, row: Row, columns: Iterable[tuple[str, DataKey]], *, bound_to: UUID) -> dict[str, str]:
        """Open what is sealed in `columns`, and tell `opened` of it. Nothing else in the code opens a text."""
        texts: dict[str, str] = {}
        place_of = places_of(row, bound_to)
        for column, key in columns:
            sealed = vars(row).get(column)
            if isinstance(sealed, Sealed):
                place = place_of(column)
                texts[column] = open_sealed(key, place, sealed)
                self._opened(Opened(place.kind, column, place.record_id))
        return texts

    def _take(self, version: Version, keys: Iterable[StoredKey]) -> None:
        """Unwrap the keys of a version that are not held yet.

        Raises:
            NotAvailable: one does not open.
        """
        for stored in keys:
            held = self._data_keys.get(version, {})
            if stored.part in held:
                continue
            place = self._key_place(
                version, stored.part, stored.key_id, owner_id=stored.owner_id, exchange_id=stored.exchange_id
            )
            try:
                key = self._vault.unwrap_data_key(
                    stored.wrapped_key, place, wrapped_case_key=self._case_keys[self.authority_id]
                )
            except (CannotOpen, KeyError):
                raise errors.NotAvailable from None
            self._data_keys[version] = {**held, stored.part: key}
            self._given_by[version] = stored.exchange_id

    def _wrapped(self, key: DataKey, place: KeyPlace) -> bytes:
        return self._vault.wrap_data_key(key, place, wrapped_case_key=self._case_keys[place.reader_id])

    def _key_place(  # noqa: PLR0913 - a place has that many parts
        self, version: Version, part: str, key_id: UUID, *, owner_id: str, reader_id: str | None = None,
        exchange_id: UUID | None = None,
    ) -> KeyPlace:
        return KeyPlace(
            record_id=version[0], version=version[1], part=part, key_id=key_id, owner_id=owner_id,
            reader_id=reader_id or self.authority_id, case_id=self.case_id, exchange_id=exchange_id,
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


def _version_of(record: Record) -> Version:
    return record.id, record.record_version
