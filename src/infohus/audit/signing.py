"""The signer: it signs a log's head only after it has seen for itself that the log grew from what it signed before.

Its memory is a folder beside its key, on the disk before a signature leaves the house. So a database that was put back,
cut off or rewritten gets no signature, and the service that finds its log behind does not open for work.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog

from infohus.audit import archive
from infohus.audit.appended import Appended
from infohus.audit.archive import Archived
from infohus.audit.checkpoint import Checkpoint, NotACheckpoint, SigningKey, VerifierKey, open_checkpoint
from infohus.audit.cosigning import ALARMING, Silence, Witnesses
from infohus.audit.log import AnyConnection, Head, hashes_of, head_of, rows_of
from infohus.audit.memory import Memory
from infohus.audit.merkle import HASH_BYTES, Frontier, leaf_hash, perfect_nodes

logger = structlog.get_logger()

_LOGS = "SELECT id, origin FROM audit.log ORDER BY origin"


class LogNotAsSigned(Exception):  # noqa: N818 - names the situation
    """The log is not the one that was signed before, or its rows do not make its head; nothing is signed.

    `origin` names the log, `index` the first entry (0-based) where it shows, when that is known.
    """

    def __init__(self, origin: str, index: int | None = None) -> None:
        """Name the log and the place."""
        super().__init__(f"{origin} is not what was signed" + ("" if index is None else f", from entry {index} on"))
        self.origin, self.index = origin, index


class LogIsBehind(LogNotAsSigned):
    """The log has fewer entries than were signed or cosigned: a backup was put back, or the tail cut off."""

    def __init__(self, origin: str, size: int, known: int, by: str) -> None:
        """Say how many entries it has, how many are known, and who remembers them."""
        super().__init__(origin, size)
        self.known, self.by = known, by

    def __str__(self) -> str:
        """Say it in Danish, with what to do: whoever starts the service reads it."""
        return (
            f"Loggen {self.origin} har {self.index} poster, men {self.by} husker {self.known}. "
            "Databasen er bagud: en sikkerhedskopi er lagt ind, eller poster er skåret af. "
            "infohus åbner ikke. Følg afsnittet »When the log is behind« i deploy/README.md."
        )


@dataclass(frozen=True, slots=True)
class SignedHead:
    """A signed checkpoint with the cosignatures it has, and the names of those who gave them."""

    checkpoint: Checkpoint
    note: str
    cosigned_by: tuple[str, ...]


class Signer:
    """Signs checkpoints, keeps them, and asks the witnesses. Holds the key; nobody else does."""

    def __init__(
        self, key: SigningKey, memory: Memory, *, witnesses: Witnesses, clock: Callable[[], datetime]
    ) -> None:
        """Sign with `key`, remembering in `memory`."""
        self._key, self._memory, self._clock = key, memory, clock
        self.witnesses = witnesses
        self.appended = Appended()
        self._alarms: dict[UUID, str] = {}
        self._lost: set[UUID] = set()
        self._robbed: set[UUID] = set()

    def verifier(self, origin: str) -> VerifierKey:
        """Give the public half of the key under a log's name."""
        return self._key.verifier(origin)

    def alarm(self, log_id: UUID) -> str | None:
        """Give what is wrong with a log, as a code: at the last look, or in the archive since the start; else none."""
        return self._alarms.get(log_id) or ("archive" if log_id in self._robbed else None)

    async def sign(self, connection: AnyConnection, log_id: UUID) -> SignedHead:
        """Sign a log's present head, unless that was done already, and have it cosigned where that is missing.

        Costs O(entries since the last checkpoint).

        Raises:
            LogNotAsSigned, LogIsBehind: nothing was signed.
            StateNotReadable: what was signed before cannot be read.
        """
        try:
            await self._require_all_appended(connection, log_id)
            checkpoint, note = await self._signed(connection, log_id)
        except LogNotAsSigned as refused:
            self._alarms[log_id] = "behind" if isinstance(refused, LogIsBehind) else "rewritten"
            logger.critical("log_not_as_signed", origin=refused.origin, index=refused.index)
            raise
        self._alarms.pop(log_id, None)
        if checkpoint.size == 0:
            return SignedHead(checkpoint, note, ())
        return await self._cosigned(connection, log_id, checkpoint, note)

    async def sign_all(self, connection: AnyConnection) -> None:
        """Sign every log that needs it; one that is refused is alarmed and does not keep the others waiting."""
        for row in await connection.fetch(_LOGS):
            try:
                await self.sign(connection, row["id"])
            except LogNotAsSigned:
                continue

    async def require_not_behind(self, connection: AnyConnection) -> None:
        """Ask our own memory, the archive and the witnesses whether any log is shorter than it was.

        Raises:
            LogIsBehind: it is; the service must not open for work.
            StateNotReadable: what was signed before cannot be read.
        """
        rows = await connection.fetch(_LOGS)
        for origin in sorted(set(self._memory.origins()) - {row["origin"] for row in rows}):
            known = self._memory.checkpoint(origin)
            raise LogIsBehind(origin, 0, known.size if known else 0, "underskriverens egen hukommelse")
        for row in rows:
            head = await head_of(connection, row["id"])
            await self._known(connection, head)
            self.appended.begin_at(row["id"], head.size)
            for name, memory in (await self.witnesses.remembered(head.origin, self._key)).items():
                if memory is None:
                    logger.warning("witness_did_not_answer", origin=head.origin, witness=name)
                elif memory.size > head.size:
                    raise LogIsBehind(head.origin, head.size, memory.size, f"vidnet {name}")

    async def _require_all_appended(self, connection: AnyConnection, log_id: UUID) -> None:
        """Refuse, from then on, a log that lacks an entry of which the database said that it is there."""
        missing = await self.appended.missing(connection, log_id)
        if missing:
            self._lost.add(log_id)
            logger.critical("acknowledged_entries_are_missing", log=str(log_id), missing=missing)
        if log_id in self._lost:
            raise LogNotAsSigned((await head_of(connection, log_id)).origin)

    async def _signed(self, connection: AnyConnection, log_id: UUID) -> tuple[Checkpoint, str]:
        head = await head_of(connection, log_id)
        known = await self._known(connection, head)
        remembered = self._memory.note(head.origin)
        start = open_checkpoint(remembered, [self.verifier(head.origin)]) if remembered else None
        await _require_grown(connection, head, start, known)
        checkpoint = Checkpoint(head.origin, head.size, head.root())
        if head.size == 0:
            return checkpoint, self._key.sign(checkpoint)
        if start == checkpoint and remembered:
            note = remembered
        else:
            note = self._key.sign(checkpoint)
            if open_checkpoint(note, [self.verifier(head.origin)]) != checkpoint:
                raise LogNotAsSigned(head.origin)
            with self._memory.locked():
                now = self._memory.checkpoint(head.origin)
                if now != start and now is not None and now.size > checkpoint.size:
                    # Another process signed a longer log meanwhile: what we looked at is older, not wrong.
                    return now, self._memory.note(head.origin) or note
                if now is not None and now.size == checkpoint.size and now != checkpoint:
                    raise LogNotAsSigned(head.origin)
                self._memory.remember(head.origin, note)
        # Dies here: the memory holds what the archive lacks; the next round puts it there.
        await archive.keep(connection, log_id, size=checkpoint.size, note=note, at=self._clock())
        return checkpoint, note

    async def _known(self, connection: AnyConnection, head: Head) -> dict[int, bytes]:
        """Collect what was signed of this log before, from memory and archive: size to root."""
        known: dict[int, bytes] = {}
        remembered = self._memory.checkpoint(head.origin)
        if remembered is not None:
            if remembered.size > head.size:
                raise LogIsBehind(head.origin, head.size, remembered.size, "underskriverens egen hukommelse")
            known[remembered.size] = remembered.root
        archived = await archive.newest(connection, head.log_id)
        if remembered is not None and (archived is None or archived.size < remembered.size):
            # A fall between remembering and archiving leaves the same; whoever reads the alarm knows of one.
            self._robbed.add(head.log_id)
            logger.critical("signed_checkpoint_is_not_in_the_archive", origin=head.origin, size=remembered.size)
        if archived is not None:
            try:
                signed = open_checkpoint(archived.note, [self.verifier(head.origin)])
            except NotACheckpoint:
                raise LogNotAsSigned(head.origin) from None
            if signed.size != archived.size or known.get(signed.size, signed.root) != signed.root:
                raise LogNotAsSigned(head.origin)
            if signed.size > head.size:
                raise LogIsBehind(head.origin, head.size, signed.size, "arkivet af underskrifter")
            known[signed.size] = signed.root
        return known

    async def _cosigned(
        self, connection: AnyConnection, log_id: UUID, checkpoint: Checkpoint, note: str
    ) -> SignedHead:
        kept = await _archived(connection, log_id, checkpoint)
        if set(kept.cosigners(self.witnesses.keys)) != {key.name for key in self.witnesses.keys}:
            asked = await self.witnesses.cosign(connection, log_id, checkpoint, note)
            alarming = [why for why in asked.silent.values() if why in ALARMING]
            if alarming:
                self._alarms[log_id] = "behind" if Silence.AHEAD in alarming else "rewritten"
            kept = await _archived(connection, log_id, checkpoint)
        return SignedHead(checkpoint, kept.cosigned_note, tuple(kept.cosigners(self.witnesses.keys)))


async def _archived(connection: AnyConnection, log_id: UUID, checkpoint: Checkpoint) -> Archived:
    for one in await archive.page_before(connection, log_id, checkpoint.size + 1, limit=1):
        if one.size == checkpoint.size:
            return one
    raise LogNotAsSigned(checkpoint.origin)


async def _require_grown(
    connection: AnyConnection, head: Head, start: Checkpoint | None, known: dict[int, bytes]
) -> None:
    """Hash every entry since `start` anew, on top of the tree that was signed there.

    Raises:
        LogNotAsSigned: an entry, its place or a node is not what was appended, or an earlier root is another.
    """
    frontier = Frontier() if start is None else await _frontier_of(connection, head, start)
    async for rows in rows_of(connection, head.log_id, start=frontier.size, stop=head.size):
        for row in rows:
            hashed = leaf_hash(row["entry"]) if row["entry"] is not None else row["hashes"][:HASH_BYTES]
            if row["index"] != frontier.size or frontier.append(hashed) != row["hashes"]:
                raise LogNotAsSigned(head.origin, frontier.size)
            if frontier.size in known and frontier.root() != known[frontier.size]:
                raise LogNotAsSigned(head.origin, frontier.size)
    if frontier.size != head.size or frontier.stored != head.frontier:
        raise LogNotAsSigned(head.origin, frontier.size)


async def _frontier_of(connection: AnyConnection, head: Head, start: Checkpoint) -> Frontier:
    """Take the perfect subtrees of the signed tree from the rows, and see that they make the signed root."""
    nodes = perfect_nodes(0, start.size)
    try:
        stored = await hashes_of(connection, head.log_id, nodes)
        frontier = Frontier(start.size, [stored[node] for node in nodes])
    except KeyError:
        raise LogNotAsSigned(head.origin) from None
    if frontier.root() != start.root:
        raise LogNotAsSigned(head.origin)
    return frontier
