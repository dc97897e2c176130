"""What an exchange gives its recipients: a row for each version, exchange keys, and under these the data keys."""

import itertools
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Protocol
from uuid import UUID

import sqlalchemy as sa
import structlog

from infohus import errors
from infohus.kernel.access.keys_model import EVERYBODY
from infohus.kernel.access.model import PERSON_KIND, STANDS, DisclosedKey, Disclosure
from infohus.kernel.database.marks import marks_of
from infohus.kernel.database.statements import compiled, row_from
from infohus.kernel.sealing.envelope import DataKey
from infohus.kernel.sealing.exchange_keys import ExchangeKey, ExchangeKeyPlace
from infohus.kernel.sealing.intake import IntakeKeyNotUsable
from infohus.kernel.sealing.signatures import NotSigned, wrap_digest
from infohus.kernel.sealing.vault import PublicIntakeKey, Vault
from infohus.kernel.unit_of_work.audit_draft import AuditEventDraft
from infohus.kernel.unit_of_work.concerned import in_order
from infohus.kernel.unit_of_work.keyring import Keyring
from infohus.kernel.unit_of_work.pending_writes import PendingWrites
from infohus.kernel.unit_of_work.side_keys import Ask, KeyName, SideKeys
from infohus.kernel.unit_of_work.withdrawn_rows import deleted_key, withdrew

logger = structlog.get_logger()


class RecipientCannotBeTold(errors.Refused):
    """Nothing can be sealed to the recipient: it has no intake key in the infohus, or none that its keeper signed."""

    status = HTTPStatus.CONFLICT


class KeptIsNotPassedOn(errors.Refused):
    """Rule 16: what was withdrawn, and is kept as used or to be kept, stays on the side that keeps it."""

    status = HTTPStatus.CONFLICT


class DisclosedRecord(Protocol):
    """A version that an exchange discloses: its table's name, record and number, and the authority that wrote it.

    `contents` are the parts disclosed, each with the digest of what it says (`places.contents_of`). What `has_own_key`
    can stay with its recipient when the rest of the exchange is withdrawn.
    """

    @property
    def kind(self) -> str: ...

    @property
    def record_id(self) -> UUID: ...

    @property
    def record_version(self) -> int: ...

    @property
    def owner(self) -> str: ...

    @property
    def contents(self) -> Mapping[str, bytes]: ...

    @property
    def has_own_key(self) -> bool: ...

    @property
    def concerns_everybody(self) -> bool: ...


_withdrawn = sa.func.infohus.withdraw(
    sa.bindparam("exchange_id", type_=sa.Uuid), sa.bindparam("recipient_id", type_=sa.Text),
    sa.bindparam("but", type_=sa.ARRAY(sa.Text)),
).table_valued(
    "record_id", "part", "number", "record_version", "owner_id", "case_id", "key_id", "content", name="withdrawn"
)
_WITHDRAWING = sa.select(_withdrawn).order_by(_withdrawn.c.record_id, _withdrawn.c.part, _withdrawn.c.number)
"""Takes away the wraps that an exchange gave a recipient; returns the ids of the records, and the key rows deleted."""
_WITHDRAWN = sa.select(Disclosure).where(
    Disclosure.exchange_id == sa.bindparam("exchange_id"), Disclosure.recipient_id == sa.bindparam("recipient_id"),
    Disclosure.record_id == sa.func.any(sa.bindparam("record_ids", type_=sa.ARRAY(sa.Uuid))),
).order_by(Disclosure.record_id)


_NAMED = sa.select(Disclosure.record_id, Disclosure.recipient_id, Disclosure.discloser_id).where(
    Disclosure.case_id == sa.bindparam("case_id", type_=sa.Uuid), Disclosure.record_kind == PERSON_KIND, STANDS,
    sa.bindparam("authority_id", type_=sa.Text).in_((Disclosure.recipient_id, Disclosure.discloser_id)),
).order_by(Disclosure.record_id)
"""Finds which persons the caller's authority told others of, or was told of."""


@dataclass(slots=True)
class _KeyInHand:
    """An exchange key that is being filled: upon which the discloser's own rests, and what was wrapped under it."""

    key: ExchangeKey
    rests_on: KeyName | None
    disclosed: list[tuple[bytes, bytes]] = field(default_factory=list)


class Grants:
    """Gives the recipients of an exchange the keys of what it discloses.

    It seals them to the recipients' intake keys, and so needs nothing of the recipients' own keys, nor their keepers.
    """

    def __init__(  # noqa: PLR0913 - all of it by name
        self, *, vault: Vault, keys: Keyring, side_keys: SideKeys, writes: PendingWrites, audit_draft: AuditEventDraft,
        ask: Ask, infohus_id: UUID | None,
    ) -> None:
        """Wrap what `keys` holds, and write it when the unit ends."""
        self._vault = vault
        self._keys = keys
        self._side_keys = side_keys
        self._writes = writes
        self._audit_draft = audit_draft
        self._ask = ask
        self._infohus_id = infohus_id

    async def give(self, exchange_id: UUID, records: Sequence[DisclosedRecord], recipients: Collection[str]) -> None:
        """Add a row for each version and recipient, and a wrap of each of the version's data keys; none for its owner.

        What may not be passed on is told to nobody by this exchange, to somebody outside the case neither.

        Raises:
            NotAvailable: the caller's authority cannot itself open one of them, nor any part of it that is disclosed.
            KeptIsNotPassedOn: another authority wrote one of them and has withdrawn it; the caller's keeps it.
            RecipientCannotBeTold: a recipient has no intake key here, or none that its key keeper signed.
        """
        await self._keys.bring([(one.record_id, one.record_version) for one in records])
        for one in records:
            held = list(self._keys.held((one.record_id, one.record_version), one.contents))
            if one.contents and not held:
                raise errors.NotAvailable(without_key=frozenset({one.record_id}))
            if one.owner != self._keys.authority_id and any(not by for _, _, by in held):
                raise KeptIsNotPassedOn
        if not recipients:
            return
        assert self._infohus_id is not None  # noqa: S101 - exchanges are recorded in cases only
        intake_keys = await self._side_keys.intake_keys(self._infohus_id, recipients)
        named = await self._named_to(records, recipients)
        for recipient_id in recipients:
            if recipient_id not in intake_keys:
                raise RecipientCannotBeTold
            self._give(exchange_id, records, recipient_id, intake_keys[recipient_id], named_to=named[recipient_id])

    async def _named_to(
        self, records: Sequence[DisclosedRecord], recipients: Collection[str]
    ) -> dict[str, frozenset[UUID]]:
        """Find the persons whom each recipient knows by this authority or this exchange, or told it of.

        Nobody else has a key of their own, so that the keys tell of nobody whom the recipient does not know (rule 44).
        """
        now = {one.record_id for one in records if one.kind == PERSON_KIND}
        ready, named = compiled(_NAMED), {recipient_id: set(now) for recipient_id in recipients}
        versions = [(one.record_id, one.record_version) for one in records]
        concerned = set[UUID]().union(*(self._keys.concerned_by(version) for version in versions))
        if concerned - {EVERYBODY} - now:
            given = {"case_id": self._keys.case_id, "authority_id": self._keys.authority_id}
            for row in await self._ask(ready.sql, ready.arguments(given)):
                for other in {row["recipient_id"], row["discloser_id"]} & named.keys():
                    named[other].add(row["record_id"])
        return {recipient_id: frozenset(persons) for recipient_id, persons in named.items()}

    async def take_back(self, exchange_id: UUID, recipient_id: str, *, but: Collection[str]) -> list[UUID]:
        """Delete the keys that an exchange gave a recipient, taken in or not; give the ids of the records withdrawn.

        Records of the kinds in `but` stay, each of which `has_own_key`.
        """
        ready = compiled(_WITHDRAWING)
        given = {"exchange_id": exchange_id, "recipient_id": recipient_id, "but": sorted(but)}
        rows = await self._ask(ready.sql, ready.arguments(given))
        withdrawn: list[UUID] = sorted({row["record_id"] for row in rows})
        stored = compiled(_WITHDRAWN)
        for row in await self._ask(stored.sql, stored.arguments({**given, "record_ids": withdrawn})):
            self._audit_draft.add_wrote(withdrew(row_from(Disclosure, row)))
        keys = [row for row in rows if row["part"] is not None]
        for row in keys:
            self._audit_draft.add_wrote(deleted_key(row, exchange_id=exchange_id, recipient_id=recipient_id))
        self._side_keys.withdraw(exchange_id, recipient_id, {row["number"] for row in keys})
        return withdrawn

    def _give(
        self, exchange_id: UUID, records: Sequence[DisclosedRecord], recipient_id: str, intake: PublicIntakeKey, *,
        named_to: frozenset[UUID],
    ) -> None:
        in_hand: dict[tuple[UUID | None, KeyName | None, UUID | None], _KeyInHand] = {}
        # Own records first: their keys' numbers, which recipients' logs name, tell nothing of what is passed on.
        for one in sorted(records, key=lambda record: record.owner != self._keys.authority_id):
            via, parts = set[UUID](), list[str]()
            # Whether the discloser knew of somebody when it wrote what names nobody, is not told.
            persons = self._keys.concerned_by((one.record_id, one.record_version)) - {EVERYBODY}
            named = in_order(persons & named_to, self._keys.known) or (None,)
            for part, data_key, by in self._keys.held((one.record_id, one.record_version), one.contents):
                parts.append(part)
                via.update(exchange for exchange, _ in by)
                if recipient_id == one.owner:
                    continue
                for rests_on, person_id in itertools.product(by or (None,), named):
                    group = (one.record_id if one.has_own_key else None, rests_on, person_id)
                    if group not in in_hand:
                        place = self._place(exchange_id, recipient_id, intake, number=len(in_hand), person_id=person_id)
                        in_hand[group] = _KeyInHand(self._vault.new_exchange_key(place), rests_on)
                    self._wrap(in_hand[group], one, part, data_key)
            self._writes.insert(Disclosure.of(
                exchange_id=exchange_id, record_id=one.record_id, recipient_id=recipient_id,
                record_version=one.record_version, record_kind=one.kind, case_id=self._keys.case_id,
                discloser_id=self._keys.authority_id, via=sorted(via), parts=parts, concerns=marks_of(
                    {EVERYBODY} if one.concerns_everybody else persons, exchange_id=exchange_id,
                    record_id=one.record_id, recipient_id=recipient_id,
                ),
            ), unless_there=False)
        self._finish(in_hand.values(), intake)

    def _place(
        self, exchange_id: UUID, recipient_id: str, intake: PublicIntakeKey, *, number: int, person_id: UUID | None
    ) -> ExchangeKeyPlace:
        return ExchangeKeyPlace(
            exchange_id=exchange_id, case_id=self._keys.case_id, discloser_id=self._keys.authority_id,
            recipient_id=recipient_id, infohus_id=intake.infohus_id, generation=intake.generation, number=number,
            person_id=person_id,
        )

    def _wrap(self, in_hand: _KeyInHand, one: DisclosedRecord, part: str, data_key: DataKey) -> None:
        exchange, content = in_hand.key.place, one.contents[part]
        place = self._keys.place_for(
            (one.record_id, one.record_version), part, data_key, owner_id=one.owner, exchange=exchange, content=content
        )
        wrapped = in_hand.key.wrap(data_key, place)
        in_hand.disclosed.append((wrap_digest(place, wrapped), content))
        self._writes.insert(DisclosedKey.of(
            exchange_id=exchange.exchange_id, record_id=one.record_id, recipient_id=exchange.recipient_id, part=part,
            number=exchange.number, record_version=one.record_version, owner_id=one.owner, case_id=place.case_id,
            key_id=data_key.key_id, content=content, wrapped_key=wrapped,
        ), unless_there=False)

    def _finish(self, in_hand: Iterable[_KeyInHand], intake: PublicIntakeKey) -> None:
        try:
            for one in in_hand:
                key = self._vault.sealed_and_signed(one.key, intake, one.disclosed)
                self._side_keys.give(key, rests_on=one.rests_on)
        except (NotSigned, IntakeKeyNotUsable) as refused:
            logger.critical("intake_key_refused", authority=intake.authority_id, reason=type(refused).__name__)
            raise RecipientCannotBeTold from None
