"""What the schema `keys` holds for the caller's own side of one case: its secret, and the keys that exchanges gave it.

A unit makes secrets for its own authority alone, and holds or opens no other's. What an exchange gives it, it opens
only once it has verified who signed that, and with which data keys.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

import asyncpg
import structlog

from infohus import errors
from infohus.kernel.access.keys_model import NO_PERSON, ExchangeKey, KeptKey
from infohus.kernel.audit.formats.entry import Wrote
from infohus.kernel.database.statements import Stored, compiled, insert_of
from infohus.kernel.sealing import exchange_keys
from infohus.kernel.sealing.envelope import CannotOpen
from infohus.kernel.sealing.exchange_keys import ExchangeKeyPlace
from infohus.kernel.sealing.signatures import NotSigned, wrap_digest
from infohus.kernel.sealing.vault import PublicIntakeKey, SealedExchangeKey, Vault, WrappedSecret
from infohus.kernel.sealing.wraps import KeyPlace
from infohus.kernel.unit_of_work import key_rows
from infohus.kernel.unit_of_work.key_store import Statement
from infohus.kernel.unit_of_work.side_secrets import SideSecrets

logger = structlog.get_logger()

Ask = Callable[[str, Sequence[Any]], Awaitable[list[Stored]]]
"""Runs a query as the unit's caller."""
ReadKeys = Callable[[UUID], Awaitable[Stored]]
"""Reads the row of `key_rows.KEYS` for a case, as the caller's authority."""
KeyName = tuple[UUID, int]
"""Which key of an exchange: the exchange's id, and the key's number for this recipient."""

@dataclass(frozen=True, slots=True)
class StoredExchangeKey:
    """An exchange key that was given to the caller's authority: sealed still, or taken in."""

    place: ExchangeKeyPlace
    taken_in: bytes | None
    sealed: SealedExchangeKey | None
    wrapped_seed: bytes | None


class SideKeys:
    """Reads, opens and writes the key rows of one caller's authority in one case."""

    def __init__(  # noqa: PLR0913 - all of it by name
        self, vault: Vault, *, authority_id: str, case_id: UUID | None, ask: Ask, ask_keys: Ask,
        read_keys: ReadKeys, commit: Callable[[Sequence[Statement]], Awaitable[list[str]]],
        wrote: Callable[[Wrote], None],
    ) -> None:
        """Begin with nothing read. `ask` queries the schema `infohus`, the other three the schema `keys`.

        Each row that is written there is told to `wrote`, for the audit entry.
        """
        self._vault = vault
        self._authority_id = authority_id
        self._case_id = case_id
        self._ask = ask
        self._ask_keys = ask_keys
        self._read_keys = read_keys
        self._commit = commit
        self._wrote = wrote
        self._stored: dict[KeyName, dict[str, Any]] = {}
        self._opened: dict[KeyName, exchange_keys.ExchangeKey] = {}
        self._pending: list[tuple[Statement, Wrote | None]] = []
        self._taking_in: list[Statement] = []
        self._secrets = SideSecrets(
            vault, authority_id=authority_id, commit=commit, read_anew=self.read, wrote=wrote
        )

    def enter(self, case_id: UUID) -> None:
        """Go on inside a case that the unit has just created: nobody has keys in it."""
        self._case_id = case_id

    async def read(self) -> None:
        """Read the side's secrets and the exchange keys that were given to it, still sealed: one query."""
        if self._case_id is None:
            return
        row = await self._read_keys(self._case_id)
        self._secrets.take(self._case_id, row["secrets"])
        self._stored = {(key["exchange_id"], key["number"]): key for key in key_rows.given_keys(row)}

    @asynccontextmanager
    async def read_meanwhile(self) -> AsyncIterator[None]:
        """Read while the case is looked up: the two queries go to two connections at once."""
        if self._case_id is None:
            yield
            return
        reading = asyncio.create_task(self.read())
        try:
            yield
        except BaseException:
            reading.cancel()
            await asyncio.wait([reading])
            raise
        await reading

    @property
    def has_secrets(self) -> bool:
        """Whether the side, or a person on it, has a secret that its authority's keeper unwraps."""
        return bool(self._secrets)

    def secrets_of(self, person_id: UUID) -> list[WrappedSecret]:
        """Give the secrets of the side (`NO_PERSON`) or of a person on it; see `SideSecrets.of`."""
        return self._secrets.of(person_id)

    async def require_secret(self, person_id: UUID = NO_PERSON) -> WrappedSecret:
        """Give the secret of the side or of a person on it, made where there is none; see `SideSecrets.require`."""
        assert self._case_id is not None  # noqa: S101 - records exist in cases only
        return await self._secrets.require(self._case_id, person_id)

    async def _name_secret(self, person_id: UUID) -> None:
        assert self._case_id is not None  # noqa: S101 - only what stands in a case has keys
        await self._secrets.name(self._case_id, person_id)

    def person_of(self, name: KeyName) -> UUID:
        """Give the person with whom an exchange key goes that was opened; `NO_PERSON` where that is the whole side."""
        return self._opened[name].place.person_id or NO_PERSON

    # --- what exchanges gave the authority ---------------------------------------------------------------------------
    async def open(self, names: Collection[KeyName]) -> Mapping[KeyName, exchange_keys.ExchangeKey]:
        """Open exchange keys; those that cannot be opened, or were not signed by their discloser, are left out."""
        wanted = [name for name in names if name not in self._opened]
        if any(name not in self._stored for name in wanted):
            # The exchange may have been recorded after the keys were read, and before the case was.
            await self.read()
        found = [self._given(self._stored[name]) for name in wanted if name in self._stored]
        for one in found:
            if one.taken_in is not None:
                self._try(one.place, *(
                    partial(self._vault.open_taken_in, one.taken_in, one.place, secret)
                    for secret in self._secrets.of(one.place.person_id or NO_PERSON)
                ))
        await self._open_sealed([one for one in found if one.sealed is not None])
        return self._opened

    async def _open_sealed(self, found: Sequence[StoredExchangeKey]) -> None:
        if not found:
            return
        ready = compiled(key_rows.WRAPPED)
        values = {
            "exchange_ids": sorted({one.place.exchange_id for one in found}), "authority_id": self._authority_id
        }
        rows = await self._ask(ready.sql, ready.arguments(values))
        for one in found:
            wrapped = [
                row for row in rows if (row["exchange_id"], row["number"]) == (one.place.exchange_id, one.place.number)
            ]
            # A key under which nothing is wrapped belongs to an exchange that was never recorded.
            if wrapped:
                self._try(one.place, partial(self._verified, one, wrapped))

    def _verified(self, one: StoredExchangeKey, wrapped: Sequence[Stored]) -> exchange_keys.ExchangeKey:
        if one.sealed is None or one.wrapped_seed is None:
            raise CannotOpen
        disclosed = [
            (wrap_digest(_place_of(row, one.place.person_id), row["wrapped_key"]), row["content"]) for row in wrapped
        ]
        return self._vault.open_exchange_key(one.sealed, disclosed, wrapped_seed=one.wrapped_seed)

    def _try(self, place: ExchangeKeyPlace, *ways: Callable[[], exchange_keys.ExchangeKey]) -> None:
        """Open an exchange key in the first way that does; whatever stands in its row, one that does not is left."""
        refused: Exception | None = None
        for opening in ways:
            try:
                self._opened[place.exchange_id, place.number] = opening()
            except (CannotOpen, NotSigned, OverflowError, ValueError) as failure:
                refused = failure
            else:
                return
        if refused is not None:
            logger.critical(
                "exchange_key_refused", exchange=str(place.exchange_id), number=place.number,
                reason=type(refused).__name__,
            )

    async def kept(self, record_ids: Sequence[UUID]) -> list[Stored]:
        """Read the data keys of records that the authority keeps although they were withdrawn, still wrapped."""
        ready = compiled(key_rows.KEPT)
        values = {"record_ids": list(record_ids), "authority_id": self._authority_id}
        return await self._ask_keys(ready.sql, ready.arguments(values))

    async def take_in(self, *, is_first: bool) -> None:
        """Wrap the exchange keys that are sealed still under the side's own secrets: `store_taken_in` stores them.

        What does not verify is left as it is: it never opens anything. The side's first unit names its secret, too, and
        the first that takes in a key of a person's names theirs.
        """
        if is_first:
            await self._name_secret(NO_PERSON)
        waiting = {name for name, row in self._stored.items() if row["sealed"] is not None}
        if not waiting:
            return
        opened = await self.open(waiting)
        taken = sorted(waiting & opened.keys())
        if not taken:
            return
        ready = compiled(key_rows.TAKE_IN)
        had = {row["person_id"] for row in self._stored.values() if row["taken_in"] is not None}
        for person_id in sorted({self.person_of(name) for name in taken} - had - {NO_PERSON}):
            await self._name_secret(person_id)
        for exchange_id, number in taken:
            secret = await self.require_secret(self.person_of((exchange_id, number)))
            wrapped = self._vault.taken_in(opened[exchange_id, number], secret)
            self._taking_in.append((ready.sql, ready.arguments({
                "of_exchange": exchange_id, "recipient": self._authority_id, "of_number": number, "wrapped": wrapped,
            })))
            stored = self._stored[exchange_id, number]
            # By how many exchanges its discloser had what it passed on, is not the recipient's to see in its own log.
            if stored["rests_on"] is None:
                self._wrote(key_rows.taken_in(stored, wrapped))

    async def store_taken_in(self) -> None:
        """Store what was taken in, when the unit is committed: so no key stands taken in that no log names.

        If the process dies before, they are sealed still and open as before; the next act takes them in. Of two acts
        that found one sealed, the later one's counts, as in the log. One that was withdrawn stays gone.
        """
        if self._taking_in:
            try:
                await self._commit(self._taking_in)
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, errors.DatabaseUnavailable) as failure:
                logger.warning("not_taken_in", case=str(self._case_id), exc_info=failure)

    # --- what the authority gives others, and takes back -------------------------------------------------------------
    async def intake_keys(self, infohus_id: UUID, authority_ids: Collection[str]) -> dict[str, PublicIntakeKey]:
        """Give the newest intake key of each authority in the infohus that its own keeper signed.

        What somebody else put there counts for nothing, newer or not.
        """
        ready = compiled(key_rows.INTAKE_KEYS)
        values = {"infohus_id": infohus_id, "authority_ids": sorted(authority_ids)}
        newest = {}
        for row in await self._ask_keys(ready.sql, ready.arguments(values)):
            key = PublicIntakeKey(**dict(row))
            try:
                self._vault.require_signed(key)
            except NotSigned:
                logger.critical("intake_key_refused", authority=key.authority_id, generation=key.generation)
            else:
                newest[key.authority_id] = key
        return newest

    def give(self, key: SealedExchangeKey, *, rests_on: KeyName | None) -> None:
        """Insert an exchange key for its recipient when the unit ends."""
        place, statement = key.place, insert_of(ExchangeKey)
        upon, upon_number = rests_on or (None, None)
        row = {
            "exchange_id": place.exchange_id, "recipient_id": place.recipient_id, "number": place.number,
            "case_id": place.case_id, "infohus_id": place.infohus_id, "discloser_id": place.discloser_id,
            "person_id": place.person_id or NO_PERSON, "generation": place.generation, "rests_on": upon,
            "rests_on_number": upon_number,
            "sealed": key.sealed, "taken_in": None, "signer_key_id": key.signer_key_id, "signature": key.signature,
            "revision": 1,
        }
        self._pending.append(((statement.sql, statement.arguments(row)), key_rows.inserted(ExchangeKey, row)))

    def keep(self, rows: Iterable[KeptKey]) -> None:
        """Insert data keys that the authority keeps, wrapped under its own secret, when the unit ends."""
        statement = insert_of(KeptKey)
        for row in rows:
            columns = {**vars(row)}
            self._pending.append(((statement.sql, statement.arguments(columns)), key_rows.inserted(KeptKey, columns)))

    def withdraw(self, exchange_id: UUID, recipient_id: str, numbers: Collection[int]) -> None:
        """Delete keys that an exchange gave a recipient, and all that rest on them, when the unit ends."""
        if not numbers:
            return
        ready = compiled(key_rows.WITHDRAW)
        statement = (ready.sql, ready.arguments({
            "exchange_id": exchange_id, "recipient_id": recipient_id, "numbers": sorted(numbers),
        }))
        self._pending.append((statement, None))
        for number in sorted(numbers):
            self._wrote(key_rows.deleted_exchange_key(exchange_id, recipient_id, number))

    async def commit(self) -> None:
        """Make the pending key rows durable. Called last before the unit's own COMMIT.

        If the process dies between the two: keys that were given open nothing that is not there, and what was withdrawn
        stays closed though no log says so, until the discloser, who got no answer, withdraws again.
        """
        if self._pending:
            done = await self._commit([statement for statement, _ in self._pending])
            for (_, wrote), answer in zip(self._pending, done, strict=True):
                if wrote is not None and answer in key_rows.WRITTEN:
                    self._wrote(wrote)
            self._pending = []

    def _given(self, row: Mapping[str, Any]) -> StoredExchangeKey:
        assert self._case_id is not None  # noqa: S101 - the row is one of the case's
        place = ExchangeKeyPlace(
            exchange_id=row["exchange_id"], case_id=self._case_id, discloser_id=row["discloser_id"],
            recipient_id=self._authority_id, infohus_id=row["infohus_id"], generation=row["generation"],
            number=row["number"], person_id=None if row["person_id"] == NO_PERSON else row["person_id"],
        )
        sealed = None
        if row["sealed"] is not None:
            sealed = SealedExchangeKey(place, row["sealed"], row["signer_key_id"], row["signature"])
        return StoredExchangeKey(place, row["taken_in"], sealed, row["wrapped_seed"])


def _place_of(row: Stored, person_id: UUID | None) -> KeyPlace:
    return KeyPlace(
        record_id=row["record_id"], version=row["record_version"], part=row["part"], key_id=row["key_id"],
        owner_id=row["owner_id"], reader_id=row["recipient_id"], case_id=row["case_id"],
        exchange_id=row["exchange_id"], person_id=person_id, content=row["content"],
    )
