"""Record an exchange, and correct one."""

import msgspec
import sqlalchemy as sa

from infohus import errors
from infohus.cases.disclosable import Items, items_of
from infohus.cases.disclosure import DisclosureDraft, Exchange, LongText, disclose
from infohus.unit_of_work import UnitOfWork


class ExchangeDraft(DisclosureDraft, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is disclosed: records, or what was said, or both."""

    items: Items = msgspec.field(default_factory=list)
    summary: LongText | None = None


class CorrectionDraft(DisclosureDraft, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What was wrong and what is right. `recipients` may name more; every earlier recipient gets it in any case."""

    summary: LongText
    items: Items = msgspec.field(default_factory=list)


EXCHANGE_BY_ID = sa.select(Exchange).where(Exchange.id == sa.bindparam("id"))
EXCHANGES_OF_CASE = (
    sa.select(Exchange)
    .where(Exchange.case_id == sa.bindparam("case_id"), Exchange.id > sa.bindparam("after", type_=sa.Uuid))
    .order_by(Exchange.id)
    .limit(sa.bindparam("limit", type_=sa.Integer))
)
_CORRECTION_OF = sa.select(Exchange.id).where(Exchange.corrects_id == sa.bindparam("id"))


async def record_exchange(work: UnitOfWork, draft: ExchangeDraft) -> Exchange:
    """Record an exchange; exactly its items become readable to exactly its recipients.

    Raises:
        ExchangeWithoutContent: neither a record nor a summary is named.
        Refused: a rule of § 115 is not met.
    """
    if not draft.items and not (draft.summary or "").strip() and not draft.for_criminal_investigation:
        raise errors.ExchangeWithoutContent
    exchange = await disclose(work, draft, await items_of(work, draft.items), summary=draft.summary)
    work.done(exchange.id)
    return exchange


async def correct_exchange(work: UnitOfWork, wrong: Exchange, draft: CorrectionDraft) -> Exchange:
    """Record a correction: a new exchange that points to the old and reaches every earlier recipient (rule 13).

    Raises:
        ExchangeAlreadyCorrected: correct the correction instead.
    """
    if wrong.authority_id != work.caller.authority_id:
        raise errors.NotAvailable
    if await work.values(_CORRECTION_OF, id=wrong.id):
        raise errors.ExchangeAlreadyCorrected
    recipients = sorted({*wrong.recipients, *draft.recipients})
    reaching_all = msgspec.structs.replace(draft, recipients=recipients)
    items = await items_of(work, draft.items)
    exchange = await disclose(work, reaching_all, items, summary=draft.summary, corrects_id=wrong.id)
    work.done(exchange.id)
    return exchange
