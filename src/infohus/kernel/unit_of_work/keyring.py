"""The keys one unit of work holds: data keys of the versions it touches.

A data key is made for a new version, or comes from a wrap under the side's own secret, or under a key of an exchange
with the caller's authority; there is no other way. Texts for supervision have keys of their own, wrapped for the
supervision of the row's authority.
"""

import itertools
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import NamedTuple
from uuid import UUID

from infohus import errors
from infohus.kernel.access.keys_model import EVERYBODY, NO_PERSON, KeptKey, hangs_on
from infohus.kernel.access.model import RecordKey
from infohus.kernel.audit.formats.entry import Opened
from infohus.kernel.database.statements import compiled
from infohus.kernel.database.tables import Record, Row, new_id
from infohus.kernel.identity.caller import Caller
from infohus.kernel.sealing.column import WHOLE
from infohus.kernel.sealing.envelope import CannotOpen, DataKey, Sealed, open_sealed, seal
from infohus.kernel.sealing.exchange_keys import ExchangeKey, ExchangeKeyPlace
from infohus.kernel.sealing.vault import Vault
from infohus.kernel.sealing.wraps import KeyPlace
from infohus.kernel.unit_of_work.concerned import in_order, persons_of
from infohus.kernel.unit_of_work.lookup import ResolvedSubject
from infohus.kernel.unit_of_work.places import contents_of, part_of, parts_of, places_of, sealed_columns_of
from infohus.kernel.unit_of_work.side_keys import Ask, KeyName, SideKeys
from infohus.kernel.unit_of_work.stored_keys import WRAPS, Marks, StoredKey, stored_key
from infohus.kernel.unit_of_work.supervision_columns import authority_of, kept_for_supervision, supervision_key

Version = tuple[UUID, int]
"""A version of a record: the record's id, and the version's number."""


class Given(NamedTuple):
    """How an authority has a part of a version that another wrote: what was disclosed, and by which exchange keys."""

    content: bytes
    by: list[KeyName]


class Keyring:
    """Fetches, makes and wraps keys for one caller's authority in one case."""

    def __init__(  # noqa: PLR0913 - all of it by name
        self, *, vault: Vault, side_keys: SideKeys, ask: Ask, caller: Caller, resolved: ResolvedSubject,
        opened: Callable[[Opened], None], concerns: Callable[[Collection[UUID]], None],
    ) -> None:
        """Begin with the keys that the look-up of the subject fetched, still wrapped.

        Each text that is opened is told to `opened`, for the audit entry, and to `concerns` whom the versions concern
        whose keys the unit brings or makes.
        """
        self._vault = vault
        self._side_keys = side_keys
        self._ask = ask
        self._caller = caller
        self.authority_id = caller.authority_id
        self._opened = opened
        self._case_id = resolved.case.id if resolved.case is not None else None
        self._fetched: dict[Version, Sequence[StoredKey]] = {}
        self._data_keys: dict[Version, dict[str, DataKey]] = {}
        self._given: dict[tuple[Version, str], Given] = {}
        self._unwrapped: list[RecordKey] = []
        self._concerns = concerns
        self.known = (*resolved.side.persons, *resolved.side.unmet)
        self._persons: dict[Version, frozenset[UUID]] = {}
        if isinstance(resolved.subject, Record):
            self._fetched[_version_of(resolved.subject)] = resolved.record_keys
            self._persons[_version_of(resolved.subject)] = resolved.concerned or frozenset()

    @property
    def case_id(self) -> UUID:
        """The case whose keys these are."""
        assert self._case_id is not None  # noqa: S101 - records exist in cases only
        return self._case_id

    def enter(self, case_id: UUID) -> None:
        """Go on inside a case that the unit has just created."""
        self._case_id = case_id

    async def bring(self, versions: Sequence[Version]) -> None:
        """Fetch and unwrap the data keys of versions that are not held yet.

        Raises:
            NotAvailable: no wrap of one of them for the caller's authority opens.
        """
        missing = {version for version in versions if version not in self._data_keys}
        if not missing:
            return
        stored = {version: list(self._fetched.pop(version)) for version in missing & self._fetched.keys()}
        if unread := missing - stored.keys():
            stored |= await self._read(unread)
        names = {name for keys in stored.values() for key in keys if (name := key.name) is not None}
        exchange_keys = await self._side_keys.open(names) if names else {}
        for version, keys in stored.items():
            self._take(version, keys, exchange_keys)
        if (lacking := {one for one in missing if self._may_lack_parts(one)}) and self._side_keys.has_secrets:
            await self._take_kept(lacking)
        if without_key := missing - self._data_keys.keys():
            raise errors.NotAvailable(without_key=frozenset(record_id for record_id, _ in without_key))

    async def parts(self, version: Version) -> list[str]:
        """Bring a version, and name the parts of which the authority has a key."""
        await self.bring([version])
        return sorted(self._data_keys[version])

    async def _read(self, unread: Collection[Version]) -> dict[Version, list[StoredKey]]:
        """Read the keys of versions, still wrapped, and whom those concern; of what is unknown there is nothing."""
        ready, found = compiled(WRAPS), dict[Version, list[StoredKey]]()
        marks: dict[Version, list[Marks]] = {}
        values = {"record_ids": [record_id for record_id, _ in unread], "authority_id": self.authority_id}
        for row in await self._ask(ready.sql, ready.arguments(values)):
            if (version := (row["record_id"], row["record_version"])) in unread:
                found.setdefault(version, []).extend(stored_key(row))
                if row["concerns"] is not None:
                    marks.setdefault(version, []).append((row["exchange_id"], row["concerns"]))
        for version, keys in found.items():
            self._persons[version] = persons_of(
                keys, marks.get(version, ()), record_id=version[0], authority_id=self.authority_id, known=self.known
            )
            self._concerns(self._persons[version])
        return found

    def forget(self, versions: Iterable[Version]) -> None:
        """Hold the data keys of versions no longer; who needs them again brings them again."""
        for version in versions:
            for part in self._data_keys.pop(version, ()):
                self._given.pop((version, part), None)

    def concerned_by(self, version: Version) -> frozenset[UUID]:
        """Give whom of the side's persons a version concerns whose keys are held; see `concerned.persons_of`."""
        return self._persons.get(version, frozenset())

    def new(self, record: Record, persons: Collection[UUID] = (EVERYBODY,)) -> Iterator[RecordKey]:
        """Make a data key for each part of a new version, for the caller's authority, which writes it.

        `persons` are those of the side whom it concerns: each has a wrap (rule 79). They are wrapped when the unit ends
        (`wrap_new`).
        """
        self._persons[_version_of(record)] = frozenset(persons)
        self._concerns(persons)
        keys = self._data_keys[_version_of(record)] = {
            part: self._vault.new_data_key() for part in parts_of(type(record))
        }
        for (part, key), person_id in itertools.product(keys.items(), in_order(persons, self.known) or (NO_PERSON,)):
            row = RecordKey.of(
                record_id=record.id, record_version=record.record_version, part=part, authority_id=self.authority_id,
                case_id=self.case_id, key_id=key.key_id, wrapped_key=b"", person_id=person_id,
            )
            self._unwrapped.append(row)
            yield row

    async def wrap_new(self, wrapped: Callable[[RecordKey, bytes], None]) -> None:
        """Wrap the data keys that were made, each under the secret of whom it goes with; `wrapped` is told of it."""
        for row in self._unwrapped:
            secret = await self._side_keys.require_secret(hangs_on(row.person_id))
            version = (row.record_id, row.record_version)
            place = self._key_place(version, row.part, row.key_id, owner_id=self.authority_id, person_id=row.person_id)
            wrapped(row, self._vault.wrap_own(self._data_keys[version][row.part], place, secret))
        self._unwrapped.clear()

    def held(
        self, version: Version, contents: Mapping[str, bytes]
    ) -> Iterator[tuple[str, DataKey, Collection[KeyName]]]:
        """Give each part of a version that is held, its key, and the exchange keys by which the authority has it.

        `contents` are digests of the parts as they are now: none that was given is passed on beside anything else than
        what it was given with.

        Raises:
            NotAvailable: another text or clear column stands there than the exchange disclosed.
        """
        for part, key in self._data_keys[version].items():
            if part not in contents:
                continue
            given = self._given.get((version, part))
            if given is not None and given.content != contents[part]:
                raise errors.NotAvailable
            yield part, key, given.by if given is not None else ()

    def place_for(  # noqa: PLR0913 - a place has that many parts
        self, version: Version, part: str, key: DataKey, *, owner_id: str, exchange: ExchangeKeyPlace, content: bytes,
    ) -> KeyPlace:
        """Say where the wrap of a data key for a recipient belongs."""
        return self._key_place(
            version, part, key.key_id, owner_id=owner_id, reader_id=exchange.recipient_id,
            exchange_id=exchange.exchange_id, person_id=exchange.person_id, content=content,
        )

    async def keep(self, exchange_id: UUID, version: Version, *, owner_id: str) -> None:
        """Wrap the data keys of a version that an exchange gave under the side's own secrets, when the unit ends.

        Raises:
            NotAvailable: the exchange gave none that opens.
        """
        await self.bring([version])
        rows = []
        for part, key in self._data_keys[version].items():
            given = self._given.get((version, part), Given(b"", []))
            by_exchange = [name for name in given.by if name[0] == exchange_id]
            for person_id in sorted({self._side_keys.person_of(name) for name in by_exchange}):
                place = self._key_place(
                    version, part, key.key_id, owner_id=owner_id, exchange_id=exchange_id, content=given.content,
                    person_id=person_id,
                )
                secret = await self._side_keys.require_secret(person_id)
                rows.append(KeptKey.of(
                    id=new_id(), record_id=version[0], record_version=version[1], part=part,
                    authority_id=self.authority_id, case_id=self.case_id, owner_id=owner_id, exchange_id=exchange_id,
                    key_id=key.key_id, person_id=person_id, content=given.content,
                    wrapped_key=self._vault.wrap_kept(key, place, secret),
                ))
        if not rows:
            raise errors.NotAvailable
        self._side_keys.keep(rows)

    def seal(self, record: Record, texts: Mapping[str, str | None]) -> None:
        """Seal texts into a new version's columns, bound to its clear columns as they are now."""
        keys, place_of = self._data_keys[_version_of(record)], places_of(record, record.case_id)
        for column, text in texts.items():
            part = part_of(type(record), column)
            setattr(record, column, None if text is None else seal(keys[part], place_of(column), text))

    def open(self, record: Record) -> dict[str, str]:
        """Open the sealed columns of a version that hold something, of each part that is held; `opened` is told.

        Raises:
            CannotOpen: the stored value was moved here, put back, or changed, or a clear column was.
        """
        version = _version_of(record)
        keys = self._data_keys[version]
        given = {part: self._given[version, part].content for part in keys if (version, part) in self._given}
        if given and given.items() - contents_of(record).items():
            raise CannotOpen
        return self._open(record, (
            (column, keys[part]) for column, part in sealed_columns_of(type(record)).items() if part in keys
        ), bound_to=record.case_id)

    def seal_for_supervision(self, row: Row, texts: Mapping[str, str | None]) -> None:
        """Seal texts for the supervision of the row's authority, under the row's own key, made when it has none."""
        kept, authority_id = kept_for_supervision(row), authority_of(row)
        wrapped = getattr(row, kept.wrapped_key)
        if wrapped is None:
            wrapped, key = self._vault.new_supervision_key(authority_id, vars(row)["id"])
            setattr(row, kept.wrapped_key, wrapped)
        else:
            key = supervision_key(self._vault, row, kept)
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
        if authority_of(row) != self.authority_id and opened_by != self._caller.person_id:
            raise errors.NotAvailable
        if not any(isinstance(getattr(row, column), Sealed) for column in columns):
            return {}
        key = supervision_key(self._vault, row, kept)
        return self._open(row, ((column, key) for column in columns), bound_to=getattr(row, kept.bound_to))

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

    def _take(
        self, version: Version, keys: Iterable[StoredKey], exchange_keys: Mapping[KeyName, ExchangeKey]
    ) -> None:
        """Unwrap the keys of a version; a wrap that does not open where it stands gives nothing."""
        # What is passed on stands in the log part by part, and rests on these exchanges: in an order of their own.
        for stored in sorted(keys, key=lambda one: (one.part, one.name or ())):
            name = stored.name
            person_id = stored.person_id
            unwraps: list[Callable[[bytes, KeyPlace], DataKey]] = []
            if name is None:
                secrets = self._side_keys.secrets_of(hangs_on(person_id or NO_PERSON))
                unwraps += [partial(self._vault.unwrap_own, secret=secret) for secret in secrets]
            elif name in exchange_keys:
                unwraps.append(exchange_keys[name].unwrap)
                person_id = exchange_keys[name].place.person_id
            place = self._key_place(
                version, stored.part, stored.key_id, owner_id=stored.owner_id, exchange_id=stored.exchange_id,
                content=stored.content, person_id=person_id,
            )
            if (key := _first(unwraps, stored.wrapped_key, place)) is not None:
                self._data_keys.setdefault(version, {}).setdefault(stored.part, key)
                if name is not None and stored.content is not None:
                    self._given.setdefault((version, stored.part), Given(stored.content, [])).by.append(name)

    def _may_lack_parts(self, version: Version) -> bool:
        """Say whether parts of a version may be kept that no exchange gives any more."""
        held = self._data_keys.get(version, {})
        return WHOLE not in held and all((version, part) in self._given for part in held)

    async def _take_kept(self, versions: Collection[Version]) -> None:
        """Unwrap keys that the authority keeps of versions that were withdrawn."""
        for row in await self._side_keys.kept([record_id for record_id, _ in versions]):
            version = (row["record_id"], row["record_version"])
            if version not in versions or row["part"] in self._data_keys.get(version, {}):
                continue
            place = self._key_place(
                version, row["part"], row["key_id"], owner_id=row["owner_id"], exchange_id=row["exchange_id"],
                content=row["content"], person_id=row["person_id"],
            )
            secrets = self._side_keys.secrets_of(row["person_id"])
            unwraps = [partial(self._vault.unwrap_kept, secret=secret) for secret in secrets]
            if (key := _first(unwraps, row["wrapped_key"], place)) is not None:
                self._data_keys.setdefault(version, {})[row["part"]] = key
                self._given[version, row["part"]] = Given(row["content"], [])

    def _key_place(  # noqa: PLR0913 - a place has that many parts
        self, version: Version, part: str, key_id: UUID, *, owner_id: str, reader_id: str | None = None,
        exchange_id: UUID | None = None, content: bytes | None = None, person_id: UUID | None = None,
    ) -> KeyPlace:
        return KeyPlace(
            record_id=version[0], version=version[1], part=part, key_id=key_id, owner_id=owner_id,
            reader_id=reader_id or self.authority_id, case_id=self.case_id, exchange_id=exchange_id, content=content,
            person_id=None if person_id == NO_PERSON else person_id,
        )


def _version_of(record: Record) -> Version:
    return record.id, record.record_version


def _first(unwraps: Iterable[Callable[[bytes, KeyPlace], DataKey]], wrapped: bytes, place: KeyPlace) -> DataKey | None:
    """Give the key that the first of several ways unwraps, if one does where the wrap stands."""
    for unwrap in unwraps:
        with suppress(CannotOpen):
            return unwrap(wrapped, place)
    return None
