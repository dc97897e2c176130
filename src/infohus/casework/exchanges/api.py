"""The routes of exchanges, their receipts and withdrawals."""

from collections.abc import Sequence
from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from infohus.cases.disclosures.model import Exchange
from infohus.casework.exchanges.aftermath import AFTERMATH, aftermath_of
from infohus.casework.exchanges.corrections import corrections_of
from infohus.casework.exchanges.danger_routes import handlers as danger_handlers
from infohus.casework.exchanges.disclosable import DisclosableRecords
from infohus.casework.exchanges.disclosed_records import DisclosedRecord, records_of
from infohus.casework.exchanges.exchange_facts import ExchangeFacts, facts_of
from infohus.casework.exchanges.kept_marks import (
    KEPT_MARK_BY_ID,
    KEPT_MARKS_OF_CASE,
    KeptMark,
    KeptMarkDraft,
    KeptMarkView,
    keep_disclosed,
    keeps_texts,
)
from infohus.casework.exchanges.look_through_routes import handlers as look_through_handlers
from infohus.casework.exchanges.onward_routes import handlers as onward_handlers
from infohus.casework.exchanges.operations import (
    EXCHANGE_BY_ID,
    EXCHANGES_OF_CASE,
    CorrectionDraft,
    ExchangeDraft,
    OralExchangeDraft,
    correct_exchange,
    record_exchange,
    record_oral_exchange,
)
from infohus.casework.exchanges.outside import OutsideDraft, disclose_outside
from infohus.casework.exchanges.receipts import (
    ReceiptDraft,
    Receipts,
    acknowledge,
    receipts_of,
    withdrawn_of,
)
from infohus.casework.exchanges.request_routes import handlers as request_handlers
from infohus.casework.exchanges.withdrawals import (
    WITHDRAWAL_BY_ID,
    Withdrawal,
    WithdrawalDraft,
    WithdrawalView,
    is_withdrawn_from_caller,
    withdraw,
)
from infohus.kernel.access.model import Case
from infohus.kernel.answers.pages import NIL, After, Limit, Page, page_of
from infohus.kernel.authorization.action import Action
from infohus.kernel.unit_of_work.begin import RequestScope
from infohus.kernel.unit_of_work.unit import UnitOfWork


class ExchangeLine(ExchangeFacts, frozen=True, kw_only=True):
    """An exchange as lists show it: which records it disclosed, what became of it, and no text."""

    records: list[DisclosedRecord]
    unacknowledged: list[str]
    receipt_is_overdue: bool
    withdrawn_from: list[str]
    rests_on_withdrawn: bool
    is_corrected: bool
    corrected_by: UUID | None

    @classmethod
    async def listed(cls, work: UnitOfWork, exchanges: Sequence[Exchange]) -> "list[ExchangeLine]":
        """Show exchanges with their receipts."""
        found = await aftermath_of(work, exchanges)
        receipts, corrections = await receipts_of(work, exchanges, found), await corrections_of(work, found)
        records = records_of(work, exchanges, found)
        return [
            cls(
                **facts_of(one, to=work.caller.authority_id), records=records[one.id],
                unacknowledged=receipts[one.id].unacknowledged,
                receipt_is_overdue=receipts[one.id].is_overdue, withdrawn_from=receipts[one.id].withdrawn_from,
                rests_on_withdrawn=receipts[one.id].rests_on_withdrawn, **corrections[one.id]._asdict(),
            )
            for one in exchanges
        ]


class ExchangeView(ExchangeFacts, frozen=True, kw_only=True):
    """An exchange with its texts, for those who took part in it; `corrected_by` where they got the correction.

    Of withdrawals it tells what its receipts do. `records` are what it disclosed to the caller's authority.

    Where it was withdrawn from the caller's authority, the texts are gone unless it keeps them: that it was, when and
    by whom stays.
    `manifest_salt` is what `manifest` was hashed with, 64 hexadecimal digits. Of a correction the discloser alone sees
    it: with it a recipient could find out who else got the correction.
    """

    records: list[DisclosedRecord]
    is_withdrawn: bool
    necessity: str | None
    proportionality: str | None
    subsidiarity: str | None
    strict_necessity: str | None
    consent_reason: str | None
    summary: str | None
    manifest_salt: str | None
    withdrawn_from: list[str]
    rests_on_withdrawn: bool
    is_corrected: bool
    corrected_by: UUID | None
    about: list[UUID]

    @classmethod
    async def opened(cls, work: UnitOfWork, exchange: Exchange) -> "ExchangeView":
        """Open an exchange's texts."""
        found = await aftermath_of(work, [exchange])
        is_withdrawn = is_withdrawn_from_caller(work, exchange, found[exchange.id])
        is_gone = is_withdrawn and not await keeps_texts(work, exchange)
        texts = {} if is_gone else (await work.open(exchange, reading=Action.READ_EXCHANGE))[exchange.id]
        correction = (await corrections_of(work, found))[exchange.id]
        is_hidden = exchange.corrects_id is not None and exchange.authority_id != work.caller.authority_id
        return cls(
            **facts_of(exchange, to=work.caller.authority_id), **correction._asdict(), is_withdrawn=is_withdrawn,
            **withdrawn_of(found[exchange.id])._asdict(), necessity=texts.get("necessity"),
            proportionality=texts.get("proportionality"), subsidiarity=texts.get("subsidiarity"),
            strict_necessity=texts.get("strict_necessity"), consent_reason=texts.get("consent_reason"),
            summary=texts.get("summary"), manifest_salt=None if is_hidden else texts.get("manifest_salt"),
            records=records_of(work, [exchange], found)[exchange.id], about=work.about(exchange),
        )


@post("/cases/{case_id:uuid}/exchanges", operation_id="RecordExchange")
async def record(
    case_id: FromPath[UUID], data: JSONBody[ExchangeDraft], idempotent_scope: NamedDependency[RequestScope],
    disclosable_records: NamedDependency[DisclosableRecords],
) -> ExchangeView:
    """Record a disclosure under § 115; exactly its items become readable to exactly its recipients."""
    async with idempotent_scope.begin(Action.RECORD_EXCHANGE, Case, case_id) as work:
        exchange = await work.earlier(Exchange, EXCHANGE_BY_ID)
        exchange = exchange or await record_exchange(work, data, records=disclosable_records)
        return await ExchangeView.opened(work, exchange)


@post("/cases/{case_id:uuid}/disclosures-outside", operation_id="DiscloseOutside")
async def record_outside(
    case_id: FromPath[UUID], data: JSONBody[OutsideDraft], idempotent_scope: NamedDependency[RequestScope],
    disclosable_records: NamedDependency[DisclosableRecords],
) -> ExchangeView:
    """Record what was told outside § 115 to an authority that takes no part, on a provision of its own."""
    async with idempotent_scope.begin(Action.DISCLOSE_OUTSIDE, Case, case_id) as work:
        exchange = await work.earlier(Exchange, EXCHANGE_BY_ID)
        exchange = exchange or await disclose_outside(work, data, records=disclosable_records)
        return await ExchangeView.opened(work, exchange)


@get("/cases/{case_id:uuid}/exchanges", operation_id="ListExchanges")
async def of_case(
    case_id: FromPath[UUID], request_scope: NamedDependency[RequestScope],
    after: After = NIL, limit: Limit = 50,
) -> Page[ExchangeLine]:
    """List the exchanges of a case that the caller's authority gave or received, oldest first, without texts."""
    async with request_scope.begin(Action.LIST_EXCHANGES, Case, case_id) as work:
        exchanges = await work.rows(Exchange, EXCHANGES_OF_CASE, case_id=case_id, after=after, limit=limit + 1)
        return page_of(await ExchangeLine.listed(work, exchanges), [one.id for one in exchanges], limit=limit)


@get("/cases/{case_id:uuid}/exchanges/{exchange_id:uuid}", operation_id="ReadExchange")
async def read(
    case_id: FromPath[UUID], exchange_id: FromPath[UUID], request_scope: NamedDependency[RequestScope],
) -> ExchangeView:
    """Read one exchange with its reasons."""
    async with request_scope.begin(
            Action.READ_EXCHANGE, Exchange, exchange_id, within=case_id, beside=AFTERMATH
    ) as work:
        return await ExchangeView.opened(work, work.subject(Exchange))


@post("/cases/{case_id:uuid}/exchanges/{exchange_id:uuid}/corrections", operation_id="CorrectExchange")
async def correct(
    case_id: FromPath[UUID], exchange_id: FromPath[UUID], data: JSONBody[CorrectionDraft],
    idempotent_scope: NamedDependency[RequestScope], disclosable_records: NamedDependency[DisclosableRecords],
) -> ExchangeView:
    """Correct an exchange: every earlier recipient gets the correction, and the wrong one stays on record."""
    async with idempotent_scope.begin(
            Action.CORRECT_EXCHANGE, Exchange, exchange_id, within=case_id
    ) as work:
        exchange = await work.earlier(Exchange, EXCHANGE_BY_ID)
        exchange = exchange or await correct_exchange(work, work.subject(Exchange), data, records=disclosable_records)
        return await ExchangeView.opened(work, exchange)


@post("/cases/{case_id:uuid}/oral-exchanges", operation_id="RecordOralExchange")
async def record_oral(
    case_id: FromPath[UUID], data: JSONBody[OralExchangeDraft], idempotent_scope: NamedDependency[RequestScope],
) -> ExchangeView:
    """Record what was said on the phone or at a meeting: noted and disclosed in one act, late recording shown."""
    async with idempotent_scope.begin(Action.RECORD_EXCHANGE, Case, case_id) as work:
        exchange = await work.earlier(Exchange, EXCHANGE_BY_ID) or await record_oral_exchange(work, data)
        return await ExchangeView.opened(work, exchange)


@get("/cases/{case_id:uuid}/exchanges/{exchange_id:uuid}/receipts", operation_id="ListReceipts")
async def receipts(
    case_id: FromPath[UUID], exchange_id: FromPath[UUID], request_scope: NamedDependency[RequestScope],
) -> Receipts:
    """Tell who has acknowledged an exchange, who has not yet, and from whom it was withdrawn."""
    async with request_scope.begin(Action.READ_EXCHANGE, Exchange, exchange_id, within=case_id) as work:
        return (await receipts_of(work, [work.subject(Exchange)]))[exchange_id]


@post(
    "/cases/{case_id:uuid}/exchanges/{exchange_id:uuid}/receipts", operation_id="AcknowledgeExchange", status_code=200
)
async def acknowledge_receipt(
    case_id: FromPath[UUID], exchange_id: FromPath[UUID], data: JSONBody[ReceiptDraft],
    idempotent_scope: NamedDependency[RequestScope],
) -> Receipts:
    """Acknowledge exactly what was received, by the hash of it; again changes nothing."""
    async with idempotent_scope.begin(Action.ACKNOWLEDGE_EXCHANGE, Exchange, exchange_id, within=case_id) as work:
        exchange = work.subject(Exchange)
        if not work.is_repetition:
            await acknowledge(work, exchange, data)
        return (await receipts_of(work, [exchange]))[exchange_id]


@post("/cases/{case_id:uuid}/exchanges/{exchange_id:uuid}/withdrawals", operation_id="WithdrawExchange")
async def withdraw_from(
    case_id: FromPath[UUID], exchange_id: FromPath[UUID], data: JSONBody[WithdrawalDraft],
    idempotent_scope: NamedDependency[RequestScope],
) -> WithdrawalView:
    """End a recipient's access to what an exchange disclosed; that it was disclosed stays on record.

    What it reads on is named: a joint decision that it signs, and what another exchange told it.
    """
    async with idempotent_scope.begin(Action.WITHDRAW_EXCHANGE, Exchange, exchange_id, within=case_id) as work:
        done = await work.earlier(Withdrawal, WITHDRAWAL_BY_ID) or await withdraw(work, work.subject(Exchange), data)
        return await WithdrawalView.of(work, done)


@post("/cases/{case_id:uuid}/exchanges/{exchange_id:uuid}/kept-marks", operation_id="KeepDisclosed")
async def keep(
    case_id: FromPath[UUID], exchange_id: FromPath[UUID], data: JSONBody[KeptMarkDraft],
    idempotent_scope: NamedDependency[RequestScope], disclosable_records: NamedDependency[DisclosableRecords],
) -> KeptMarkView:
    """Mark what was received as used, or as to be kept, records and the exchange's own texts alike.

    It stays here when it is withdrawn, shows as withdrawn, and is then passed on to nobody. The discloser sees no mark.
    """
    async with idempotent_scope.begin(Action.KEEP_DISCLOSED, Exchange, exchange_id, within=case_id) as work:
        mark = await work.earlier(KeptMark, KEPT_MARK_BY_ID)
        mark = mark or await keep_disclosed(work, work.subject(Exchange), data, records=disclosable_records)
        return (await KeptMarkView.opened(work, mark))[0]


@get("/cases/{case_id:uuid}/kept-marks", operation_id="ListKeptMarks")
async def kept_marks(
    case_id: FromPath[UUID], request_scope: NamedDependency[RequestScope], after: After = NIL, limit: Limit = 50,
) -> Page[KeptMarkView]:
    """List what the caller's authority keeps of what it received, oldest first, and what of it was withdrawn."""
    async with request_scope.begin(Action.LIST_EXCHANGES, Case, case_id) as work:
        marks = await work.rows(KeptMark, KEPT_MARKS_OF_CASE, case_id=case_id, after=after, limit=limit + 1)
        page = page_of(marks, [one.id for one in marks], limit=limit)
        return Page(await KeptMarkView.opened(work, *page.items), page.next)


handlers = [
    record, record_oral, record_outside, of_case, read, correct, receipts, acknowledge_receipt, withdraw_from, keep,
    kept_marks, *danger_handlers, *request_handlers, *onward_handlers, *look_through_handlers,
]
