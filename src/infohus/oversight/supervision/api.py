"""The routes of supervision of the log; those of exchanges are in `exchange_routes.py`."""

import base64
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, PathParameter, QueryParameter
from litestar.response import Stream

from infohus.kernel.access.model import Infohus
from infohus.kernel.answers.pages import Limit
from infohus.kernel.audit.formats.entry import Outcome
from infohus.kernel.audit.signing.pooled_signer import PooledSigner
from infohus.kernel.authorization.action import Action
from infohus.kernel.unit_of_work.actors import open_actor
from infohus.kernel.unit_of_work.begin import RequestScope
from infohus.oversight.supervision.exchange_routes import handlers as exchange_handlers
from infohus.oversight.supervision.operations import (
    EntryFilter,
    LogState,
    NumberedEntry,
    entries_of,
    proof_of,
    signed_head,
    state_of_log,
)

LeafIndex = Annotated[int, PathParameter(ge=0, le=2**53, description="The entry's place in the log, 0-based.")]


class EntryPage(msgspec.Struct, frozen=True):
    """Some entries, and the index to pass as `after` for more."""

    items: list[NumberedEntry]
    next: int | None


class LogProof(msgspec.Struct, frozen=True):
    """A C2SP tlog-proof, the exact bytes of the entry it proves (base64), and their leaf hash (hexadecimal).

    An entry that was emptied after its period is `null`: the proof then holds for the hash.
    """

    proof: str
    entry: str | None
    leaf_hash: str


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


@get("/infohuse/{infohus_id:uuid}/log", operation_id="VerifyLog")
async def log(
    infohus_id: FromPath[UUID], request_scope: NamedDependency[RequestScope], signer: NamedDependency[PooledSigner]
) -> LogState:
    """Verify every row of the log, and sign its present head."""
    async with request_scope.begin(Action.VERIFY_LOG, Infohus, infohus_id) as work:
        return await state_of_log(work, signer)


@get("/infohuse/{infohus_id:uuid}/log/entries", operation_id="ListLogEntries")
async def entries(
    infohus_id: FromPath[UUID], request_scope: NamedDependency[RequestScope],
    after: Annotated[int, QueryParameter(ge=-1, le=2**53)] = -1, limit: Limit = 50,
    case: FromQuery[UUID | None] = None, subject: FromQuery[UUID | None] = None,
    action: FromQuery[Action | None] = None, outcome: FromQuery[Outcome | None] = None,
) -> EntryPage:
    """List the log's entries: who did what to which subject, by which policies. Reading them is logged."""
    asked = EntryFilter(case, subject, action.value if action else None, outcome.value if outcome else None)
    async with request_scope.begin(Action.VERIFY_LOG, Infohus, infohus_id) as work:
        return EntryPage(*await entries_of(work, asked, after=after, limit=limit))


@get("/infohuse/{infohus_id:uuid}/log/proofs/{leaf_index:int}", operation_id="ProveLogEntry")
async def proof(
    infohus_id: FromPath[UUID], leaf_index: LeafIndex, request_scope: NamedDependency[RequestScope],
    signer: NamedDependency[PooledSigner],
) -> LogProof:
    """Prove that one entry is in the log; the proof is checked offline, without us."""
    async with request_scope.begin(Action.PROVE_LOG_ENTRY, Infohus, infohus_id) as work:
        text, entry, hashed = await proof_of(work, leaf_index, signer)
        return LogProof(text, None if entry is None else base64.b64encode(entry).decode(), hashed.hex())


@post(
    "/infohuse/{infohus_id:uuid}/log/export", operation_id="ExportLog", status_code=200, media_type="application/x-tar"
)
async def export(
    infohus_id: FromPath[UUID], request_scope: NamedDependency[RequestScope], signer: NamedDependency[PooledSigner]
) -> Stream:
    """Export the log in the open C2SP layout, as a tar file that any verifier can check.

    Given piece by piece: where the rows are not what was signed it breaks off, and holds no checkpoint.
    """
    async with request_scope.begin(Action.EXPORT_LOG, Infohus, infohus_id) as work:
        head = await signed_head(work, signer)
    files = request_scope.log_after(work).export(
        head.note, key=signer.verifier(head.checkpoint.origin), witnesses=signer.witnesses, at=work.now
    )
    return Stream(
        files, media_type="application/x-tar", headers={"Content-Disposition": 'attachment; filename="log.tar"'}
    )


@get("/infohuse/{infohus_id:uuid}/log/actors/{person_id:uuid}", operation_id="OpenActor")
async def actor(
    infohus_id: FromPath[UUID], person_id: FromPath[UUID], request_scope: NamedDependency[RequestScope],
) -> ActorRecord:
    """Say who acted under an id of the log, also when the account is gone: to the DPO of that authority, and logged."""
    async with request_scope.begin(Action.OPEN_ACTOR, Infohus, infohus_id) as work:
        kept = await open_actor(work, person_id)
        names = [ActorName(row.seen_at, texts.get("name"), texts.get("email")) for row, texts in kept]
        return ActorRecord(person_id, work.caller.authority_id, names)


handlers = [*exchange_handlers, log, entries, proof, export, actor]
