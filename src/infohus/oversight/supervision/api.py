"""The routes of a log: the caller's own authority's, and the installation's. Exchanges: `exchange_routes.py`."""

import base64
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, PathParameter, QueryParameter
from litestar.response import Stream

from infohus.kernel.answers.pages import Limit
from infohus.kernel.audit.formats.entry import Outcome
from infohus.kernel.audit.signing.pooled_signer import PooledSigner
from infohus.kernel.authorization.action import Action
from infohus.kernel.unit_of_work.actors import open_actor
from infohus.kernel.unit_of_work.begin import RequestScope
from infohus.oversight.supervision.entry_pages import EntryPage
from infohus.oversight.supervision.exchange_routes import handlers as exchange_handlers
from infohus.oversight.supervision.institution_routes import handlers as institution_handlers
from infohus.oversight.supervision.onward_routes import handlers as onward_handlers
from infohus.oversight.supervision.operations import (
    EntryFilter,
    LogState,
    entries_of,
    note_reading,
    packed_log,
    proof_of,
    signed_head,
    state_of_log,
)
from infohus.oversight.supervision.pet_routes import handlers as pet_handlers

AfterIndex = Annotated[int, QueryParameter(ge=-1, le=2**53)]
ReasonCode = Annotated[
    str | None,
    QueryParameter(
        pattern="^[a-z-]{1,60}$",
        description="Why it was refused, or `record-not-readable` for what was found changed past the system.",
    ),
]
LeafIndex = Annotated[int, PathParameter(ge=0, le=2**53, description="The entry's place in the log, 0-based.")]


class LogProof(msgspec.Struct, frozen=True):
    """A C2SP tlog-proof, the exact bytes of the entry it proves (base64), and their leaf hash (hexadecimal).

    An entry that was emptied after its period is `null`: the proof then holds for the hash.
    """

    proof: str
    entry: str | None
    leaf_hash: str

    @classmethod
    def of(cls, proof: str, entry: bytes | None, hashed: bytes) -> "LogProof":
        """Write the entry and its hash as text."""
        return cls(proof, None if entry is None else base64.b64encode(entry).decode(), hashed.hex())


class ActorName(msgspec.Struct, frozen=True):
    """What a person was called from a moment on."""

    since: datetime
    name: str | None
    email: str | None


class ActorRecord(msgspec.Struct, frozen=True):
    """Who a person id of the log is, oldest name first."""

    person_id: UUID
    authority: str
    names: list[ActorName]


@get("/log", operation_id="VerifyLog")
async def log(log_scope: NamedDependency[RequestScope], signer: NamedDependency[PooledSigner]) -> LogState:
    """Verify every row of the log of the caller's authority, and sign its present head."""
    async with log_scope.begin(Action.VERIFY_LOG) as work:
        return await state_of_log(work.log, signer)


@get("/log/entries", operation_id="ListLogEntries")
async def entries(
    log_scope: NamedDependency[RequestScope], after: AfterIndex = -1, limit: Limit = 50,
    case: FromQuery[UUID | None] = None, subject: FromQuery[UUID | None] = None,
    action: FromQuery[Action | None] = None, outcome: FromQuery[Outcome | None] = None, reason: ReasonCode = None,
) -> EntryPage:
    """List the entries of the own log: who did what to which subject, by which policies. Reading them is logged."""
    asked = EntryFilter(case, subject, action.value if action else None, outcome.value if outcome else None, reason)
    async with log_scope.begin(Action.LIST_LOG_ENTRIES) as work:
        found, more = await entries_of(work.log, asked, after=after, limit=limit)
        await note_reading(work, found, asked)
        return EntryPage(found, more)


@get("/log/proofs/{leaf_index:int}", operation_id="ProveLogEntry")
async def proof(
    leaf_index: LeafIndex, log_scope: NamedDependency[RequestScope], signer: NamedDependency[PooledSigner]
) -> LogProof:
    """Prove that one entry is in the own log; the proof is checked offline, without us."""
    async with log_scope.begin(Action.PROVE_LOG_ENTRY) as work:
        return LogProof.of(*await proof_of(work, work.log, leaf_index, signer))


@post("/log/export", operation_id="ExportLog", status_code=200, media_type="application/x-tar")
async def export(
    log_scope: NamedDependency[RequestScope], signer: NamedDependency[PooledSigner]
) -> Stream:
    """Export the own log in the open C2SP layout, as a tar file that any verifier can check.

    Given piece by piece: where the rows are not what was signed it breaks off, and holds no checkpoint.
    """
    async with log_scope.begin(Action.EXPORT_LOG) as work:
        head = await signed_head(work.log, signer)
        work.audit_draft.give_out_first(head.checkpoint.size)
    return _tar(packed_log(log_scope.afterwards(work, work.log), head, signer, at=work.now))


@get("/log/actors/{person_id:uuid}", operation_id="OpenActor")
async def actor(person_id: FromPath[UUID], log_scope: NamedDependency[RequestScope]) -> ActorRecord:
    """Say who acted under an id of the log, also when the account is gone: to the DPO of that authority, and logged."""
    async with log_scope.begin(Action.OPEN_ACTOR) as work:
        kept = await open_actor(work, person_id)
        names = [ActorName(row.seen_at, texts.get("name"), texts.get("email")) for row, texts in kept]
        return ActorRecord(person_id, work.caller.authority_id, names)


@get("/installation-log", operation_id="VerifyInstallationLog")
async def installation_log(
    log_scope: NamedDependency[RequestScope], signer: NamedDependency[PooledSigner]
) -> LogState:
    """Verify the installation's log, which names no case: what its operator did, and counts of refusals."""
    async with log_scope.begin(Action.VERIFY_INSTALLATION_LOG) as work:
        return await state_of_log(work.installation_log, signer)


@get("/installation-log/entries", operation_id="ListInstallationLogEntries")
async def installation_entries(
    log_scope: NamedDependency[RequestScope], after: AfterIndex = -1, limit: Limit = 50,
) -> EntryPage:
    """List the entries of the installation's log; the reading is logged in the own authority's."""
    async with log_scope.begin(Action.LIST_INSTALLATION_LOG_ENTRIES) as work:
        found, more = await entries_of(work.installation_log, EntryFilter(), after=after, limit=limit)
        await note_reading(work, found, EntryFilter())
        return EntryPage(found, more)


@get("/installation-log/proofs/{leaf_index:int}", operation_id="ProveInstallationLogEntry")
async def installation_proof(
    leaf_index: LeafIndex, log_scope: NamedDependency[RequestScope], signer: NamedDependency[PooledSigner]
) -> LogProof:
    """Prove that one entry is in the installation's log."""
    async with log_scope.begin(Action.PROVE_INSTALLATION_LOG_ENTRY) as work:
        return LogProof.of(*await proof_of(work, work.installation_log, leaf_index, signer))


@post("/installation-log/export", operation_id="ExportInstallationLog", status_code=200, media_type="application/x-tar")
async def installation_export(
    log_scope: NamedDependency[RequestScope], signer: NamedDependency[PooledSigner]
) -> Stream:
    """Export the installation's log, as a tar file that any verifier can check; see the own log's export."""
    async with log_scope.begin(Action.EXPORT_INSTALLATION_LOG) as work:
        head = await signed_head(work.installation_log, signer)
        work.audit_draft.give_out_first(head.checkpoint.size)
    return _tar(packed_log(log_scope.afterwards(work, work.installation_log), head, signer, at=work.now))


def _tar(packed: AsyncIterator[bytes]) -> Stream:
    headers = {"Content-Disposition": 'attachment; filename="log.tar"'}
    return Stream(packed, media_type="application/x-tar", headers=headers)


handlers = [
    *exchange_handlers, *onward_handlers, *pet_handlers, *institution_handlers, log, entries, proof, export, actor,
    installation_log, installation_entries, installation_proof, installation_export,
]
