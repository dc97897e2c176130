"""Log that a report is asked for, and make the report from the log up to that entry."""

import base64
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias
from uuid import UUID

import sqlalchemy as sa

from infohus import errors
from infohus.cases.persons.cpr_numbers import read_cpr_number
from infohus.cases.persons.model import Subject
from infohus.cases.procedure.purposes import OF_REPORT
from infohus.kernel.access.model import Authority, Case
from infohus.kernel.audit.formats.entry import Entry, read
from infohus.kernel.audit.signing.pooled_signer import PooledSigner
from infohus.kernel.audit.signing.signer import SignedHead
from infohus.kernel.audit.storage.checkpoint_store import StateNotReadable
from infohus.kernel.audit.verification.consistency import LogNotAsSigned
from infohus.kernel.unit_of_work.unit import UnitOfWork
from infohus.whole_case.log_reports.letter import letter
from infohus.whole_case.log_reports.model import (
    ORDERED,
    LogReportDraft,
    ReportLine,
    SubjectLogReport,
    is_closing,
    is_on,
    line_from,
    tally_on,
)
from infohus.whole_case.log_reports.refusals import ReportNotOnOnePerson
from infohus.whole_case.rights.model import Restriction

AT_ONCE = 500
_Use: TypeAlias = tuple[int, bytes, Entry]
"""An entry with its place in the log, 0-based, and its bytes."""

_AUTHORITY = sa.select(Authority.name).where(Authority.id == sa.bindparam("authority_id"))
_SUBJECT = (
    sa.select(Subject.id, Subject.case_id, Subject.cpr_index)
    .join_from(Subject, Case, Case.id == Subject.case_id)
    .where(Subject.id == sa.bindparam("subject_id"), Case.infohus_id == sa.bindparam("infohus_id"))
)
_BY_NUMBER = sa.select(
    sa.func.infohus.own_persons_by_cpr(
        sa.bindparam("infohus_id", type_=sa.Uuid), sa.bindparam("cpr_index", type_=sa.LargeBinary)
    ).label("log_id")
)
"""Finds how the caller's authority knows the bearer of a number, in every case of the infohus."""
_STANDING_RESTRICTIONS = sa.select(Restriction.record_id, Restriction.basis).where(
    Restriction.record_id == sa.func.any(sa.bindparam("record_ids", type_=sa.ARRAY(sa.Uuid))),
    Restriction.authority_id == sa.bindparam("authority_id"), Restriction.lifted_at.is_(None),
)


async def ask_for_report(work: UnitOfWork, draft: LogReportDraft) -> list[str]:
    """Log that a person's report is asked for; give the log ids by which the authority's log knows the person.

    Each of the authority's records of a person has a log id of its own, so there may be several, or none.

    Raises:
        ReportNotOnOnePerson: both a CPR number and a record are named, or neither.
        CprNumberNotPossible: nobody has this number.
        NotAvailable: the record is unknown, or in a case the caller takes no part in.
    """
    if (draft.cpr_number is None) == (draft.subject is None):
        raise ReportNotOnOnePerson
    persons: list[str] = []
    if draft.cpr_number is not None:
        index: bytes | None = work.lookup_index("cpr", read_cpr_number(draft.cpr_number).digits)
    else:
        subjects = await work.values(_SUBJECT, subject_id=draft.subject, infohus_id=work.infohus_id)
        if not subjects:
            raise errors.NotAvailable
        index = subjects[0]["cpr_index"]
        persons += (await work.side.meet([(subjects[0]["case_id"], subjects[0]["id"])])).values()
    if index is not None:
        known = await work.values(_BY_NUMBER, infohus_id=work.infohus_id, cpr_index=index)
        work.audit_draft.persons.extend(row["log_id"] for row in known)
        persons += [row["log_id"] for row in known]
    work.audit_draft.state_purpose(OF_REPORT, ORDERED)
    work.audit_draft.justification = work.audit_draft.asked.purpose  # which of the four the log is read for (rule 104)
    return list(dict.fromkeys(persons))


async def reports_on(work: UnitOfWork, signer: PooledSigner, persons: Sequence[str]) -> list[SubjectLogReport]:
    """List how the caller's authority used a person's data, up to the entry of the caller's newest request.

    One report for each log id. The database searches every entry of the log for them: the time grows with the log.

    Raises:
        LogUnavailable: the log is not the one that was signed before.
        NotAvailable: the log has no such request of the caller.
    """
    work.audit_draft.persons.extend(persons)
    work.audit_draft.state_purpose(OF_REPORT, "subject_access_report")
    work.audit_draft.justification = work.audit_draft.asked.purpose  # which of the four the log is read for (rule 104)
    if not persons:
        return []
    try:
        head = await signer.sign(work.log.log_id)
    except (LogNotAsSigned, StateNotReadable) as refused:
        raise errors.LogUnavailable from refused
    names = await work.values(_AUTHORITY, authority_id=work.caller.authority_id)
    gathered = [_Gathered(person, work.caller.authority_id, work.caller.person_id) for person in persons]
    async for some in _in_batches(work.log.entries_holding([f'"{person}"' for person in persons])):
        withheld = await _restricted(work, {entry.subject for _, _, entry in some if entry.subject is not None})
        for use in some:
            for one in gathered:
                one.take(use, withheld)
    used = [index for one in gathered for index in one.between]
    work.audit_draft.read_entries = [(min(used), max(used))] if used else []
    return [await _report_on(work, head, one, authority=names[0]["name"]) for one in gathered]


@dataclass
class _Gathered:
    """The lines of a person's report so far, and the newest request of the caller that closes one."""

    person: str
    authority: str
    caller: UUID
    lines: list[ReportLine] = field(default_factory=list)
    between: tuple[int, ...] = ()
    """The places in the log of the first and the last entry that were used."""
    first: tuple[int, str] | None = None
    """Number and chain of the first entry that counts the person."""
    closing: tuple[_Use, int, tuple[int, str]] | None = None
    """The request, how many lines are before it, and the number and chain that the report begins with."""

    def take(self, use: _Use, withheld: Mapping[UUID, str]) -> None:
        """Take the next entry that holds the person's log id."""
        index, encoded, entry = use
        if not is_on(entry, self.person, self.authority):
            return
        self.between = (*self.between[:1], index)
        tally = tally_on(entry, self.person)
        if is_closing(entry, self.person, self.authority) and entry.caller == self.caller:
            self.closing = use, len(self.lines), self.first or tally
        if self.first is None and tally[0]:
            self.first = tally
        restricted = withheld.get(entry.subject) if entry.subject is not None else None
        self.lines.append(line_from(entry, encoded, self.person, withheld=restricted))


async def _in_batches(holding: AsyncIterator[tuple[int, bytes]]) -> AsyncIterator[list[_Use]]:
    """Read the entries, some hundred at a time; what is no entry is left out."""
    some: list[_Use] = []
    async for index, encoded in holding:
        if (entry := read(encoded)) is not None:
            some.append((index, encoded, entry))
        if len(some) == AT_ONCE:
            yield some
            some = []
    yield some


async def _report_on(work: UnitOfWork, head: SignedHead, gathered: _Gathered, *, authority: str) -> SubjectLogReport:
    if gathered.closing is None:
        raise errors.NotAvailable
    (index, closing, entry), before, (first, chain) = gathered.closing
    lines = gathered.lines[:before]
    return SubjectLogReport(
        authority=gathered.authority, log=head.checkpoint.origin, person=gathered.person, made_at=entry.at,
        emptied=first - 1, chain=chain, lines=lines, entry=base64.b64encode(closing).decode(),
        proof=await work.log.prove(index, head.note),
        letter=letter(authority, made_at=entry.at, lines=lines, emptied=first - 1, log_id=gathered.person),
    )


async def _restricted(work: UnitOfWork, records: set[UUID]) -> dict[UUID, str]:
    rows = await work.values(
        _STANDING_RESTRICTIONS, record_ids=sorted(records), authority_id=work.caller.authority_id
    )
    return {row["record_id"]: row["basis"] for row in rows}
