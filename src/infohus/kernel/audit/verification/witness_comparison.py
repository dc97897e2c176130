"""Do the witnesses remember the log that was verified here? Each is asked about the checkpoint that it remembers.

A witness answers with a size and no proof, so its answer counts only when it cosigns a verified checkpoint. An archived
checkpoint of that size alone proves nothing: a superuser could have written it.
"""

from collections.abc import Callable

from infohus.kernel.audit.formats.checkpoint import Checkpoint, NotACheckpoint, VerifierKey, open_checkpoint
from infohus.kernel.audit.storage import archive
from infohus.kernel.audit.storage.archive import Archived
from infohus.kernel.audit.storage.log import AnyConnection, Head, durable_head_of
from infohus.kernel.audit.verification.consistency import LogNotAsSigned, require_consistent
from infohus.kernel.audit.verification.exported_log import Fault
from infohus.kernel.audit.witness.cosigning import Remembers, Witnesses

PLACE = "audit.checkpoint"
MOST_ROUNDS = 5
"""How often a log in use may be signed again while its witnesses are asked."""
NOT_SIGNED = "er ikke underskrevet med loggens nøgle"


class WitnessComparison:
    """Asks the witnesses; `faults` says what they contradict, `silent` names those that did not answer."""

    def __init__(  # noqa: PLR0913 - all by name
        self, connection: AnyConnection, head: Head, *, key: VerifierKey, witnesses: Witnesses, start: int,
        holds: Callable[[Archived], bool],
    ) -> None:
        """Compare with a log whose checkpoints above size `start` were verified; `holds` says whether one is valid."""
        self._connection, self._head, self._key, self._witnesses = connection, head, key, witnesses
        self._start, self._holds = start, holds
        self._verified: dict[int, tuple[Checkpoint, str]] = {}
        self.faults: list[Fault] = []
        self.silent: list[str] = []

    async def compare(self, newest: Archived) -> None:
        """Ask all about the newest valid checkpoint; ask one that remembers another size about the one of that size."""
        if not self._add_if_signed(newest):
            self._fault(newest.size - 1, NOT_SIGNED)
            return
        waiting = {witness.name: newest.size for witness in self._witnesses.keys}
        for _ in range(MOST_ROUNDS):
            waiting = await self._ask(waiting)
            if not waiting:
                return
            waiting = await self._verify_remembered(waiting, newest.size)
        for name in waiting:
            self._fault(None, f"vidnet {name} husker hele tiden noget andet")

    async def _ask(self, waiting: dict[str, int]) -> dict[str, int]:
        """Ask each witness about its size; give those that remember another size, with that size."""
        elsewhere = {}
        for size in sorted(set(waiting.values())):
            answers = await self._witnesses.ask_about(*self._verified[size])
            for name in [name for name, about in waiting.items() if about == size]:
                answer = answers[name]
                if not self._is_settled(name, answer, size) and answer is not None:
                    elsewhere[name] = answer.size
        return elsewhere

    def _is_settled(self, name: str, answer: Remembers | None, size: int) -> bool:
        if answer is None:
            self.silent.append(name)
        elif not answer.agrees:
            self._fault(None, f"vidnet {name} husker en anden log end denne")
        else:
            # A witness that is behind where a resumed verification started has nothing to be compared with.
            return answer.size == size or answer.size <= self._start
        return True

    async def _verify_remembered(self, waiting: dict[str, int], newest: int) -> dict[str, int]:
        """Verify the checkpoints of the sizes that witnesses remember; give the witnesses for which there is one."""
        size = await self._verify_newer() if max(waiting.values()) > newest else newest
        for remembered in set(waiting.values()):
            if remembered < newest:
                await self._verify_older(remembered)
        for name, remembered in waiting.items():
            if remembered > size:
                self._fault(size, f"vidnet {name} husker {remembered} poster; resten er væk")
            elif remembered not in self._verified:
                self._fault(remembered - 1, f"vidnet {name} husker en underskrift, der er væk her")
        return {name: remembered for name, remembered in waiting.items() if remembered in self._verified}

    async def _verify_older(self, size: int) -> None:
        for archived in await archive.at_size(self._connection, self._head.log_id, size):
            if self._holds(archived):
                self._add_if_signed(archived)

    async def _verify_newer(self) -> int:
        """Verify what was appended and signed since the largest verified checkpoint; give the log's size."""
        start, _ = self._verified[max(self._verified)]
        signed = [row async for row in archive.all_from(self._connection, self._head.log_id, after=start.size)]
        head = await durable_head_of(self._connection, self._head.log_id)
        for archived in signed:
            if archived.size <= head.size and not self._add_if_signed(archived):
                self._fault(archived.size - 1, NOT_SIGNED)
        since = {size: checkpoint.root for size, (checkpoint, _) in self._verified.items() if size > start.size}
        try:
            await require_consistent(self._connection, head, start, since)
        except LogNotAsSigned as failure:
            self.faults.append(Fault("audit.leaf", failure.index, "er ikke vokset af det, der blev underskrevet før"))
            for size in since:
                del self._verified[size]
        return head.size

    def _add_if_signed(self, archived: Archived) -> bool:
        try:
            checkpoint = open_checkpoint(archived.note, [self._key])
        except NotACheckpoint:
            return False
        if checkpoint.size != archived.size or checkpoint.origin != self._head.origin:
            return False
        self._verified[archived.size] = checkpoint, archived.note
        return True

    def _fault(self, index: int | None, what: str) -> None:
        self.faults.append(Fault(PLACE, index, what))
