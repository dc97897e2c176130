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

import sqlalchemy as sa
import structlog

from infohus.kernel.access.keys_model import NO_PERSON, ExchangeKey, IntakeKey, IntakeSecret, KeptKey, SideSecret
from infohus.kernel.access.model import DisclosedKey
from infohus.kernel.database.statements import Stored, compiled, insert_of, insert_unless_there_of
from infohus.kernel.sealing import exchange_keys
from infohus.kernel.sealing.envelope import CannotOpen
from infohus.kernel.sealing.exchange_keys import ExchangeKeyPlace
from infohus.kernel.sealing.signatures import NotSigned, wrap_digest
from infohus.kernel.sealing.vault import PublicIntakeKey, SealedExchangeKey, Vault, WrappedSecret
from infohus.kernel.sealing.wraps import KeyPlace
from infohus.kernel.unit_of_work.key_store import Statement

logger = structlog.get_logger()

Ask = Callable[[str, Sequence[Any]], Awaitable[list[Stored]]]
"""Runs a query as the unit's caller."""
KeyName = tuple[UUID, int]
"""Which key of an exchange: the exchange's id, and the key's number for this recipient."""

_CASE_ID, _AUTHORITY_ID = sa.bindparam("case_id", type_=sa.Uuid), sa.bindparam("authority_id", type_=sa.Text)
_KEYS = (
    sa.select(
        SideSecret.wrapped_key.label("secret"), ExchangeKey.exchange_id, ExchangeKey.number, ExchangeKey.infohus_id,
        ExchangeKey.discloser_id, ExchangeKey.generation, ExchangeKey.sealed, ExchangeKey.taken_in,
        ExchangeKey.signer_key_id, ExchangeKey.signature, IntakeSecret.wrapped_seed,
    )
    .select_from(
        sa.select(sa.literal(1).label("one")).subquery()
        .outerjoin(SideSecret, sa.and_(
            SideSecret.case_id == _CASE_ID, SideSecret.authority_id == _AUTHORITY_ID,
            SideSecret.person_id == sa.bindparam("no_person", NO_PERSON, type_=sa.Uuid),
        ))
        .outerjoin(ExchangeKey, sa.and_(
            ExchangeKey.case_id == _CASE_ID, ExchangeKey.recipient_id == _AUTHORITY_ID,
        ))
        .outerjoin(IntakeSecret, sa.and_(
            ExchangeKey.sealed.is_not(None), IntakeSecret.authority_id == ExchangeKey.recipient_id,
            IntakeSecret.infohus_id == ExchangeKey.infohus_id, IntakeSecret.generation == ExchangeKey.generation,
        ))
    )
)
"""One row for each exchange key, each with the side's secret; one row where there is none."""
_WRAPPED = sa.select(DisclosedKey).where(
    DisclosedKey.exchange_id == sa.func.any(sa.bindparam("exchange_ids", type_=sa.ARRAY(sa.Uuid))),
    DisclosedKey.recipient_id == _AUTHORITY_ID,
)
_KEPT = sa.select(KeptKey).where(
    KeptKey.record_id == sa.func.any(sa.bindparam("record_ids", type_=sa.ARRAY(sa.Uuid))),
    KeptKey.authority_id == _AUTHORITY_ID,
)
_INTAKE_KEYS = (
    sa.select(IntakeKey)
    .where(
        IntakeKey.infohus_id == sa.bindparam("infohus_id", type_=sa.Uuid),
        IntakeKey.authority_id == sa.func.any(sa.bindparam("authority_ids", type_=sa.ARRAY(sa.Text))),
    )
    .order_by(IntakeKey.generation)
)
_TAKE_IN = (
    sa.update(ExchangeKey)
    .where(
        ExchangeKey.exchange_id == sa.bindparam("of_exchange"), ExchangeKey.recipient_id == sa.bindparam("recipient"),
        ExchangeKey.number == sa.bindparam("of_number"), ExchangeKey.sealed.is_not(None),
    )
    .values(sealed=None, taken_in=sa.bindparam("wrapped", type_=sa.LargeBinary))
)
_WITHDRAW = sa.select(sa.func.keys.withdraw(
    sa.bindparam("exchange_id", type_=sa.Uuid), sa.bindparam("recipient_id", type_=sa.Text),
    sa.bindparam("numbers", type_=sa.ARRAY(sa.Integer)),
))


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
        commit: Callable[[Sequence[Statement]], Awaitable[None]],
    ) -> None:
        """Begin with nothing read. `ask` queries the schema `infohus`, `ask_keys` and `commit` the schema `keys`."""
        self._vault = vault
        self._authority_id = authority_id
        self._case_id = case_id
        self._ask = ask
        self._ask_keys = ask_keys
        self._commit = commit
        self._stored: dict[KeyName, Stored] = {}
        self._opened: dict[KeyName, exchange_keys.ExchangeKey] = {}
        self._pending: list[Statement] = []
        self.secret: WrappedSecret | None = None
        """The secret of the authority's side; `None` as long as no unit of the authority needed one."""

    def enter(self, case_id: UUID) -> None:
        """Go on inside a case that the unit has just created: nobody has keys in it."""
        self._case_id = case_id

    async def read(self) -> None:
        """Read the side's secret and the exchange keys that were given to it, still sealed: one query."""
        if self._case_id is None:
            return
        ready = compiled(_KEYS)
        values = {"case_id": self._case_id, "authority_id": self._authority_id}
        rows = await self._ask_keys(ready.sql, ready.arguments(values))
        if rows and rows[0]["secret"] is not None:
            self.secret = WrappedSecret(self._case_id, self._authority_id, rows[0]["secret"])
        self._stored = {(row["exchange_id"], row["number"]): row for row in rows if row["exchange_id"] is not None}

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

    async def require_secret(self) -> WrappedSecret:
        """Give the side's secret, and make it where there is none: the authority's first act that needs one does.

        Of two acts at once, the secret that was stored first counts for both. It is durable before anything is wrapped
        under it.
        """
        if self.secret is None:
            assert self._case_id is not None  # noqa: S101 - records exist in cases only
            made = self._vault.new_side_secret(self._case_id, self._authority_id)
            statement = insert_unless_there_of(SideSecret)
            row = {
                "case_id": self._case_id, "authority_id": self._authority_id, "person_id": NO_PERSON,
                "keeper_key_id": self._vault.keeper_key_id(self._authority_id), "wrapped_key": made.wrapped,
            }
            await self._commit([(statement.sql, statement.arguments(row))])
            await self.read()
            assert self.secret is not None  # noqa: S101 - it was stored just now, or before
        return self.secret

    # --- what exchanges gave the authority ---------------------------------------------------------------------------
    async def open(self, names: Collection[KeyName]) -> Mapping[KeyName, exchange_keys.ExchangeKey]:
        """Open exchange keys; those that cannot be opened, or were not signed by their discloser, are left out."""
        wanted = [name for name in names if name not in self._opened]
        if any(name not in self._stored for name in wanted):
            # The exchange may have been recorded after the keys were read, and before the case was.
            await self.read()
        found = [self._given(self._stored[name]) for name in wanted if name in self._stored]
        for one in found:
            if one.taken_in is not None and self.secret is not None:
                self._try(one.place, partial(self._vault.open_taken_in, one.taken_in, one.place, self.secret))
        await self._open_sealed([one for one in found if one.sealed is not None])
        return self._opened

    async def _open_sealed(self, found: Sequence[StoredExchangeKey]) -> None:
        if not found:
            return
        ready = compiled(_WRAPPED)
        values = {
            "exchange_ids": sorted({one.place.exchange_id for one in found}), "authority_id": self._authority_id
        }
        rows = await self._ask(ready.sql, ready.arguments(values))
        for one in found:
            disclosed = [
                (wrap_digest(_place_of(row), row["wrapped_key"]), row["content"]) for row in rows
                if (row["exchange_id"], row["number"]) == (one.place.exchange_id, one.place.number)
            ]
            # A key under which nothing is wrapped belongs to an exchange that was never recorded.
            if disclosed and one.sealed is not None and one.wrapped_seed is not None:
                self._try(one.place, partial(
                    self._vault.open_exchange_key, one.sealed, disclosed, wrapped_seed=one.wrapped_seed
                ))

    def _try(self, place: ExchangeKeyPlace, opening: Callable[[], exchange_keys.ExchangeKey]) -> None:
        try:
            self._opened[place.exchange_id, place.number] = opening()
        except (CannotOpen, NotSigned) as refused:
            logger.critical(
                "exchange_key_refused", exchange=str(place.exchange_id), number=place.number,
                reason=type(refused).__name__,
            )

    async def kept(self, record_ids: Sequence[UUID]) -> list[Stored]:
        """Read the data keys of records that the authority keeps although they were withdrawn, still wrapped."""
        ready = compiled(_KEPT)
        values = {"record_ids": list(record_ids), "authority_id": self._authority_id}
        return await self._ask_keys(ready.sql, ready.arguments(values))

    async def take_in(self) -> None:
        """Wrap the exchange keys that are sealed still under the side's own secret, when the unit ends.

        What does not verify is left as it is: it never opens anything.
        """
        waiting = {name for name, row in self._stored.items() if row["sealed"] is not None}
        if not waiting:
            return
        opened = await self.open(waiting)
        taken = sorted(waiting & opened.keys())
        if not taken:
            return
        secret, ready = await self.require_secret(), compiled(_TAKE_IN)
        for exchange_id, number in taken:
            wrapped = self._vault.taken_in(opened[exchange_id, number], secret)
            self._pending.append((ready.sql, ready.arguments({
                "of_exchange": exchange_id, "recipient": self._authority_id, "of_number": number, "wrapped": wrapped,
            })))

    # --- what the authority gives others, and takes back -------------------------------------------------------------
    async def intake_keys(self, infohus_id: UUID, authority_ids: Collection[str]) -> dict[str, PublicIntakeKey]:
        """Give the newest intake key of each authority that has one in the infohus; whose it is, is still to verify."""
        ready = compiled(_INTAKE_KEYS)
        values = {"infohus_id": infohus_id, "authority_ids": sorted(authority_ids)}
        return {
            row["authority_id"]: PublicIntakeKey(**dict(row))
            for row in await self._ask_keys(ready.sql, ready.arguments(values))
        }

    def give(self, key: SealedExchangeKey, *, rests_on: KeyName | None) -> None:
        """Insert an exchange key for its recipient when the unit ends."""
        place, statement = key.place, insert_of(ExchangeKey)
        upon, upon_number = rests_on or (None, None)
        self._pending.append((statement.sql, statement.arguments({
            "exchange_id": place.exchange_id, "recipient_id": place.recipient_id, "number": place.number,
            "case_id": place.case_id, "infohus_id": place.infohus_id, "discloser_id": place.discloser_id,
            "person_id": NO_PERSON, "generation": place.generation, "rests_on": upon, "rests_on_number": upon_number,
            "sealed": key.sealed, "taken_in": None, "signer_key_id": key.signer_key_id, "signature": key.signature,
        })))

    def keep(self, rows: Iterable[KeptKey]) -> None:
        """Insert data keys that the authority keeps, wrapped under its own secret, when the unit ends."""
        statement = insert_unless_there_of(KeptKey)
        self._pending += [(statement.sql, statement.arguments({**vars(row)})) for row in rows]

    def withdraw(self, exchange_id: UUID, recipient_id: str, numbers: Collection[int]) -> None:
        """Delete keys that an exchange gave a recipient, and all that rest on them, when the unit ends."""
        if not numbers:
            return
        ready = compiled(_WITHDRAW)
        self._pending.append((ready.sql, ready.arguments({
            "exchange_id": exchange_id, "recipient_id": recipient_id, "numbers": sorted(numbers),
        })))

    async def commit(self) -> None:
        """Make the pending key rows durable. Called last before the unit's own COMMIT.

        If the process dies between the two: keys that were given or taken in open nothing that is not there, and what
        was withdrawn stays closed though no log says so, until the discloser, who got no answer, withdraws again.
        """
        if self._pending:
            await self._commit(self._pending)
            self._pending = []

    def _given(self, row: Stored) -> StoredExchangeKey:
        assert self._case_id is not None  # noqa: S101 - the row is one of the case's
        place = ExchangeKeyPlace(
            exchange_id=row["exchange_id"], case_id=self._case_id, discloser_id=row["discloser_id"],
            recipient_id=self._authority_id, infohus_id=row["infohus_id"], generation=row["generation"],
            number=row["number"],
        )
        sealed = None
        if row["sealed"] is not None:
            sealed = SealedExchangeKey(place, row["sealed"], row["signer_key_id"], row["signature"])
        return StoredExchangeKey(place, row["taken_in"], sealed, row["wrapped_seed"])


def _place_of(row: Stored) -> KeyPlace:
    return KeyPlace(
        record_id=row["record_id"], version=row["record_version"], part=row["part"], key_id=row["key_id"],
        owner_id=row["owner_id"], reader_id=row["recipient_id"], case_id=row["case_id"],
        exchange_id=row["exchange_id"], content=row["content"],
    )
