"""What a reviewer can read of exchanges: a list, counts, and one with its manifest; no case content.

Row security leaves those that the reviewer's authority gave or received.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa

from infohus import errors
from infohus.cases.disclosures.given_outside import GIVEN_WAS_WITHDRAWN
from infohus.cases.disclosures.model import Exchange
from infohus.cases.disclosures.onward_notices import OnwardNotice
from infohus.cases.disclosures.receipts import Receipt
from infohus.danish_calendar import DENMARK
from infohus.kernel.access.model import STANDS, Case, Disclosure
from infohus.kernel.audit.formats.entry import Entry, Outcome, read
from infohus.kernel.database.statements import Stored
from infohus.kernel.sealing.column import SealedColumn
from infohus.kernel.unit_of_work.unit import UnitOfWork

PLAIN = tuple(
    column for column in Exchange.__table__.columns if not isinstance(column.type, SealedColumn)
)
_MOMENT, _TEXT, _FLAG = sa.DateTime(timezone=True), sa.Text(), sa.Boolean()
_INFOHUS_ID = sa.bindparam("infohus_id", type_=sa.Uuid())

DECLINED = sa.func.infohus.declined_requests(_INFOHUS_ID).table_valued(
    sa.column("request_id", sa.Uuid()), sa.column("exchange_id", sa.Uuid()), sa.column("asked_by", sa.Text()),
    sa.column("asked_of", sa.Text()), sa.column("answered_at", _MOMENT), name="declined",
)
"""Declined requests for information, without their texts; the database function answers reviewers only."""
_IS_DECLINED = Exchange.id.in_(sa.select(DECLINED.c.exchange_id))
_RECEIPTS_OF_ONE = (
    sa.select(sa.func.count()).select_from(Receipt).where(Receipt.exchange_id == Exchange.id).scalar_subquery()
)
_OWN = sa.func.infohus.caller_authority()
_NOBODY = sa.literal([], sa.ARRAY(_TEXT))
_EXPECTED = sa.case(
    (Exchange.authority_id == _OWN, Exchange.recipients),
    (sa.func.array_position(Exchange.recipients, _OWN).is_not(None), sa.func.array_append(_NOBODY, _OWN)),
    else_=_NOBODY,
)
"""Whose receipts the caller's authority would see: the discloser everybody's, a recipient its own and no other's."""
_WITHDRAWN = (
    Disclosure.exchange_id == Exchange.id, ~STANDS,
    sa.or_(Exchange.authority_id == _OWN, Disclosure.recipient_id == _OWN),
)
"""What was withdrawn, or rests on what was, as the discloser sees it, or the recipient of itself (rule 16)."""
_LACKS_A_RECEIPT = sa.func.cardinality(_EXPECTED) > _RECEIPTS_OF_ONE

_IS_ITEM = sa.and_(
    Disclosure.record_kind != Exchange.__tablename__, Disclosure.record_kind != OnwardNotice.__tablename__
)
"""Of what an exchange disclosed: neither itself, nor what the owner of an item learned of it."""

COLUMNS = (
    *PLAIN, Case.number, Exchange.strict_necessity.is_not(None).label("strict_necessity_given"),
    *(
        getattr(Exchange, name).is_not(None).label(f"{name}_given")
        for name in ("necessity", "proportionality", "subsidiarity")
    ),
    _IS_DECLINED.label("is_declined"),
    sa.func.array(
        sa.select(sa.distinct(Disclosure.recipient_id)).where(*_WITHDRAWN)
        .order_by(Disclosure.recipient_id).scalar_subquery()
    ).label("withdrawn_from"),
    sa.or_(sa.exists().where(*_WITHDRAWN, Disclosure.withdrawn_at.is_(None)), GIVEN_WAS_WITHDRAWN).label(
        "rests_on_withdrawn"
    ),
    sa.func.infohus.correction_of(Exchange.id, Exchange.recorded_at).is_not(None).label("is_corrected"),
    sa.func.array(
        sa.select(Receipt.authority_id).where(Receipt.exchange_id == Exchange.id)
        .order_by(Receipt.acknowledged_at, Receipt.authority_id).scalar_subquery()
    ).label("acknowledged_by"),
    _EXPECTED.label("expected"),
    sa.func.array(
        sa.select(sa.distinct(Disclosure.record_kind))
        .where(Disclosure.exchange_id == Exchange.id, _IS_ITEM)
        .order_by(Disclosure.record_kind).scalar_subquery()
    ).label("kinds"),
)
"""Plain columns only: no sealed one is fetched. Of the sealed answers, only whether there is one."""


def _if_given(
    condition: sa.ColumnElement[bool], name: str, kind: sa.types.TypeEngine[Any]
) -> sa.ColumnElement[bool]:
    return sa.or_(sa.bindparam(name, type_=kind).is_(None), condition)


_ASKED_FOR = (
    Case.infohus_id == _INFOHUS_ID,
    _if_given(Exchange.recorded_at >= sa.bindparam("since", type_=_MOMENT), "since", _MOMENT),
    _if_given(Exchange.recorded_at < sa.bindparam("until", type_=_MOMENT), "until", _MOMENT),
    _if_given(Exchange.authority_id == sa.bindparam("authority", type_=_TEXT), "authority", _TEXT),
    _if_given(Exchange.paragraph == sa.bindparam("paragraph", type_=_TEXT), "paragraph", _TEXT),
    _if_given(
        sa.bindparam("category", type_=_TEXT) == sa.func.any(Exchange.categories),
        "category", _TEXT,
    ),
    _if_given(Exchange.is_late == sa.bindparam("late", type_=_FLAG), "late", _FLAG),
    _if_given(
        sa.bindparam("unacknowledged", type_=_FLAG) == _LACKS_A_RECEIPT, "unacknowledged", _FLAG
    ),
    _if_given(sa.bindparam("declined", type_=_FLAG) == _IS_DECLINED, "declined", _FLAG),
)
EXCHANGES = (
    sa.select(*COLUMNS)
    .join(Case, Case.id == Exchange.case_id)
    .where(*_ASKED_FOR, Exchange.id > sa.bindparam("after", type_=sa.Uuid()))
    .order_by(Exchange.id)
    .limit(sa.bindparam("limit", type_=sa.Integer()))
)
_ONE = (
    sa.select(*COLUMNS)
    .join(Case, Case.id == Exchange.case_id)
    .where(Case.infohus_id == _INFOHUS_ID, Exchange.id == sa.bindparam("exchange_id"))
)
_ITEMS = (
    sa.select(Disclosure.record_id, Disclosure.record_kind)
    .where(Disclosure.exchange_id == sa.bindparam("exchange_id"), _IS_ITEM)
    .distinct()
)
_RECEIPTS = (
    sa.select(Receipt.authority_id, Receipt.acknowledged_at, Receipt.manifest)
    .where(Receipt.exchange_id == sa.bindparam("exchange_id"))
    .order_by(Receipt.acknowledged_at, Receipt.authority_id)
)


def _counts() -> sa.Select[Any, Any, Any]:
    """Build the one statement of all counts: rows of (counted_by, value, exchanges)."""
    found = (
        sa.select(
            Exchange.authority_id, Exchange.paragraph, Exchange.categories, Exchange.is_late,
            _LACKS_A_RECEIPT.label("lacks"), _IS_DECLINED.label("is_declined"),
            sa.func.to_char(sa.func.timezone(DENMARK.key, Exchange.recorded_at), "YYYY-MM").label("month"),
        )
        .join(Case, Case.id == Exchange.case_id)
        .where(*_ASKED_FOR)
        .cte("found")
    )
    how_many = sa.func.count().label("exchanges")

    def by(name: str, value: sa.ColumnElement[Any]) -> sa.Select[Any, Any, Any]:
        named = sa.literal(name, _TEXT).label("counted_by")
        return sa.select(named, sa.cast(value, _TEXT).label("value"), how_many).select_from(found).group_by(value)

    each = sa.select(sa.func.unnest(found.c.categories).label("category")).subquery("each")
    flags = {"late": found.c.is_late, "unacknowledged": found.c.lacks, "declined": found.c.is_declined}
    counted = sa.union_all(
        *(by(name, found.c[column]) for name, column in (
            ("authority", "authority_id"), ("paragraph", "paragraph"), ("month", "month"),
        )),
        sa.select(sa.literal("category", _TEXT), each.c.category, sa.func.count()).group_by(each.c.category),
        *(
            sa.select(sa.literal(name, _TEXT), sa.literal("", _TEXT), sa.func.count())
            .select_from(found).where(flag)
            for name, flag in flags.items()
        ),
        sa.select(sa.literal("total", _TEXT), sa.literal("", _TEXT), sa.func.count()).select_from(found),
    ).subquery("counted")
    columns = counted.c
    return sa.select(columns.counted_by, columns.value, columns.exchanges).order_by(columns.counted_by, columns.value)


COUNTS = _counts()


class DisclosedRecord(msgspec.Struct, frozen=True):
    """A record that was disclosed: `digest` is the log's, of the values last written before the exchange.

    `None` when the entries that wrote it were emptied after their period, or stand in another authority's log.
    `written_at_index` is that entry's place.
    """

    kind: str
    id: UUID
    digest: str | None
    written_at_index: int | None


def plain_exchange(row: Stored) -> Exchange:
    """Make an exchange of its plain columns; its sealed columns are not set."""
    return Exchange(**{column.name: row[column.name] for column in PLAIN})


async def supervised_exchanges(work: UnitOfWork, **asked: object) -> Sequence[Stored]:
    """List exchanges of the infohus by id, without case content; a filter that is `None` leaves nothing out."""
    return await work.values(EXCHANGES, infohus_id=work.infohus_id, **asked)


async def counted_exchanges(work: UnitOfWork, **asked: object) -> dict[str, dict[str, int]]:
    """Count exchanges of the infohus, with the list's filters: `[counted_by][value]`; totals have the value `""`."""
    counts: dict[str, dict[str, int]] = {}
    for row in await work.values(COUNTS, infohus_id=work.infohus_id, **asked):
        counts.setdefault(row["counted_by"], {})[row["value"]] = row["exchanges"]
    return counts


async def supervised_exchange(work: UnitOfWork, exchange_id: UUID) -> Stored:
    """Find one exchange of the infohus, without case content.

    Raises:
        NotAvailable: there is none with this id in this infohus.
    """
    rows = await work.values(_ONE, infohus_id=work.infohus_id, exchange_id=exchange_id)
    if not rows:
        raise errors.NotAvailable
    return rows[0]


async def receipts_on(work: UnitOfWork, exchange_id: UUID) -> Sequence[Stored]:
    """List an exchange's receipts, oldest first: authority, time and manifest."""
    return await work.values(_RECEIPTS, exchange_id=exchange_id)


async def disclosed_records(
    work: UnitOfWork, exchange_id: UUID, *, given_outside: AbstractSet[tuple[str, UUID]]
) -> tuple[int | None, list[DisclosedRecord]]:
    """Find the index of an exchange's entry in the own log, and what it disclosed, within and outside the case.

    No record is read.

    An exchange that another authority gave has its entry in that authority's log, and no index here. The database
    searches every entry of the log for the ids: the time grows with the log.
    """
    rows = await work.values(_ITEMS, exchange_id=exchange_id)
    items = sorted({(row["record_kind"], row["record_id"]) for row in rows} | given_outside)
    ids = [exchange_id, *(record_id for _, record_id in items)]
    digests: dict[UUID, tuple[str, int]] = {}
    async for index, encoded in work.log.entries_holding([str(record_id) for record_id in ids]):
        written = _written(read(encoded))
        digests.update({row: (digest, index) for row, digest in written.items() if row in ids})
        if exchange_id in written:
            break
    _, place = digests.get(exchange_id, (None, None))
    return place, [
        DisclosedRecord(kind, record_id, *digests.get(record_id, (None, None))) for kind, record_id in items
    ]


def _written(entry: Entry | None) -> dict[UUID, str]:
    if entry is None or entry.outcome is not Outcome.ALLOWED:
        return {}
    return {row.row: row.digest for row in entry.wrote if row.row is not None and row.digest is not None}
