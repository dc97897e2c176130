"""The routes of supervision of exchanges: list, counts, one without its content, and § 115's three answers."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter

from infohus import errors
from infohus.cases.disclosures.model import Answers, Category, Exchange, Paragraph
from infohus.casework.exchanges.exchange_facts import ExchangeFacts, facts_of
from infohus.kernel.access.model import Infohus
from infohus.kernel.answers.pages import NIL, After, Limit, Page, page_of
from infohus.kernel.audit.formats.entry import Track
from infohus.kernel.authorization.action import Action
from infohus.kernel.database.statements import Stored
from infohus.kernel.requests.asked import asked_now
from infohus.kernel.requests.queries import MomentInQuery
from infohus.kernel.unit_of_work.begin import RequestScope
from infohus.oversight.supervision.exchange_review import (
    DisclosedRecord,
    counted_exchanges,
    disclosed_records,
    plain_exchange,
    receipts_on,
    supervised_exchange,
    supervised_exchanges,
)

Authority = Annotated[
    str | None, QueryParameter(pattern="^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60, description="Who disclosed.")
]
Declined = Annotated[
    bool | None, QueryParameter(description="Whether it carried a request for information that was declined.")
]


class SupervisedExchange(ExchangeFacts, frozen=True, kw_only=True):
    """An exchange as a reviewer sees it: all but its content.

    `kinds` names what sorts of records were disclosed, `unacknowledged` whose receipt is missing, `is_declined` that it
    asked for information and was declined, which is a right (§ 115, stk. 4). `rests_on_withdrawn`: what was passed on
    was withdrawn from who passed it on. `is_corrected`: it was wrong, or what it rests on was.
    """

    case_number: str
    strict_necessity_given: bool
    kinds: list[str]
    unacknowledged: list[str]
    is_declined: bool
    withdrawn_from: list[str]
    rests_on_withdrawn: bool
    is_corrected: bool

    @classmethod
    def of(cls, row: Stored, *, to: str, **more: Any) -> Self:
        """Show a row of `exchange_review.py` to an authority, with the fields that a subclass adds."""
        return cls(
            **facts_of(plain_exchange(row), to=to), case_number=row["number"],
            strict_necessity_given=row["strict_necessity_given"], kinds=sorted({*row["kinds"], *row["given_kinds"]}),
            unacknowledged=sorted(set(row["expected"]) - set(row["acknowledged_by"])), is_declined=row["is_declined"],
            withdrawn_from=sorted(row["withdrawn_from"]), rests_on_withdrawn=row["rests_on_withdrawn"],
            is_corrected=row["is_corrected"], **more,
        )


class ExchangeCounts(msgspec.Struct, frozen=True):
    """How many exchanges there are of what was asked for; months are those of recording, in Danish time.

    One exchange may have several categories, so those add up to more.
    """

    total: int
    late: int
    unacknowledged: int
    declined: int
    by_authority: dict[str, int]
    by_paragraph: dict[str, int]
    by_category: dict[str, int]
    by_month: dict[str, int]


class AnswersGiven(msgspec.Struct, frozen=True):
    """Which of § 115's three questions the discloser answered.

    `read_at` is where the caller reads how, for the purpose that this request states; `null` for an exchange of another
    authority, which reviews its own.
    """

    necessity: bool
    proportionality: bool
    subsidiarity: bool
    read_at: str | None


class ReviewedReceipt(msgspec.Struct, frozen=True):
    """Who acknowledged, when, and the manifest they saw, 64 hexadecimal digits."""

    authority: str
    acknowledged_at: datetime
    manifest: str


class ReviewedExchange(SupervisedExchange, frozen=True, kw_only=True):
    """One exchange with its manifest, item by item, and where its entry is in the log and proved.

    `leaf_index` and `proof` are `null` when that entry was emptied after its period, or stands in the log of another
    authority, which gave the exchange.
    """

    answers: AnswersGiven
    records: list[DisclosedRecord]
    receipts: list[ReviewedReceipt]
    leaf_index: int | None
    proof: str | None


@get("/infohuse/{infohus_id:uuid}/exchanges", operation_id="SuperviseExchanges")
async def exchanges(  # noqa: PLR0913, PLR0917 - Litestar fills in the filters by name
    infohus_id: FromPath[UUID], log_scope: NamedDependency[RequestScope], after: After = NIL, limit: Limit = 50,
    since: MomentInQuery = None, until: MomentInQuery = None, authority: Authority = None,
    paragraph: FromQuery[Paragraph | None] = None, category: FromQuery[Category | None] = None,
    late: FromQuery[bool | None] = None, unacknowledged: FromQuery[bool | None] = None, declined: Declined = None,
) -> Page[SupervisedExchange]:
    """List exchanges without any case content."""
    async with log_scope.begin(Action.SUPERVISE_EXCHANGES, Infohus, infohus_id) as work:
        rows = await supervised_exchanges(
            work, after=after, limit=limit + 1, since=since, until=until,
            authority=authority, paragraph=paragraph, category=category, late=late,
            unacknowledged=unacknowledged, declined=declined,
        )
        for track in Track:
            await work.side.look_at(*(row["case_id"] for row in rows if _track_of(row) is track), track=track)
        lines = [SupervisedExchange.of(row, to=work.caller.authority_id) for row in rows]
        return page_of(lines, [line.id for line in lines], limit=limit)


@get("/infohuse/{infohus_id:uuid}/exchanges/counts", operation_id="CountExchanges")
async def counts(  # noqa: PLR0913, PLR0917 - Litestar fills in the filters by name
    infohus_id: FromPath[UUID], log_scope: NamedDependency[RequestScope], since: MomentInQuery = None,
    until: MomentInQuery = None,
    authority: Authority = None, paragraph: FromQuery[Paragraph | None] = None,
    category: FromQuery[Category | None] = None, late: FromQuery[bool | None] = None,
    unacknowledged: FromQuery[bool | None] = None, declined: Declined = None,
) -> ExchangeCounts:
    """Count exchanges by authority, paragraph, category and month, with the list's own filters."""
    async with log_scope.begin(Action.SUPERVISE_EXCHANGES, Infohus, infohus_id) as work:
        found = await counted_exchanges(
            work, since=since, until=until, authority=authority,
            paragraph=paragraph, category=category, late=late, unacknowledged=unacknowledged, declined=declined,
        )
        total, late_ones, open_ones, declined_ones = (
            found[name][""] for name in ("total", "late", "unacknowledged", "declined")
        )
        by = {
            name: dict(sorted(found.get(name, {}).items()))
            for name in ("authority", "paragraph", "category", "month")
        }
        return ExchangeCounts(
            total=total, late=late_ones, unacknowledged=open_ones, declined=declined_ones, by_authority=by["authority"],
            by_paragraph=by["paragraph"], by_category=by["category"], by_month=by["month"],
        )


@get("/infohuse/{infohus_id:uuid}/exchanges/{exchange_id:uuid}", operation_id="ReviewExchange")
async def one_exchange(
    infohus_id: FromPath[UUID], exchange_id: FromPath[UUID], log_scope: NamedDependency[RequestScope]
) -> ReviewedExchange:
    """Review one exchange: what was disclosed by kind, id and digest, its receipts, and its place in the log."""
    async with log_scope.begin(Action.SUPERVISE_EXCHANGES, Infohus, infohus_id) as work:
        row = await supervised_exchange(work, exchange_id)
        work.audit_draft.is_for_pet = _track_of(row) is Track.PET
        await work.side.look_at(row["case_id"])
        outside = set(zip(row["given_kinds"], row["given_ids"], strict=True))
        place, records = await disclosed_records(work, exchange_id, given_outside=outside)
        is_own = row["authority_id"] == work.caller.authority_id and row["answers_key"] is not None
        return ReviewedExchange.of(
            row, to=work.caller.authority_id, records=records, leaf_index=place,
            answers=AnswersGiven(
                row["necessity_given"], row["proportionality_given"], row["subsidiarity_given"],
                _for_the_same(f"/cases/{row['case_id']}/exchanges/{exchange_id}/answers") if is_own else None,
            ),
            receipts=[
                ReviewedReceipt(receipt["authority_id"], receipt["acknowledged_at"], receipt["manifest"].hex())
                for receipt in await receipts_on(work, exchange_id)
            ],
            proof=None if place is None else _for_the_same(f"/log/proofs/{place}"),
        )


def _track_of(row: Stored) -> Track:
    return Track.PET if row["paragraph"] == Paragraph.ON_REQUEST_OF_PET else Track.ORDINARY


def _for_the_same(path: str) -> str:
    """Make an address that can be followed as it is: its route reads a log too, and what for must be said."""
    return f"{path}?purpose={asked_now().purpose}"


@get("/cases/{case_id:uuid}/exchanges/{exchange_id:uuid}/answers", operation_id="ReviewAnswers")
async def answers(
    case_id: FromPath[UUID], exchange_id: FromPath[UUID], log_scope: NamedDependency[RequestScope]
) -> Answers:
    """Read how the caller's own authority answered § 115's questions: for its DPO and legal staff, and logged."""
    async with log_scope.begin(Action.REVIEW_ANSWERS, Exchange, exchange_id, within=case_id) as work:
        texts = work.open_for_supervision(work.subject(Exchange), "answers")
        if "answers" not in texts:
            raise errors.NotAvailable
        return msgspec.json.decode(texts["answers"], type=Answers)


handlers = [exchanges, counts, one_exchange, answers]
