"""The signer: signs a log's head only after checking that the log is consistent with what was signed before.

Each signed checkpoint is in the signer's checkpoint store, and on the disk, before it is given out. So a database that
was restored, cut off or rewritten gets no signature, and the service does not open when a log is behind.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog

from infohus.kernel.audit.formats.checkpoint import Checkpoint, NotACheckpoint, SigningKey, VerifierKey, open_checkpoint
from infohus.kernel.audit.signing.acknowledged import AcknowledgedEntries
from infohus.kernel.audit.storage import archive
from infohus.kernel.audit.storage.archive import Archived
from infohus.kernel.audit.storage.checkpoint_store import CheckpointStore, StateNotReadable
from infohus.kernel.audit.storage.log import AnyConnection, Head, durable_head_of, head_of
from infohus.kernel.audit.verification.consistency import LogNotAsSigned, require_consistent
from infohus.kernel.audit.witness.cosigning import ALARMING, CosignFailure, Witnesses
from infohus.kernel.database.readiness import PartNotReady

logger = structlog.get_logger()

_LOGS = "SELECT id, origin FROM audit.log ORDER BY origin"
_ARCHIVED_WITHIN_SECONDS = 0.5
"""How long another process may take to archive a checkpoint after storing it; after that it counts as missing."""


class LogIsBehind(LogNotAsSigned):
    """The log has fewer entries than were signed or cosigned: a backup was restored, or the tail was cut off."""

    def __init__(self, origin: str, size: int, known: int, by: str) -> None:
        """Take how many entries the log has, how many were known, and the name of who knows them, in Danish."""
        super().__init__(origin, size)
        self.known, self.by = known, by

    def __str__(self) -> str:
        """Say in Danish what is wrong and what to do: whoever starts the service reads it."""
        return (
            f"Loggen {self.origin} har {self.index} poster, men {self.by} husker {self.known}. "
            "Databasen er bagud: en sikkerhedskopi er lagt ind, eller poster er skåret af. "
            "infohus åbner ikke. Følg afsnittet »When the log is behind« i deploy/README.md."
        )


class TooFewWitnessesAnswered(Exception):  # noqa: N818 - names the situation
    """Nothing here remembers a log, and too few witnesses say how long it was: it may be an old backup."""

    def __init__(self, origin: str, *, answered: Sequence[str], silent: Sequence[str], quorum: int) -> None:
        """Take the log's origin, the witnesses' names, and how many of them must answer."""
        super().__init__(origin)
        self.answered, self.silent, self.quorum = tuple(answered), tuple(silent), quorum

    def __str__(self) -> str:
        """Say in Danish who answered and what to do: whoever starts the service reads it."""
        return (
            f"Her er intet, der husker loggen {self.args[0]}, så kun vidnerne ved, om databasen er en gammel "
            f"sikkerhedskopi. infohus åbner først, når {self.quorum} af {len(self.answered) + len(self.silent)} vidner "
            f"har svaret. Svarede: {', '.join(self.answered) or 'ingen'}. Svarede ikke: {', '.join(self.silent)}. "
            "Bed dem, der driver vidnerne, om at starte dem og sætte loggens linje fra `infohus audit keys` i deres "
            "logs.pub, og start så infohus igen."
        )


@dataclass(frozen=True, slots=True)
class SignedHead:
    """A signed checkpoint, its note with the cosignatures so far, and the cosigning witnesses' names."""

    checkpoint: Checkpoint
    note: str
    cosigned_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _SignedBefore:
    """What was signed of a log before: the stored note, its checkpoint, and the archive's newest checkpoint.

    `head` was read after both, so a log that only grew is no shorter than either.
    """

    head: Head
    note: str | None
    remembered: Checkpoint | None
    archived: Checkpoint | None

    @property
    def roots(self) -> dict[int, bytes]:
        """The root of each size that was signed."""
        signed = (self.archived, self.remembered)
        return {checkpoint.size: checkpoint.root for checkpoint in signed if checkpoint is not None}


class Signer:
    """Holds the log's signing key; signs checkpoints, stores and archives them, and asks the witnesses."""

    def __init__(
        self, key: SigningKey, store: CheckpointStore, *, witnesses: Witnesses, clock: Callable[[], datetime]
    ) -> None:
        """Sign with `key`; every process of the service shares the folder of `store`."""
        self._key, self._store, self._clock = key, store, clock
        self.witnesses = witnesses
        self.acknowledged = AcknowledgedEntries()
        self._alarms: dict[UUID, str] = {}
        self._lacking_entries: set[UUID] = set()
        self._lacking_checkpoints: set[UUID] = set()
        self._locks = defaultdict[UUID, asyncio.Lock](asyncio.Lock)

    def verifier(self, origin: str) -> VerifierKey:
        """Give the public half of the key under a log's name."""
        return self._key.verifier(origin)

    def alarm(self, log_id: UUID) -> str | None:
        """Give "behind" or "rewritten" from the last round, "archive" if that lacked a checkpoint, or `None`."""
        return self._alarms.get(log_id) or ("archive" if log_id in self._lacking_checkpoints else None)

    async def require_ready(self, connection: AnyConnection) -> None:
        """Ask for what signing needs: the logs, their archives, the folder of the checkpoint store, and no alarm.

        Raises:
            PartNotReady: naming what is missing.
        """
        rows = await connection.fetch(_LOGS)
        try:
            await asyncio.to_thread(self._store.require_usable)
        except (OSError, StateNotReadable) as failure:
            raise PartNotReady(why=f"folder-{type(failure).__name__}") from failure
        for row in rows:
            try:
                await archive.newest(connection, row["id"], key=self.verifier(row["origin"]))
            except (OverflowError, ValueError) as failure:  # a value that no driver reads
                raise PartNotReady(why=f"{row['origin']}-archive-{type(failure).__name__}") from failure
        if alarmed := sorted(f"{row['origin']}-{alarm}" for row in rows if (alarm := self.alarm(row["id"]))):
            raise PartNotReady(why=" ".join(alarmed))

    async def require_witnesses(self, connection: AnyConnection) -> None:
        """Ask each witness what it remembers of one log: as many must answer as must cosign.

        Raises:
            PartNotReady: how many answer, and how many must.
        """
        rows = await connection.fetch(_LOGS)
        if not self.witnesses.need or not rows:
            return
        remembered = await self.witnesses.remembered(rows[0]["origin"], self._key)
        silent = sorted(name for name, found in remembered.items() if found is None)
        if len(remembered) - len(silent) < self.witnesses.need:
            raise PartNotReady(why=f"{' '.join(silent)}-do-not-answer-and-{self.witnesses.need}-must")

    async def sign(self, connection: AnyConnection, log_id: UUID) -> SignedHead:
        """Sign a log's present head, unless it is signed, and ask the witnesses unless all of them have cosigned.

        Hashes the entries since the last checkpoint.

        Raises:
            LogNotAsSigned, LogIsBehind: nothing was signed.
            StateNotReadable: the stored checkpoint cannot be read; nothing was signed.
        """
        try:
            await self._require_all_appended(connection, log_id)
            async with self._locks[log_id]:
                checkpoint, note = await self._sign_and_archive(connection, log_id)
        except LogNotAsSigned as refused:
            self._alarms[log_id] = "behind" if isinstance(refused, LogIsBehind) else "rewritten"
            logger.critical("log_not_as_signed", origin=refused.origin, index=refused.index)
            raise
        self._alarms.pop(log_id, None)
        if checkpoint.size == 0:
            return SignedHead(checkpoint, note, ())
        return await self._cosigned(connection, log_id, checkpoint, note)

    async def sign_all(self, connection: AnyConnection) -> None:
        """Sign every log; a failure with one is logged, and the others are signed all the same."""
        for row in await connection.fetch(_LOGS):
            try:
                await self.sign(connection, row["id"])
            except LogNotAsSigned:
                continue
            except Exception as failure:
                logger.exception("log_not_signed", origin=row["origin"], exc_info=failure)

    async def require_not_behind(self, connection: AnyConnection) -> None:
        """Compare every log's size with the checkpoint store, the archive and the witnesses.

        On a machine that remembers nothing, as after a restore, enough witnesses must have answered: otherwise it would
        open on an old backup, and be refused by them when the work of a day is done.

        Raises:
            LogIsBehind: one is shorter than it was, or gone; the service must not open.
            LogNotAsSigned: store and archive contradict each other.
            TooFewWitnessesAnswered: nothing here remembers a log, and they might.
            StateNotReadable: a stored checkpoint cannot be read.
        """
        rows = await connection.fetch(_LOGS)
        stored = self._store.origins()
        for origin in sorted(set(stored) - {row["origin"] for row in rows}):
            known = self._store.checkpoint(origin)
            raise LogIsBehind(origin, 0, known.size if known else 0, "underskriverens eget lager (checkpoint store)")
        for row in rows:
            before = await self._signed_before(connection, row["id"])
            self.acknowledged.begin_at(row["id"], before.head.size)
            silent = await self._silent_witnesses(before.head)
            # A log that was made since the last start has neither; one without its stored checkpoint was restored.
            is_restored = before.remembered is None and (not stored or before.archived is not None)
            names = [key.name for key in self.witnesses.keys]
            if before.head.size and is_restored and len(names) - len(silent) < self.witnesses.quorum:
                raise TooFewWitnessesAnswered(
                    before.head.origin, answered=[name for name in names if name not in silent], silent=silent,
                    quorum=self.witnesses.quorum,
                )

    async def _silent_witnesses(self, head: Head) -> list[str]:
        """Ask the witnesses how long a log was, and name those that do not say.

        Raises:
            LogIsBehind: one remembers more entries.
        """
        silent = []
        for name, remembered in (await self.witnesses.remembered(head.origin, self._key)).items():
            if remembered is None:
                logger.warning("witness_did_not_answer", origin=head.origin, witness=name)
                silent.append(name)
            elif remembered.size > head.size:
                raise LogIsBehind(head.origin, head.size, remembered.size, f"vidnet {name}")
        return silent

    async def _require_all_appended(self, connection: AnyConnection, log_id: UUID) -> None:
        """Refuse a log that lacks an acknowledged entry, now and in every later round of this process."""
        missing = await self.acknowledged.missing(connection, log_id)
        if missing:
            self._lacking_entries.add(log_id)
            logger.critical("acknowledged_entries_are_missing", log=str(log_id), missing=missing)
        if log_id in self._lacking_entries:
            raise LogNotAsSigned((await head_of(connection, log_id)).origin)

    async def _sign_and_archive(self, connection: AnyConnection, log_id: UUID) -> tuple[Checkpoint, str]:
        while (signed := await self._sign_after(connection, await self._signed_before(connection, log_id))) is None:
            continue  # another process signed meanwhile: check for consistency with its checkpoint
        checkpoint, note = signed
        if checkpoint.size:
            # Dies here: the checkpoint is stored and not archived; the next round archives it.
            await archive.keep(connection, log_id, size=checkpoint.size, note=note, at=self._clock())
        return checkpoint, note

    async def _sign_after(self, connection: AnyConnection, before: _SignedBefore) -> tuple[Checkpoint, str] | None:
        """Sign the head if it is consistent with `before`; `None` when another checkpoint was stored meanwhile."""
        head, start = before.head, before.remembered
        await require_consistent(connection, head, start, before.roots)
        checkpoint = Checkpoint(head.origin, head.size, head.root())
        if start == checkpoint and before.note is not None:
            return checkpoint, before.note
        note = self._key.sign(checkpoint)
        if open_checkpoint(note, [self.verifier(head.origin)]) != checkpoint:
            raise LogNotAsSigned(head.origin)
        if head.size:
            with self._store.locked():
                if self._store.note(head.origin) != before.note:
                    return None
                self._store.remember(head.origin, note)
        return checkpoint, note

    async def _signed_before(self, connection: AnyConnection, log_id: UUID) -> _SignedBefore:
        """Read what was signed of this log before, from store and archive, and then its head.

        Raises:
            StateNotReadable: the stored checkpoint is damaged, or not signed by our key.
            LogNotAsSigned: the archive contradicts the store.
            LogIsBehind: the log is shorter than either says.
        """
        origin = (await head_of(connection, log_id)).origin
        note = self._store.note(origin)
        try:
            remembered = open_checkpoint(note, [self.verifier(origin)]) if note is not None else None
        except NotACheckpoint:
            raise StateNotReadable from None
        archived = await self._archived_of(connection, log_id, origin, remembered)
        # Flushed: if PostgreSQL lost an entry after it was signed, the log would be behind for good. So only what is on
        # the disk is signed, stored or shown to a witness.
        head = await durable_head_of(connection, log_id)
        if remembered is not None and remembered.size > head.size:
            raise LogIsBehind(origin, head.size, remembered.size, "underskriverens eget lager (checkpoint store)")
        if archived is not None and archived.size > head.size:
            raise LogIsBehind(origin, head.size, archived.size, "arkivet af underskrifter")
        same_size = archived is not None and remembered is not None and archived.size == remembered.size
        if same_size and archived != remembered:
            raise LogNotAsSigned(origin)
        return _SignedBefore(head, note, remembered, archived)

    async def _archived_of(
        self, connection: AnyConnection, log_id: UUID, origin: str, remembered: Checkpoint | None
    ) -> Checkpoint | None:
        """Read the newest archived checkpoint of our key; alarm when the archive lacks the stored one."""
        key = self.verifier(origin)
        newest = await archive.newest(connection, log_id, key=key)
        if remembered is not None and (newest is None or newest.size < remembered.size):
            await asyncio.sleep(_ARCHIVED_WITHIN_SECONDS)
            newest = await archive.newest(connection, log_id, key=key)
        is_older = remembered is not None and (newest is None or newest.size < remembered.size)
        if remembered is not None and is_older:
            # A crash between storing and archiving leaves the same state; whoever reads the alarm knows of the crash.
            self._lacking_checkpoints.add(log_id)
            logger.critical("signed_checkpoint_is_not_in_the_archive", origin=origin, size=remembered.size)
        return None if newest is None else archive.checkpoint_in(newest, key)

    async def _cosigned(
        self, connection: AnyConnection, log_id: UUID, checkpoint: Checkpoint, note: str
    ) -> SignedHead:
        archived = await _archived_at(connection, log_id, checkpoint, note)
        if set(archived.cosigners(self.witnesses.keys)) != {key.name for key in self.witnesses.keys}:
            cosigning = await self.witnesses.cosign(connection, log_id, checkpoint, note)
            alarming = [failure for failure in cosigning.failures.values() if failure in ALARMING]
            if alarming and self._store.checkpoint(checkpoint.origin) == checkpoint:
                # If a newer checkpoint was signed meanwhile, a witness may rightly be ahead; the next round asks again.
                self._alarms[log_id] = "behind" if CosignFailure.AHEAD in alarming else "rewritten"
            archived = await _archived_at(connection, log_id, checkpoint, note)
        return SignedHead(
            checkpoint, archived.cosigned_note(self.witnesses.keys), tuple(archived.cosigners(self.witnesses.keys))
        )


async def _archived_at(connection: AnyConnection, log_id: UUID, checkpoint: Checkpoint, note: str) -> Archived:
    """Read a signed checkpoint's cosignatures."""
    for archived in await archive.at_size(connection, log_id, checkpoint.size):
        if archived.note == note:
            return archived
    raise LogNotAsSigned(checkpoint.origin)
