"""The routes of exchanges."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from infohus.answers import NIL, After, Limit, Page, page_of
from infohus.authorization.action import Action
from infohus.cases.disclosure import Category, Channel, CooperationForm, Exchange, Paragraph, Purpose
from infohus.exchanges.operations import (
    EXCHANGE_BY_ID,
    EXCHANGES_OF_CASE,
    CorrectionDraft,
    ExchangeDraft,
    correct_exchange,
    record_exchange,
)
from infohus.ground import Case
from infohus.unit_of_work import UnitOfWork
from infohus.workplace import Desk


class ExchangeLine(msgspec.Struct, frozen=True):
    """An exchange without its texts, as lists show it."""

    id: UUID
    case_id: UUID
    discloser: str
    recipients: list[str]
    paragraph: Paragraph
    cooperation_form: CooperationForm
    purpose: Purpose
    categories: list[Category]
    channel: Channel
    exchanged_at: datetime
    recorded_at: datetime
    is_late: bool
    corrects: UUID | None
    manifest: str

    @classmethod
    def of(cls, exchange: Exchange) -> "ExchangeLine":
        """Show an exchange's facts; `manifest` is the hash of what was disclosed, 64 hexadecimal digits."""
        return cls(**_facts(exchange))


class ExchangeView(ExchangeLine, frozen=True, kw_only=True):
    """An exchange with its reasons, for those who took part in it."""

    necessity: str
    strict_necessity: str | None
    summary: str | None

    @classmethod
    async def opened(cls, work: UnitOfWork, exchange: Exchange) -> "ExchangeView":
        """Open an exchange's texts."""
        texts = (await work.open(exchange, reading=Action.READ_EXCHANGE))[exchange.id]
        return cls(
            **_facts(exchange), necessity=texts["necessity"], strict_necessity=texts.get("strict_necessity"),
            summary=texts.get("summary"),
        )


def _facts(exchange: Exchange) -> dict[str, Any]:
    return {
        "id": exchange.id, "case_id": exchange.case_id, "discloser": exchange.authority_id,
        "recipients": exchange.recipients, "paragraph": exchange.paragraph,
        "cooperation_form": exchange.cooperation_form, "purpose": exchange.purpose,
        "categories": [Category(category) for category in exchange.categories], "channel": exchange.channel,
        "exchanged_at": exchange.exchanged_at, "recorded_at": exchange.recorded_at, "is_late": exchange.is_late,
        "corrects": exchange.corrects_id, "manifest": exchange.manifest.hex(),
    }


@post("/cases/{case_id:uuid}/exchanges", operation_id="RecordExchange")
async def record(
    case_id: FromPath[UUID], data: JSONBody[ExchangeDraft], recording_desk: NamedDependency[Desk],
) -> ExchangeView:
    """Record a disclosure under § 115; exactly its items become readable to exactly its recipients."""
    async with recording_desk.begin(Action.RECORD_EXCHANGE, Case, case_id) as work:
        exchange = await work.earlier(Exchange, EXCHANGE_BY_ID) or await record_exchange(work, data)
        return await ExchangeView.opened(work, exchange)


@get("/cases/{case_id:uuid}/exchanges", operation_id="ListExchanges")
async def of_case(
    case_id: FromPath[UUID], desk: NamedDependency[Desk],
    after: After = NIL, limit: Limit = 50,
) -> Page[ExchangeLine]:
    """List the exchanges of a case that the caller's authority gave or received, oldest first, without texts."""
    async with desk.begin(Action.LIST_EXCHANGES, Case, case_id) as work:
        exchanges = await work.rows(Exchange, EXCHANGES_OF_CASE, case_id=case_id, after=after, limit=limit + 1)
        return page_of([ExchangeLine.of(one) for one in exchanges], [one.id for one in exchanges], limit=limit)


@get("/cases/{case_id:uuid}/exchanges/{exchange_id:uuid}", operation_id="ReadExchange")
async def read(
    case_id: FromPath[UUID], exchange_id: FromPath[UUID], desk: NamedDependency[Desk],
) -> ExchangeView:
    """Read one exchange with its reasons."""
    async with desk.begin(Action.READ_EXCHANGE, Exchange, exchange_id, within=case_id) as work:
        return await ExchangeView.opened(work, work.subject(Exchange))


@post("/cases/{case_id:uuid}/exchanges/{exchange_id:uuid}/corrections", operation_id="CorrectExchange")
async def correct(
    case_id: FromPath[UUID], exchange_id: FromPath[UUID], data: JSONBody[CorrectionDraft],
    recording_desk: NamedDependency[Desk],
) -> ExchangeView:
    """Correct an exchange: every earlier recipient gets the correction, and the wrong one stays on record."""
    async with recording_desk.begin(
            Action.CORRECT_EXCHANGE, Exchange, exchange_id, within=case_id
    ) as work:
        exchange = await work.earlier(Exchange, EXCHANGE_BY_ID)
        exchange = exchange or await correct_exchange(work, work.subject(Exchange), data)
        return await ExchangeView.opened(work, exchange)


handlers = [record, of_case, read, correct]
