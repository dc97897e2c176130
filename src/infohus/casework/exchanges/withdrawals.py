"""Tilbagekaldelse: a recipient may no longer read what an exchange disclosed to it.

What a recipient has seen stays seen: a withdrawal says whether the receipt came before it.
"""

from datetime import datetime
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.orm import Mapped, aliased, mapped_column

from infohus import errors
from infohus.cases.disclosures.model import AuthoritySlug, Exchange, Paragraph
from infohus.cases.joint_decisions.model import JointKind
from infohus.casework.exchanges.aftermath import Aftermath
from infohus.casework.exchanges.receipts import receipts_of
from infohus.casework.exchanges.refusals import UnderretningIsNotWithdrawn
from infohus.kernel.access.model import STANDS, Authority, Disclosure, Infohus
from infohus.kernel.database.tables import Record, owned_by_authority
from infohus.kernel.requests.words import Reason
from infohus.kernel.sealing.column import WHOLE, SealedColumn
from infohus.kernel.sealing.envelope import Sealed
from infohus.kernel.unit_of_work.unit import UnitOfWork


class Withdrawal(Record):
    """That a recipient may no longer read what an exchange disclosed to it."""

    __tablename__ = "withdrawal"
    __table_args__ = owned_by_authority(sa.UniqueConstraint("exchange_id", "recipient_id"))

    exchange_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Exchange.id))
    recipient_id: Mapped[str] = mapped_column(sa.ForeignKey(Authority.id))
    was_acknowledged: Mapped[bool]
    records: Mapped[int]
    reason: Mapped[Sealed] = mapped_column(SealedColumn)


class WithdrawalDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """From whom it is withdrawn, and why."""

    recipient: AuthoritySlug
    reason: Reason


class StillRead(msgspec.Struct, frozen=True, omit_defaults=True):
    """A record that the recipient reads on, and the exchange by which it does; `parts` where it has several."""

    kind: str
    id: UUID
    exchange_id: UUID
    parts: list[str] = []


class WithdrawalView(msgspec.Struct, frozen=True, kw_only=True):
    """What a withdrawal did: how many `records` this exchange opens to the recipient no more.

    `still_read` are records of it that the recipient reads on all the same: joint decisions that it signs, by this
    exchange, and what the caller's authority told it by another one; withdraw that too, if it is meant. What was seen
    before stays seen: `was_acknowledged` says whether it was.
    """

    id: UUID
    recipient: str
    records: int
    still_read: list[StillRead]
    was_acknowledged: bool
    withdrawn_at: datetime

    @classmethod
    async def of(cls, work: UnitOfWork, done: Withdrawal) -> "WithdrawalView":
        """Show a withdrawal."""
        rows = await work.values(
            _STILL_READ, exchange_id=done.exchange_id, recipient_id=done.recipient_id, authority_id=done.authority_id
        )
        return cls(
            id=done.id, recipient=done.recipient_id, records=done.records, was_acknowledged=done.was_acknowledged,
            still_read=[
                StillRead(
                    row["record_kind"], row["record_id"], row["exchange_id"],
                    [part for part in row["parts"] if part != WHOLE],
                )
                for row in rows
            ],
            withdrawn_at=done.recorded_at,
        )


WITHDRAWAL_BY_ID = sa.select(Withdrawal).where(Withdrawal.id == sa.bindparam("id"))
_WITHDRAWALS = sa.select(Withdrawal.id).where(
    Withdrawal.exchange_id == sa.bindparam("exchange_id"), Withdrawal.recipient_id == sa.bindparam("recipient_id")
)


_of_the_exchange = aliased(Disclosure)
_STILL_READ = (
    sa.select(Disclosure.record_kind, Disclosure.record_id, Disclosure.exchange_id, Disclosure.parts)
    .where(
        Disclosure.discloser_id == sa.bindparam("authority_id"), Disclosure.record_kind != Exchange.__tablename__,
        Disclosure.recipient_id == sa.bindparam("recipient_id"), STANDS,
        Disclosure.record_id.in_(
            sa.select(_of_the_exchange.record_id).where(
                _of_the_exchange.exchange_id == sa.bindparam("exchange_id"),
                _of_the_exchange.recipient_id == sa.bindparam("recipient_id"),
            )
        ),
    )
    .order_by(Disclosure.record_kind, Disclosure.record_id, Disclosure.exchange_id)
)
_SIGNING = sa.select(Infohus.municipality_id, Infohus.police_id).where(Infohus.id == sa.bindparam("id"))


async def withdraw(work: UnitOfWork, exchange: Exchange, draft: WithdrawalDraft) -> Withdrawal:
    """End a recipient's access to what an exchange disclosed, for policies, row security and keys alike.

    That is everything that it told, whatever it is: a question, a first view and the reasons of a disagreement too. The
    exchange's own texts are withdrawn with the rest; that it was, when and by whom stays known to both. Joint decisions
    alone stay with the two whose signatures they need; from anybody else they are withdrawn too.

    Raises:
        NotAvailable: the caller's authority did not disclose it, or not to this recipient.
        AlreadyRecorded: it was withdrawn before.
        UnderretningIsNotWithdrawn: it hands an underretning over; a correction says what was wrong (rule 83).
    """
    if exchange.authority_id != work.caller.authority_id:
        raise errors.NotAvailable
    if draft.recipient not in exchange.recipients:
        raise errors.NotAvailable(field="recipient")
    if exchange.paragraph is Paragraph.CHILD_IS_NOTIFIED:
        raise UnderretningIsNotWithdrawn
    if await work.values(_WITHDRAWALS, exchange_id=exchange.id, recipient_id=draft.recipient):
        raise errors.AlreadyRecorded
    receipts = (await receipts_of(work, [exchange]))[exchange.id]
    signs = draft.recipient in await _signing_authorities(work)
    withdrawn = await work.revoke(exchange.id, draft.recipient, but=[kind.value for kind in JointKind] if signs else [])
    withdrawal = work.create(
        Withdrawal, sealed={"reason": draft.reason}, exchange_id=exchange.id, recipient_id=draft.recipient,
        was_acknowledged=draft.recipient not in receipts.unacknowledged, records=len({*withdrawn} - {exchange.id}),
        about=await work.whom(exchange),
    )
    work.audit_draft.justification, work.audit_draft.recipients = "withdrawal", [draft.recipient]
    work.done(withdrawal.id)
    return withdrawal


def is_withdrawn_from_caller(work: UnitOfWork, exchange: Exchange, aftermath: Aftermath) -> bool:
    """Say whether an exchange that the caller's authority received was withdrawn from it: its texts are gone then."""
    return exchange.authority_id != work.caller.authority_id and any(
        one.is_withdrawn for one in aftermath.disclosed
        if (one.record_id, one.recipient_id) == (exchange.id, work.caller.authority_id)
    )


async def _signing_authorities(work: UnitOfWork) -> set[str]:
    """Name the two authorities whose signatures a joint decision needs."""
    infohus = (await work.values(_SIGNING, id=work.infohus_id))[0]
    return {infohus["municipality_id"], infohus["police_id"]}
