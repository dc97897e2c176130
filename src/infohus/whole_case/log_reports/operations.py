"""Log that a report is asked for, and make the report from the log up to that entry."""

import base64
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from infohus import errors
from infohus.cases.persons.cpr_numbers import read_identifying_number
from infohus.cases.persons.model import Subject
from infohus.cases.procedure.purposes import OF_REPORT
from infohus.kernel.access.model import Authority, Case
from infohus.kernel.audit.formats.entry import Entry, read
from infohus.kernel.audit.formats.letters import LETTER
from infohus.kernel.audit.signing.pooled_signer import PooledSigner
from infohus.kernel.audit.signing.signer import SignedHead
from infohus.kernel.audit.storage.checkpoint_store import StateNotReadable
from infohus.kernel.audit.verification.consistency import LogNotAsSigned
from infohus.kernel.database.statements import AnySelect
from infohus.kernel.sealing.spool import SealedLines
from infohus.kernel.unit_of_work.unit import LogReader, UnitOfWork
from infohus.whole_case.log_reports.model import (
    GIVEN_OUT,
    ORDERED,
    LeftOut,
    LogReportDraft,
    ReportLine,
    asks,
    is_on,
    line_from,
    naming_restricted,
)
from infohus.whole_case.log_reports.refusals import ReportNotOnOnePerson
from infohus.whole_case.log_reports.written import SealedReport, WrittenReport
from infohus.whole_case.rights.withheld_entries import is_withheld, restricted_in

AT_ONCE = 500

_AUTHORITY = sa.select(Authority.name).where(Authority.id == sa.bindparam("authority_id"))
_SUBJECT = (
    sa.select(Subject.id, Subject.case_id)
    .join_from(Subject, Case, Case.id == Subject.case_id)
    .where(Subject.id == sa.bindparam("subject_id"), Case.infohus_id == sa.bindparam("infohus_id"))
)
_INFOHUS_ID = sa.bindparam("infohus_id", type_=sa.Uuid)


def _log_ids_by(function: sa.Function[Any]) -> AnySelect:
    known = function.table_valued("log_id", with_ordinality="place", name="known").render_derived()
    return sa.select(known.c.log_id).order_by(known.c.place)


_BY_NUMBER = _log_ids_by(
    sa.func.infohus.own_persons_by_cpr(_INFOHUS_ID, sa.bindparam("cpr_index", type_=sa.LargeBinary))
)
"""Finds how the caller's authority knows the bearer of a number, in every case of the infohus."""
_BY_RECORD = _log_ids_by(
    sa.func.infohus.own_persons_by_record(_INFOHUS_ID, sa.bindparam("subject_id", type_=sa.Uuid))
)
"""Finds how it knows the person of a record, and whoever bears the same number, also once that was withdrawn."""


async def ask_for_report(work: UnitOfWork, draft: LogReportDraft) -> list[str]:
    """Log that a person's report is asked for; give the log ids by which the authority's log knows the person.

    Each of the authority's records of a person has a log id of its own, so there may be several, or none.

    Raises:
        ReportNotOnOnePerson: both a CPR number and a record are named, or neither.
        CprNumberNotPossible: nobody has this number.
        CprNumberIdentifiesNobody: it is a replacement number (rule 74).
        NotAvailable: the record is unknown to the own side, or in a case the caller takes no part in.
    """
    if (draft.cpr_number is None) == (draft.subject is None):
        raise ReportNotOnOnePerson
    if draft.cpr_number is not None:
        index: bytes = work.lookup_index("cpr", read_identifying_number(draft.cpr_number).digits)
        known = await work.values(_BY_NUMBER, infohus_id=work.infohus_id, cpr_index=index)
    else:
        told = await work.values(_SUBJECT, subject_id=draft.subject, infohus_id=work.infohus_id)
        await work.side.meet([(row["case_id"], row["id"]) for row in told])
        known = await work.values(_BY_RECORD, infohus_id=work.infohus_id, subject_id=draft.subject)
        if not known:
            raise errors.NotAvailable(field="subject")
    persons = list(dict.fromkeys(row["log_id"] for row in known))
    work.audit_draft.persons.extend(persons)
    work.audit_draft.state_purpose(OF_REPORT, ORDERED)
    work.audit_draft.justification = work.audit_draft.asked.purpose  # which of the four the log is read for (rule 104)
    return persons


async def reports_on(work: UnitOfWork, signer: PooledSigner, persons: Sequence[str]) -> list[WrittenReport]:
    """List how the caller's authority used a person's data, up to the entry of the newest request; `seal` ends them.

    One report for each log id. The database searches every entry of the log for them: the time grows with the log.

    Raises:
        LogUnavailable: the log is not the one that was signed before.
        NotAvailable: the log has no such request.
    """
    work.audit_draft.persons.extend(persons)
    work.audit_draft.state_purpose(OF_REPORT, GIVEN_OUT)
    work.audit_draft.justification = work.audit_draft.asked.purpose  # which of the four the log is read for (rule 104)
    if not persons:
        return []
    head = await _signed(signer, work.log)
    name = (await work.values(_AUTHORITY, authority_id=work.caller.authority_id))[0]["name"]
    gathered = [_Gathered(person, work.caller.authority_id) for person in persons]
    async for some in _in_batches(work.log.entries_holding([f'"{person}"' for person in persons])):
        restricted = await restricted_in(work, (entry for _, entry in some))
        for index, entry in some:
            for one in gathered:
                one.take(index, entry, restricted)
    used = [index for one in gathered for index in one.between]
    work.audit_draft.read_entries = [(min(used), max(used))] if used else []
    reports = [_report_on(one, authority=name, origin=head.checkpoint.origin) for one in gathered]
    left_out = [one.left_out_until_asked for one in gathered]
    work.audit_draft.justification = naming_restricted(work.audit_draft.asked.purpose, left_out)
    work.audit_draft.letters.extend(report.digest() for report in reports)
    return reports


@dataclass
class _Gathered:
    """The lines of a person's report so far, a digest of what was left out, and the newest request of one."""

    person: str
    authority: str
    lines: SealedLines[ReportLine] = field(default_factory=lambda: SealedLines(ReportLine))
    between: tuple[int, ...] = ()
    """The places in the log of the first and the last entry that were used."""
    left_out: LeftOut = field(init=False)
    asked: tuple[datetime, int] | None = None
    """When it was asked for, and how many lines there are with that."""
    left_out_until_asked: str | None = None
    """The digest of what the lines until then leave out."""

    def __post_init__(self) -> None:
        """Begin with nothing left out."""
        self.left_out = LeftOut(self.person)

    def take(self, index: int, entry: Entry, restricted: set[UUID]) -> None:
        """Take the next entry that holds the person's log id."""
        if not is_on(entry, self.person, self.authority):
            return
        self.between = (*self.between[:1], index)
        if is_withheld(entry, restricted):
            self.left_out.add(entry)
            return
        self.lines.add(line_from(entry))
        if asks(entry, self.person, self.authority):
            self.asked, self.left_out_until_asked = (entry.at, self.lines.count), self.left_out.digest


async def _in_batches(holding: AsyncIterator[tuple[int, bytes]]) -> AsyncIterator[list[tuple[int, Entry]]]:
    """Read the entries, some hundred at a time; what is no entry is left out."""
    some: list[tuple[int, Entry]] = []
    async for index, encoded in holding:
        if (entry := read(encoded)) is not None:
            some.append((index, entry))
        if len(some) == AT_ONCE:
            yield some
            some = []
    yield some


def _report_on(gathered: _Gathered, *, authority: str, origin: str) -> WrittenReport:
    if gathered.asked is None:
        raise errors.NotAvailable
    made_at, count = gathered.asked
    return WrittenReport(
        authority=gathered.authority, name=authority, log=origin, person=gathered.person, made_at=made_at,
        lines=gathered.lines, count=count,
    )


async def seal(
    reports: Sequence[WrittenReport], log: LogReader, signer: PooledSigner, *, since: int
) -> list[SealedReport]:
    """Add to each report the entry that seals it, at index `since` or later, with its proof.

    Raises:
        LogUnavailable: the log is not the one that was signed before, or has no such entry.
    """
    if not reports:
        return []
    head = await _signed(signer, log)
    digests = [report.digest() for report in reports]
    sealing: dict[str, int] = {}
    async for entries in log.entries(start=since, stop=head.checkpoint.size):
        for index, entry in entries:
            if entry.subject_kind == LETTER and entry.justification in digests:
                sealing[entry.justification] = index
    return [
        await _sealed(report, log, head, sealing.get(digest))
        for report, digest in zip(reports, digests, strict=True)
    ]


async def _sealed(report: WrittenReport, log: LogReader, head: SignedHead, index: int | None) -> SealedReport:
    if index is None or (entry := await log.entry_at(index)) is None:
        raise errors.LogUnavailable
    return SealedReport(report, base64.b64encode(entry).decode(), await log.prove(index, head.note))


async def _signed(signer: PooledSigner, log: LogReader) -> SignedHead:
    try:
        return await signer.sign(log.log_id)
    except (LogNotAsSigned, StateNotReadable) as refused:
        raise errors.LogUnavailable from refused
