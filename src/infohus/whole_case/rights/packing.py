"""Make the package that is handed out: two passes over the own records, some at a time, so that it may be large.

What is gathered is held sealed outside of memory. The log has the package's digest before its first byte leaves.
"""

from collections import Counter
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

import msgspec
import sqlalchemy as sa

from infohus import errors
from infohus.cases.disclosures.model import Exchange
from infohus.cases.disclosures.told import Told, told_of
from infohus.danish.record_kinds import RECORD_KINDS
from infohus.kernel.access.keys_model import EVERYBODY, NO_PERSON
from infohus.kernel.access.model import Authority
from infohus.kernel.answers.pages import NIL
from infohus.kernel.answers.whole_answers import WholeAnswer
from infohus.kernel.authorization.action import Action
from infohus.kernel.database.tables import Record
from infohus.kernel.unit_of_work.unit import UnitOfWork
from infohus.plan.in_force import ConcernCodes, concern_codes, plan_in_force
from infohus.whole_case.rights.accessible_records import ACCESSIBLE, BY_IDS, IDS_OF_CASE
from infohus.whole_case.rights.model import THIRD_PARTIES, AccessItem, AccessKind, AccessRequest, PackageDraft
from infohus.whole_case.rights.package import Manifest, Package, PackedItem
from infohus.whole_case.rights.refusals import ItemIsRestricted, ItemsNotConsidered, WithheldUnlessReleased
from infohus.whole_case.rights.withheld import released_among, restricted_among, restricted_by_basis

_AUTHORITY = sa.select(Authority.name).where(Authority.id == sa.bindparam("authority_id"))
IDS_AT_ONCE, OPENED_AT_ONCE = 200, 20
MOST_NAMED = 20
"""So many of those that nobody considered are named by their ids."""

READING = {
    AccessKind.AGE_STATEMENT: Action.READ_SUBJECT,
    AccessKind.SCOPE_DISAGREEMENT: Action.READ_SCOPE_DECISION, AccessKind.CONTRIBUTION: Action.READ_ASSESSMENT,
    AccessKind.FOLLOW_UP: Action.READ_MEASURE, AccessKind.CHILD_NOTIFICATION_STEP: Action.READ_CHILD_NOTIFICATION,
    **{kind: Action[f"READ_{kind.name}"] for kind in AccessKind if f"READ_{kind.name}" in Action.__members__},
}
"""The action that reads a record of each kind, under which a package opens it."""


async def make_package(work: UnitOfWork, request: AccessRequest, draft: PackageDraft) -> WholeAnswer:
    """Pack the included records of the caller's authority; the request is answered by it (rules 66, 67).

    Raises:
        NotAvailable: an item is no record of the authority's own.
        WithheldUnlessReleased: a reporter, or another person of the case, is included and was not released.
        ItemIsRestricted: an included item has a standing restriction, or is an exchange that told nothing else.
        ItemsNotConsidered: some items are neither included, restricted nor withheld; it names them.
    """
    chosen = frozenset(draft.include)
    persons = await _persons_of(work, request)
    await _require_all_considered(work, request, chosen, persons)
    package, handed_out = Package(), 0
    plan = await plan_in_force(work)
    async for item in _opened(work, chosen, concern_codes(None if plan is None else plan.document)):
        package.add(item)
        handed_out += 1
    [named] = await work.values(_AUTHORITY, authority_id=work.caller.authority_id)
    manifest = Manifest(
        case_number=work.case.number, authority=work.caller.authority_id, authority_name=named["name"],
        regime=work.regime, request_id=request.id, received_on=request.received_on, made_at=work.now,
        handed_out=handed_out, restricted=dict(await restricted_by_basis(work, persons)),
    )
    answer = WholeAnswer.of(partial(package.packed, manifest))
    work.audit_draft.justification = f"sha256:{answer.digest}"
    if request.answered_at is None:
        work.change(request, answered_at=work.now)
    return answer


@dataclass
class _Considered:
    """What became of the own records: how many are included, which of those may not be, and how many nobody saw."""

    included: int = 0
    withheld: bool = False
    restricted: bool = False
    not_considered: Counter[str] = field(default_factory=Counter)
    first: list[str] = field(default_factory=list)

    def note(self, kind: str, record_id: UUID) -> None:
        """Count one that nobody considered; the first are named."""
        self.not_considered[kind] += 1
        if len(self.first) < MOST_NAMED:
            self.first.append(f"{kind} {record_id}")


async def _require_all_considered(
    work: UnitOfWork, request: AccessRequest, chosen: Collection[AccessItem], persons: Sequence[UUID]
) -> None:
    seen = _Considered()
    for kind in AccessKind:
        async for is_about in _own_ids(work, kind, persons):
            ids = list(is_about)
            restricted = await restricted_among(work, ids)
            exempt = {request.subject_id} if kind is AccessKind.SUBJECT else set()
            withheld = set(ids) - exempt - await released_among(work, ids) if kind in THIRD_PARTIES else set()
            for record_id in ids:
                if AccessItem(kind, record_id) in chosen:
                    seen.included += 1
                    seen.withheld |= record_id in withheld
                    seen.restricted |= record_id in restricted
                elif is_about[record_id] and record_id not in restricted and record_id not in withheld:
                    seen.note(RECORD_KINDS[kind], record_id)
    if seen.included < len(chosen):
        raise errors.NotAvailable(field="include")
    if seen.withheld:
        raise WithheldUnlessReleased
    if seen.restricted:
        raise ItemIsRestricted
    if left := seen.not_considered:
        raise ItemsNotConsidered(
            items=", ".join(f"{kind}: {n}" for kind, n in sorted(left.items())), first=", ".join(seen.first)
        )


async def _persons_of(work: UnitOfWork, request: AccessRequest) -> list[UUID]:
    """Give whom the records of a package concern: who asks, and everybody; where nobody is named, nobody as well."""
    asked_on = await work.whom(request)
    return [*asked_on, EVERYBODY, *(() if asked_on - {EVERYBODY} else (NO_PERSON,))]


async def _own_ids(
    work: UnitOfWork, kind: AccessKind, persons: Sequence[UUID]
) -> AsyncIterator[dict[UUID, bool]]:
    """Give ids some at a time, each with whether it is about these persons: of those withheld all are listed."""
    after, may_be_more = NIL, True
    while may_be_more:
        rows = await work.values(
            IDS_OF_CASE[kind], case_id=work.case.id, authority_id=work.caller.authority_id, after=after,
            limit=IDS_AT_ONCE, persons=persons,
        )
        if rows:
            after = rows[-1]["id"]
            yield {row["id"]: row["is_about"] for row in rows}
        may_be_more = len(rows) == IDS_AT_ONCE


async def _opened(
    work: UnitOfWork, chosen: Collection[AccessItem], codes: ConcernCodes
) -> AsyncIterator[PackedItem]:
    """Open the records of each kind, in the order of their ids, some at a time; they are numbered in that order."""
    numbers = {item.id: at for at, item in enumerate(sorted(chosen, key=lambda item: (item.kind, item.id)), start=1)}
    for kind in sorted(AccessKind):
        of_kind = sorted(item.id for item in chosen if item.kind is kind)
        for start in range(0, len(of_kind), OPENED_AT_ONCE):
            records = await work.rows(
                ACCESSIBLE[kind], BY_IDS[kind], case_id=work.case.id, authority_id=work.caller.authority_id,
                ids=of_kind[start : start + OPENED_AT_ONCE],
            )
            texts = await work.open(*records, reading=READING[kind])
            items = [PackedItem.of(kind, record, texts[record.id], codes=codes) for record in records]
            restricted = await restricted_among(work, sorted(set[UUID]().union(*(item.named() for item in items))))
            told = await told_of(work, *records)
            for record, item in zip(records, items, strict=True):
                yield _marked(item.without(restricted), record, told.get(record.id), numbers)
            work.forget(*records)


def _marked(item: PackedItem, record: Record, told: Told | None, numbers: Mapping[UUID, int]) -> PackedItem:
    """Say of a record what corrected it, where that is in the package: what is withheld shows nowhere."""
    corrected_by = None if told is None or told.corrected_by is None else numbers.get(told.corrected_by)
    wrong = record.corrects_id if isinstance(record, Exchange) else None
    corrects = None if wrong is None else numbers.get(wrong)
    return msgspec.structs.replace(item, number=numbers[record.id], corrected_by=corrected_by, corrects=corrects)
