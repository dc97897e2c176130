"""Ask for the content of one record, with a reason, and read it (rule 90)."""

from uuid import UUID

import msgspec
import sqlalchemy as sa

from infohus.cases.persons.cpr_numbers import read_cpr_number
from infohus.cases.procedure.purposes import LogReadingPurpose
from infohus.kernel.authorization.action import Action
from infohus.kernel.database.tables import Record, new_id
from infohus.kernel.requests.words import Reason
from infohus.kernel.unit_of_work.unit import UnitOfWork
from infohus.oversight.content_requests.model import OPEN_FOR, ContentKind, ContentRequest
from infohus.oversight.content_requests.refusals import ContentAskedForAnotherPurpose
from infohus.whole_case.shown_facts import shown_texts

ONE = sa.select(ContentRequest).where(ContentRequest.id == sa.bindparam("id"))
LISTED = (
    sa.select(ContentRequest)
    .where(
        ContentRequest.infohus_id == sa.bindparam("infohus_id"),
        ContentRequest.id > sa.bindparam("after", type_=sa.Uuid),
    )
    .order_by(ContentRequest.id)
    .limit(sa.bindparam("limit", type_=sa.Integer))
)
"""Lists requests of an infohus; row security leaves those of the caller's authority."""
_CPR_NUMBER = "cpr_number"
_STATED = sa.select(ContentRequest.purpose).where(
    ContentRequest.record_id == sa.bindparam("record_id"), ContentRequest.record_kind == sa.bindparam("kind"),
    ContentRequest.requested_by == sa.bindparam("asked_by"), ContentRequest.ends_at > sa.bindparam("now"),
)
_ON_PETS_TRACK = sa.select(
    sa.func.infohus.is_attempt_on_pets_track(
        sa.bindparam("ids", type_=sa.ARRAY(sa.Uuid)), sa.bindparam("asking", [], type_=sa.ARRAY(sa.Text))
    ).label("is_so")
)


class ContentRequestDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which record's content is asked for, and why."""

    kind: ContentKind
    record_id: UUID
    reason: Reason


async def request_content(work: UnitOfWork, draft: ContentRequestDraft) -> ContentRequest:
    """Record a request; whether there is such a record is seen by who reads it. The entry names what was asked for."""
    work.audit_draft.justification = f"{draft.kind.value}:{draft.record_id}"
    await stand_on_its_track(work, draft.record_id)
    asked = ContentRequest(
        id=new_id(), infohus_id=work.infohus_id, authority_id=work.caller.authority_id, record_kind=draft.kind,
        record_id=draft.record_id, purpose=LogReadingPurpose(work.audit_draft.purpose), requested_at=work.now,
        requested_by=work.caller.person_id, ends_at=work.now + OPEN_FOR,
    )
    work.seal_for_supervision(asked, reason=draft.reason)
    return work.add(asked)


async def stand_on_its_track(work: UnitOfWork, *ids: UUID | None) -> None:
    """Let the act's entry stand on PET's track where what it is about does, or belongs to an exchange that does."""
    rows = await work.values(_ON_PETS_TRACK, ids=[one for one in ids if one is not None])
    work.audit_draft.is_for_pet = work.audit_draft.is_for_pet or bool(rows[0]["is_so"])


async def require_stated_purpose(work: UnitOfWork, kind: ContentKind, record_id: UUID) -> None:
    """Hold the reading to a purpose that the caller's standing requests for the record state (rule 104).

    Raises:
        ContentAskedForAnotherPurpose: it was asked for, but for another one.
    """
    rows = await work.values(_STATED, record_id=record_id, kind=kind, asked_by=work.caller.person_id, now=work.now)
    if work.audit_draft.purpose not in {row["purpose"] for row in rows}:
        raise ContentAskedForAnotherPurpose


async def texts_of(work: UnitOfWork, record: Record) -> dict[str, str]:
    """Open a record's texts, without salts; a CPR number is masked (rule 53).

    Raises:
        NotAvailable: the request has ended, or no exchange gives the caller's authority a key.
    """
    texts = (await work.open(record, reading=Action.OPEN_ON_REQUEST))[record.id]
    if _CPR_NUMBER in texts:
        texts[_CPR_NUMBER] = read_cpr_number(texts[_CPR_NUMBER]).masked
    return shown_texts(record, texts)
