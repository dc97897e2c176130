"""The routes that serve the own log as C2SP tlog-tiles says: its checkpoint, its tiles and its entry bundles."""

from typing import Annotated

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import PathParameter

from infohus import errors
from infohus.kernel.audit.formats.tiles import WIDTH
from infohus.kernel.audit.signing.pooled_signer import PooledSigner
from infohus.kernel.audit.storage.serving import NoSuchTile, TilePlace
from infohus.kernel.authorization.action import Action
from infohus.kernel.unit_of_work.begin import RequestScope
from infohus.oversight.supervision.operations import signed_head

Level = Annotated[str, PathParameter(description="`0` … `5`, or `entries`.")]
Place = Annotated[str, PathParameter(description="The tile's number as C2SP tlog-tiles writes it: `x001/234.p/17`.")]


@get("/log/checkpoint", operation_id="ServeCheckpoint", media_type="text/plain")
async def checkpoint(
    log_scope: NamedDependency[RequestScope], signer: NamedDependency[PooledSigner]
) -> Response[str]:
    """Sign the log's present head, and give it with its cosignatures."""
    async with log_scope.begin(Action.SERVE_CHECKPOINT) as work:
        # Litestar adds "; charset=utf-8", which C2SP tlog-tiles asks for; it must not be written twice.
        return Response((await signed_head(work.log, signer)).note, media_type="text/plain")


@get(
    "/log/tile/{level:str}/{place:path}", operation_id="ServeTile",
    media_type="application/octet-stream",
)
async def tile(
    level: Level, place: Place, log_scope: NamedDependency[RequestScope], signer: NamedDependency[PooledSigner]
) -> Response[bytes]:
    """Give a tile's hashes or a bundle's entries, as far as the newest checkpoint goes."""
    async with log_scope.begin(Action.SERVE_TILE) as work:
        head = await work.log.head()
        newest = await work.log.newest_checkpoint(signer.verifier(head.origin))
        try:
            wanted = TilePlace.parse(level, place.removeprefix("/"))
            content = await work.log.tile(wanted, size=min(newest.size, head.size) if newest else 0)
        except NoSuchTile:
            raise errors.NotAvailable from None
        if wanted.level is None:
            first = wanted.index * WIDTH
            work.audit_draft.read_entries = [(first, first + wanted.width - 1)]
        return Response(content, media_type="application/octet-stream")


handlers = [checkpoint, tile]
