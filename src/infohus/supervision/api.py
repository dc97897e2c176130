"""The routes of supervision."""

import base64
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, PathParameter, QueryParameter

from infohus import errors
from infohus.actors import Actors
from infohus.answers import NIL, After, Limit, Page, page_of
from infohus.audit.entry import Outcome
from infohus.audit.signing import Signer
from infohus.authorization.action import Action
from infohus.cases.disclosure import Category, Paragraph
from infohus.cases.exchange_facts import ExchangeFacts, facts_of
from infohus.database import Stored
from infohus.ground import Infohus
from infohus.supervision.operations import (
    EntryFilter,
    LogState,
    NumberedEntry,
    entries_of,
    packed_log,
    plain_exchange,
    proof_of,
    state_of_log,
    supervised_exchanges,
)
from infohus.workplace import Desk

Authority = Annotated[
    str | None, QueryParameter(pattern="^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60, description="Who disclosed.")
]
LeafIndex = Annotated[int, PathParameter(ge=0, le=2**53, description="The entry's place in the log, 0-based.")]
Moment = Annotated[
    str | None, QueryParameter(description="A moment with its zone.", schema_extra={"format": "date-time"})
]
_ZONED: type[datetime] = Annotated[datetime, msgspec.Meta(tz=True)]  # type: ignore[assignment]


class SupervisedExchange(ExchangeFacts, frozen=True, kw_only=True):
    """An exchange as a reviewer sees it: all but its content.

    `kinds` names what sorts of records were disclosed, `unacknowledged` whose receipt is missing.
    """

    case_number: str
    strict_necessity_given: bool
    kinds: list[str]
    unacknowledged: list[str]

    @classmethod
    def of(cls, row: Stored) -> "SupervisedExchange":
        """Show a row."""
        return cls(
            **facts_of(plain_exchange(row)), case_number=row["number"],
            strict_necessity_given=row["strict_necessity_given"], kinds=sorted(row["kinds"]),
            unacknowledged=sorted(set(row["recipients"]) - set(row["acknowledged_by"])),
        )


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


@get("/infohuse/{infohus_id:uuid}/exchanges", operation_id="SuperviseExchanges")
async def exchanges(
    infohus_id: FromPath[UUID], desk: NamedDependency[Desk], after: After = NIL, limit: Limit = 50,
    since: Moment = None, until: Moment = None, authority: Authority = None,
    paragraph: FromQuery[Paragraph | None] = None, category: FromQuery[Category | None] = None,
    late: FromQuery[bool | None] = None, unacknowledged: FromQuery[bool | None] = None,
) -> Page[SupervisedExchange]:
    """List exchanges without any case content."""
    async with desk.begin(Action.SUPERVISE_EXCHANGES, Infohus, infohus_id) as work:
        rows = await supervised_exchanges(
            work, after=after, limit=limit + 1, since=_moment(since, "since"), until=_moment(until, "until"),
            authority=authority, paragraph=paragraph, category=category, late=late,
            unacknowledged=unacknowledged,
        )
        lines = [SupervisedExchange.of(row) for row in rows]
        return page_of(lines, [line.id for line in lines], limit=limit)


def _moment(text: str | None, name: str) -> datetime | None:
    """Read a moment as strictly as in a body: from a query, msgspec would also take a number for seconds since 1970."""
    if text is None:
        return None
    try:
        return msgspec.convert(text, _ZONED)
    except msgspec.ValidationError:
        raise errors.RequestNotUnderstood(field=name) from None


@get("/infohuse/{infohus_id:uuid}/log", operation_id="VerifyLog")
async def log(
    infohus_id: FromPath[UUID], desk: NamedDependency[Desk], signer: NamedDependency[Signer]
) -> LogState:
    """Verify every row of the log, and sign its present head."""
    async with desk.begin(Action.VERIFY_LOG, Infohus, infohus_id) as work:
        return await state_of_log(work, signer)


@get("/infohuse/{infohus_id:uuid}/log/entries", operation_id="ListLogEntries")
async def entries(
    infohus_id: FromPath[UUID], desk: NamedDependency[Desk],
    after: Annotated[int, QueryParameter(ge=-1, le=2**53)] = -1, limit: Limit = 50,
    case: FromQuery[UUID | None] = None, subject: FromQuery[UUID | None] = None,
    action: FromQuery[Action | None] = None, outcome: FromQuery[Outcome | None] = None,
) -> EntryPage:
    """List the log's entries: who did what to which subject, by which policies. Reading them is logged."""
    asked = EntryFilter(case, subject, action.value if action else None, outcome.value if outcome else None)
    async with desk.begin(Action.VERIFY_LOG, Infohus, infohus_id) as work:
        return EntryPage(*await entries_of(work, asked, after=after, limit=limit))


@get("/infohuse/{infohus_id:uuid}/log/proofs/{leaf_index:int}", operation_id="ProveLogEntry")
async def proof(
    infohus_id: FromPath[UUID], leaf_index: LeafIndex, desk: NamedDependency[Desk],
    signer: NamedDependency[Signer],
) -> LogProof:
    """Prove that one entry is in the log; the proof is checked offline, without us."""
    async with desk.begin(Action.PROVE_LOG_ENTRY, Infohus, infohus_id) as work:
        text, entry, hashed = await proof_of(work, leaf_index, signer)
        return LogProof(text, None if entry is None else base64.b64encode(entry).decode(), hashed.hex())


@post(
    "/infohuse/{infohus_id:uuid}/log/export", operation_id="ExportLog", status_code=200, media_type="application/x-tar"
)
async def export(
    infohus_id: FromPath[UUID], desk: NamedDependency[Desk], signer: NamedDependency[Signer]
) -> Response[bytes]:
    """Export the log in the open C2SP layout, as a tar file that any verifier can check."""
    async with desk.begin(Action.EXPORT_LOG, Infohus, infohus_id) as work:
        packed = await packed_log(work, signer)
        return Response(packed, headers={"Content-Disposition": 'attachment; filename="log.tar"'})


@get("/infohuse/{infohus_id:uuid}/log/actors/{person_id:uuid}", operation_id="OpenActor")
async def actor(
    infohus_id: FromPath[UUID], person_id: FromPath[UUID], desk: NamedDependency[Desk],
    actors: NamedDependency[Actors],
) -> ActorRecord:
    """Say who acted under an id of the log, also when the account is gone: to the DPO of that authority, and logged."""
    async with desk.begin(Action.OPEN_ACTOR, Infohus, infohus_id) as work:
        kept = await actors.open(work, person_id)
        names = [ActorName(row.seen_at, texts.get("name"), texts.get("email")) for row, texts in kept]
        return ActorRecord(person_id, work.caller.authority_id, names)


handlers = [exchanges, log, entries, proof, export, actor]
