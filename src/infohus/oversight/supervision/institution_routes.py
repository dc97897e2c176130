"""The routes of the log of an institution without a DPO of its own: its entries, whether it is whole, and a proof.

An entry is named by its place among those that are shown. The log's size, root and places are in no answer: they would
tell how much was done for the other authority (rule 44). So whether the log is whole, and an entry in it, is checked
here, and the caller's own log keeps what was found.
"""

from collections.abc import Sequence
from typing import Annotated

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.params import PathParameter, QueryParameter

from infohus import errors
from infohus.kernel.answers.pages import Limit
from infohus.kernel.audit.formats.entry import Entry, Track, ranges_of
from infohus.kernel.audit.formats.merkle import ProofDoesNotHold, leaf_hash
from infohus.kernel.audit.signing.pooled_signer import PooledSigner
from infohus.kernel.audit.signing.signer import SignedHead
from infohus.kernel.audit.storage.checkpoint_store import StateNotReadable
from infohus.kernel.audit.storage.log import log_of
from infohus.kernel.audit.verification.consistency import LogNotAsSigned
from infohus.kernel.authorization.action import Action
from infohus.kernel.unit_of_work.begin import RequestScope
from infohus.kernel.unit_of_work.unit import UnitOfWork
from infohus.oversight.institution_logs.shown import Shown, require_checked, shown
from infohus.oversight.supervision.entry_pages import EntryPage
from infohus.oversight.supervision.operations import NumberedEntry

AfterPlace = Annotated[int, QueryParameter(ge=-1, le=2**53)]
ShownPlace = Annotated[
    int, PathParameter(ge=0, le=2**53, description="The entry's place among those that are shown, 0-based.")
]
Institution = Annotated[str, PathParameter(pattern="^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]


class InstitutionLogState(msgspec.Struct, frozen=True, kw_only=True):
    """Whether every row and count of the log bears out what was signed, and who cosigned its head; `need` must."""

    authority: str
    is_whole: bool
    cosigned_by: list[str]
    need: int


class InstitutionProof(msgspec.Struct, frozen=True, kw_only=True):
    """An entry was found in the log whose head is signed, and cosigned by these; `need` must.

    `leaf_hash` (hexadecimal) stands in the caller's own log, too, with the institution: whoever may see the whole log
    then proves by `infohus audit prove` that it held this entry.
    """

    place: int
    entry: Entry | None
    leaf_hash: str
    cosigned_by: list[str]
    need: int


@get("/institutions/{authority_id:str}/log-entries", operation_id="ListInstitutionLogEntries")
async def entries(
    authority_id: Institution, log_scope: NamedDependency[RequestScope], after: AfterPlace = -1, limit: Limit = 50
) -> EntryPage:
    """List entries of an institution without a DPO of its own, of those whom the caller's authority drew in.

    Of each is said when who did what with which outcome and purpose; its other fields are empty (rule 44).
    """
    async with log_scope.begin(Action.LIST_INSTITUTION_LOG_ENTRIES) as work:
        await require_checked(work, authority_id)
        found = await shown(work, authority_id, after=after, limit=limit + 1)
        numbered = [NumberedEntry(one.place, entry := one.entry, entry is None) for one in found[:limit]]
        await _note(work, authority_id, found[:limit])
        return EntryPage(numbered, numbered[-1].index if len(found) > limit else None)


@get("/institutions/{authority_id:str}/log-verification", operation_id="VerifyInstitutionLog")
async def state(
    authority_id: Institution, log_scope: NamedDependency[RequestScope], signer: NamedDependency[PooledSigner]
) -> InstitutionLogState:
    """Verify every row and count of an institution's log, and sign its present head; it says no more than whether."""
    async with log_scope.begin(Action.VERIFY_INSTITUTION_LOG) as work:
        await require_checked(work, authority_id)
        await _note(work, authority_id, [])
        cosigned_by, is_whole = list[str](), not await signer.faults_of(log_of(authority_id))
        if is_whole:
            try:
                cosigned_by = list((await signer.sign(log_of(authority_id))).cosigned_by)
            except (LogNotAsSigned, StateNotReadable):
                is_whole = False
        return InstitutionLogState(
            authority=authority_id, is_whole=is_whole, cosigned_by=cosigned_by, need=signer.need
        )


@get("/institutions/{authority_id:str}/log-proofs/{leaf_index:int}", operation_id="ProveInstitutionLogEntry")
async def proof(
    authority_id: Institution, leaf_index: ShownPlace, log_scope: NamedDependency[RequestScope],
    signer: NamedDependency[PooledSigner],
) -> InstitutionProof:
    """Prove that an entry that is shown stands in the signed log, and keep its hash in the own one."""
    async with log_scope.begin(Action.PROVE_INSTITUTION_LOG_ENTRY) as work:
        await require_checked(work, authority_id)
        found = await shown(work, authority_id, after=leaf_index - 1, limit=1)
        if not found:
            raise errors.NotAvailable
        head, hashed = await _proved(signer, authority_id, found[0])
        await _note(work, authority_id, found, hashed)
        return InstitutionProof(
            place=leaf_index, entry=found[0].entry, leaf_hash=hashed.hex(), cosigned_by=list(head.cosigned_by),
            need=signer.need,
        )


async def _proved(signer: PooledSigner, authority_id: str, entry: Shown) -> tuple[SignedHead, bytes]:
    hashed = leaf_hash(entry.encoded)
    try:
        return await signer.require_in_log(log_of(authority_id), entry.in_log, hashed), hashed
    except (LogNotAsSigned, StateNotReadable, ProofDoesNotHold) as refused:
        raise errors.LogUnavailable from refused


async def _note(work: UnitOfWork, authority_id: str, found: Sequence[Shown], hashed: bytes | None = None) -> None:
    """Say in the unit's entry whose log was read, which entries, and whom of the own side's cases they are about."""
    proved = "" if hashed is None else f" {hashed.hex()}"
    work.audit_draft.justification = f"log-of:{authority_id}{proved}"
    work.audit_draft.read_entries = ranges_of(one.place for one in found)
    read = [entry for one in found if (entry := one.entry) is not None]
    for track in Track:
        of_track = [entry for entry in read if entry.track is track]
        await work.side.look_at(*(entry.case for entry in of_track if entry.case is not None), track=track)


handlers = [entries, state, proof]
