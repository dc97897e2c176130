"""Kvitteringer of an exchange: who has acknowledged it, who has not yet, and from whom it was withdrawn."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, NamedTuple
from uuid import UUID

import msgspec
from msgspec import Meta

from infohus import errors
from infohus.cases.disclosures.model import Category, Exchange
from infohus.cases.disclosures.receipts import Receipt, acknowledge_for_caller, receipts_on
from infohus.casework.exchanges.aftermath import Aftermath, aftermath_of
from infohus.casework.exchanges.exchange_facts import recipients_shown
from infohus.danish.paragraphs import SECRECY
from infohus.kernel.unit_of_work.denials import AnotherMay
from infohus.kernel.unit_of_work.unit import UnitOfWork

OVERDUE_AFTER = timedelta(hours=72)
"""A disclosure not acknowledged by then is shown as overdue to both sides (the figure is a design choice)."""


class ReceiptDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The manifest the recipient saw, 64 hexadecimal digits."""

    manifest: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class ReceiptView(msgspec.Struct, frozen=True):
    """Who acknowledged, and when."""

    authority: str
    acknowledged_at: datetime


class Receipts(msgspec.Struct, frozen=True):
    """Who has acknowledged an exchange, who has not yet, and from whom it was withdrawn.

    The discloser sees every withdrawal, a recipient only the one from itself; a joint decision stays with the two who
    sign it, whatever was withdrawn beside it. `rests_on_withdrawn`: what was passed on was withdrawn from who passed it
    on, so its recipients read it no more (rule 16). `declared_not_for_investigation`: what is acknowledged was told on
    that declaration, which binds whoever got it (rule 2). `secrecy`: so does the duty that comes with gang ties (102).
    """

    declared_not_for_investigation: bool
    secrecy: str | None
    receipts: list[ReceiptView]
    unacknowledged: list[str]
    is_overdue: bool
    withdrawn_from: list[str]
    rests_on_withdrawn: bool


class Withdrawn(NamedTuple):
    """From whom an exchange was withdrawn, and whether what it rests on was, as far as the caller may see."""

    withdrawn_from: list[str]
    rests_on_withdrawn: bool


async def receipts_of(
    work: UnitOfWork, exchanges: Sequence[Exchange], found: Mapping[UUID, Aftermath] | None = None
) -> dict[UUID, Receipts]:
    """Give the receipts and withdrawals of exchanges, with the receipts that this unit of work is about to write.

    `found` is what became of them, where that was asked already.
    """
    ids = [exchange.id for exchange in exchanges]
    stored = await receipts_on(work, ids)
    found = await aftermath_of(work, exchanges) if found is None else found
    return {
        exchange.id: _receipts(
            exchange, recipients_shown(exchange, work.caller.authority_id),
            [one for one in stored if one.exchange_id == exchange.id], withdrawn_of(found[exchange.id]), work.now,
        )
        for exchange in exchanges
    }


def withdrawn_of(aftermath: Aftermath) -> Withdrawn:
    """Tell of an exchange what was withdrawn: the discloser of everybody, a recipient of itself."""
    fallen = [one for one in aftermath.disclosed if not one.stands]
    rests_on_withdrawn = aftermath.given_was_withdrawn or any(not one.is_withdrawn for one in fallen)
    return Withdrawn(sorted({one.recipient_id for one in fallen}), rests_on_withdrawn)


def _receipts(
    exchange: Exchange, recipients: Sequence[str], stored: Sequence[Receipt], withdrawn: Withdrawn, now: datetime
) -> Receipts:
    missing = sorted({*recipients} - {one.authority_id for one in stored})
    return Receipts(
        declared_not_for_investigation=exchange.declared_not_for_investigation,
        secrecy=SECRECY if Category.GANG_TIES in exchange.categories else None,
        receipts=[ReceiptView(one.authority_id, one.acknowledged_at) for one in stored], unacknowledged=missing,
        is_overdue=bool(missing) and now - exchange.recorded_at > OVERDUE_AFTER,
        **withdrawn._asdict(),
    )


async def acknowledge(work: UnitOfWork, exchange: Exchange, draft: ReceiptDraft) -> None:
    """Acknowledge what was received; a second time changes nothing.

    Raises:
        AnotherMay: the caller's authority disclosed it.
        NotAvailable: it was not disclosed to the caller's authority.
        ManifestDiffers: the manifest sent is not the exchange's.
    """
    if work.caller.authority_id == exchange.authority_id:
        raise AnotherMay
    if work.caller.authority_id not in exchange.recipients:
        raise errors.NotAvailable
    if bytes.fromhex(draft.manifest) != exchange.manifest:
        raise errors.ManifestDiffers
    await acknowledge_for_caller(work, exchange)
