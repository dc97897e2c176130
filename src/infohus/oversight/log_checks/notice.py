"""The notice that use is logged: its text, who has read it, and who has not."""

from datetime import datetime
from uuid import UUID

import msgspec
import sqlalchemy as sa
from dateutil.relativedelta import relativedelta

from infohus.danish_calendar import danish_day, start_of_day
from infohus.kernel.answers.pages import page_of
from infohus.kernel.unit_of_work.unit import UnitOfWork
from infohus.oversight.log_checks.model import LogNoticeReceipt

VERSION = 2
TEXT = (
    "Alt, hvad du gør i infohus, bliver logget: hvem, hvornår, hvilken sag og hvorfor. Også forsøg, der afvises, "
    "og opslag i loggen selv.\n\n"
    "En post i loggen kan ikke rettes, flyttes eller fjernes, uden at det kan opdages: vidner uden for systemet "
    "husker, hvad der stod. Mindst hvert halve år trækkes der lod om, hvilke opslag en anden ser på. Også opslag, "
    "der stikker ud, ses efter: i en sag om nogen med samme efternavn som dit, uden for arbejdstid, i afsluttede "
    "sager, usædvanligt mange på en dag, eller forsøg på noget, der ikke var videregivet. Dit navn åbnes for at "
    "sammenligne efternavne.\n\n"
    "Åbn kun det, din opgave kræver. Slå aldrig dig selv, din familie, kolleger eller naboer op. Finder nogen "
    "noget, bliver du spurgt, før der sker mere. Den, en sag handler om, kan få at vide, hvornår og til hvilke "
    "formål oplysningerne er brugt, men ikke hvem der gjorde det."
)
"""The notice. With a new text comes a new `VERSION`, which everybody must acknowledge anew."""
WHO_ACTED_WITHIN = relativedelta(months=6)

_OWN_RECEIPT = sa.select(LogNoticeReceipt).where(
    LogNoticeReceipt.authority_id == sa.bindparam("authority_id"),
    LogNoticeReceipt.person_id == sa.bindparam("person_id"),
    LogNoticeReceipt.notice_version == sa.bindparam("version"),
)
_READERS = (
    sa.select(LogNoticeReceipt)
    .where(
        LogNoticeReceipt.authority_id == sa.bindparam("authority_id"),
        LogNoticeReceipt.notice_version == sa.bindparam("version"),
        LogNoticeReceipt.person_id > sa.bindparam("after", type_=sa.Uuid),
    )
    .order_by(LogNoticeReceipt.person_id)
    .limit(sa.bindparam("limit", type_=sa.Integer))
)
_READ_BY = sa.select(LogNoticeReceipt.person_id).where(
    LogNoticeReceipt.authority_id == sa.bindparam("authority_id"),
    LogNoticeReceipt.notice_version == sa.bindparam("version"),
    LogNoticeReceipt.person_id == sa.func.any(sa.bindparam("person_ids", type_=sa.ARRAY(sa.Uuid))),
)


class LogNotice(msgspec.Struct, frozen=True):
    """The notice, and when the caller said that it is read."""

    version: int
    text: str
    acknowledged_at: datetime | None


class NoticeReader(msgspec.Struct, frozen=True):
    """Somebody who has read it."""

    person: UUID
    authority: str
    acknowledged_at: datetime


class NoticeState(msgspec.Struct, frozen=True):
    """Who has read the notice in its newest version, and who acted in the last half year and has not.

    `acknowledged` is a page; `next` is what to pass as `after`, `null` is the end. `missing` is whole on each page.
    """

    version: int
    acknowledged: list[NoticeReader]
    next: UUID | None
    missing: list[UUID]


async def notice(work: UnitOfWork) -> LogNotice:
    """Give the notice, and when the caller acknowledged it."""
    receipt = await _own_receipt(work)
    return LogNotice(VERSION, TEXT, receipt.acknowledged_at if receipt else None)


async def acknowledge(work: UnitOfWork) -> LogNotice:
    """Record that the caller has read the notice; a second time changes nothing."""
    receipt = await _own_receipt(work) or work.add(LogNoticeReceipt(
        authority_id=work.caller.authority_id, person_id=work.caller.person_id, notice_version=VERSION,
        acknowledged_at=work.now,
    ))
    return LogNotice(VERSION, TEXT, receipt.acknowledged_at)


async def who_has_read(work: UnitOfWork, *, after: UUID, limit: int) -> NoticeState:
    """List who has acknowledged the notice, and who acted in the last half year and has not.

    Reads every entry of that half year, some thousand at a time; what is kept are the ids of who acted.
    """
    asked = {"authority_id": work.caller.authority_id, "version": VERSION}
    read = await work.rows(LogNoticeReceipt, _READERS, **asked, after=after, limit=limit + 1)
    page = page_of(
        [NoticeReader(receipt.person_id, receipt.authority_id, receipt.acknowledged_at) for receipt in read],
        [receipt.person_id for receipt in read], limit=limit,
    )
    since, acted = start_of_day(danish_day(work.now) - WHO_ACTED_WITHIN), set[UUID]()
    size = (await work.log.head()).size
    start = await work.log.first_since(since, size=size)
    async for chunk in work.log.entries(start=start, stop=size):
        acted.update(entry.caller for _, entry in chunk if entry.caller is not None)
    known = {row["person_id"] for row in await work.values(_READ_BY, **asked, person_ids=sorted(acted))}
    return NoticeState(VERSION, page.items, page.next, sorted(acted - known))


async def _own_receipt(work: UnitOfWork) -> LogNoticeReceipt | None:
    return await work.row(
        LogNoticeReceipt, _OWN_RECEIPT, authority_id=work.caller.authority_id, person_id=work.caller.person_id,
        version=VERSION,
    )
