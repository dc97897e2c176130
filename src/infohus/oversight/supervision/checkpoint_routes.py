"""The route that lists signed checkpoints with their witnesses, and since when cosignatures are missing."""

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from infohus.kernel.answers.pages import Limit
from infohus.kernel.audit.formats.checkpoint import VerifierKey
from infohus.kernel.audit.signing.pooled_signer import PooledSigner
from infohus.kernel.audit.storage import archive
from infohus.kernel.audit.storage.archive import Archived
from infohus.kernel.authorization.action import Action
from infohus.kernel.unit_of_work.begin import RequestScope
from infohus.kernel.unit_of_work.unit import UnitOfWork

NEWEST = 2**53
ALARMS = {
    "behind": "Loggen har færre poster, end der er underskrevet eller bevidnet. Få den kontrolleret straks.",
    "archive": "Arkivet manglede en underskrift, som infohus husker; den er lagt tilbage. Find ud af hvorfor.",
    "rewritten": "Loggen er en anden end den, der er underskrevet eller bevidnet. Få den kontrolleret straks.",
}

Before = Annotated[
    int, QueryParameter(ge=0, le=NEWEST, description="Checkpoints of fewer entries than this; the newest first.")
]


class KeptCheckpoint(msgspec.Struct, frozen=True):
    """A signed checkpoint of `size` entries; `note` is the C2SP signed note with every cosignature."""

    size: int
    signed_at: datetime
    cosigned_by: list[str]
    is_cosigned: bool
    note: str


class CheckpointPage(msgspec.Struct, frozen=True):
    """How the log is witnessed, and some of its checkpoints.

    `need` of `witnesses` must cosign; with 0 there are none. `uncosigned_since` is when the first checkpoint was signed
    that is covered by too few of them; `alarm` says in Danish what is wrong since the log was last looked at. `next` is
    the `before` to pass for more.
    """

    need: int
    witnesses: list[str]
    uncosigned_since: datetime | None
    alarm: str | None
    items: list[KeptCheckpoint]
    next: int | None


@get("/log/checkpoints", operation_id="ListCheckpoints")
async def checkpoints(
    log_scope: NamedDependency[RequestScope], signer: NamedDependency[PooledSigner],
    before: Before = NEWEST,
    limit: Limit = 50,
) -> CheckpointPage:
    """List the own log's signed checkpoints, the newest first, and whether witnesses cover it."""
    async with log_scope.begin(Action.VERIFY_LOG) as work:
        key = signer.verifier((await work.log.head()).origin)
        archived = await work.log.checkpoints_before(before, limit=limit + 1, key=key)
        lines = [_line(checkpoint, signer) for checkpoint in archived[:limit]]
        more = len(archived) > limit
        alarm = signer.alarm(work.log.log_id)
        return CheckpointPage(
            need=signer.need, witnesses=[key.name for key in signer.witnesses],
            uncosigned_since=await _uncosigned_since(work, signer, key), alarm=None if alarm is None else ALARMS[alarm],
            items=lines, next=lines[-1].size if more else None,
        )


def _line(archived: Archived, signer: PooledSigner) -> KeptCheckpoint:
    cosigners = archived.cosigners(signer.witnesses)
    need = signer.need
    return KeptCheckpoint(
        archived.size, archived.signed_at, cosigners, 0 < need <= len(cosigners),
        archived.cosigned_note(signer.witnesses),
    )


async def _uncosigned_since(work: UnitOfWork, signer: PooledSigner, key: VerifierKey) -> datetime | None:
    """Find when the first checkpoint after the newest with enough cosignatures, which covers all before, was signed."""
    need, since, size = signer.need, None, NEWEST
    while need:
        archived = await work.log.checkpoints_before(size, limit=archive.AT_ONCE, key=key)
        for checkpoint in archived:
            if len(checkpoint.cosigners(signer.witnesses)) >= need:
                return since
            since, size = checkpoint.signed_at, checkpoint.size
        if len(archived) < archive.AT_ONCE:
            break
    return since


handlers = [checkpoints]
