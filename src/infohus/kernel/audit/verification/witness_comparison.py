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
        if not self._add(newest):
            self._fault(newest.size - 1, NOT_SIGNED)
            return
        waiting = {witness.name: newest.size for witness in self._witnesses.keys}
        for _ in range(MOST_ROUNDS):
            waiting = await self._asked(waiting)
            if not waiting:
                return
            waiting = await self._found(waiting, newest.size)
        for name in waiting:
            self._fault(None, f"vidnet {name} husker hele tiden noget andet")

    async def _asked(self, waiting: dict[str, int]) -> dict[str, int]:
        """Ask each witness about its size; give those that remember another size, with that size."""
        elsewhere = {}
        for size in sorted(set(waiting.values())):
            memories = await self._witnesses.ask_about(*self._verified[size])
            for name in [name for name, about in waiting.items() if about == size]:
                memory = memories[name]
                if not self._is_settled(name, memory, size) and memory is not None:
                    elsewhere[name] = memory.size
        return elsewhere

    def _is_settled(self, name: str, memory: Remembers | None, size: int) -> bool:
        if memory is None:
            self.silent.append(name)
        elif not memory.agrees:
            self._fault(None, f"vidnet {name} husker en anden log end denne")
        else:
            # A witness that is behind where a resumed verification started has nothing to be compared with.
            return memory.size == size or memory.size <= self._start
        return True

    async def _found(self, waiting: dict[str, int], newest: int) -> dict[str, int]:
        """Verify the checkpoints of the sizes that witnesses remember; give the witnesses for which there is one."""
        size = await self._follow() if max(waiting.values()) > newest else newest
        for remembered in set(waiting.values()):
            if remembered < newest:
                await self._look_back(remembered)
        for name, remembered in waiting.items():
            if remembered > size:
                self._fault(size, f"vidnet {name} husker {remembered} poster; resten er væk")
            elif remembered not in self._verified:
                self._fault(remembered - 1, f"vidnet {name} husker en underskrift, der er væk her")
        return {name: remembered for name, remembered in waiting.items() if remembered in self._verified}

    async def _look_back(self, size: int) -> None:
        for one in await archive.page_before(self._connection, self._head.log_id, size + 1, limit=1):
            if one.size == size and self._holds(one):
                self._add(one)

    async def _follow(self) -> int:
        """Verify what was appended and signed since the largest verified checkpoint; give the log's size."""
        start, _ = self._verified[max(self._verified)]
        signed = [one async for one in archive.all_from(self._connection, self._head.log_id, after=start.size)]
        now = await durable_head_of(self._connection, self._head.log_id)
        for one in signed:
            if one.size <= now.size and not self._add(one):
                self._fault(one.size - 1, NOT_SIGNED)
        since = {size: checkpoint.root for size, (checkpoint, _) in self._verified.items() if size > start.size}
        try:
            await require_consistent(self._connection, now, start, since)
        except LogNotAsSigned as found:
            self.faults.append(Fault("audit.leaf", found.index, "er ikke vokset af det, der blev underskrevet før"))
            for size in since:
                del self._verified[size]
        return now.size

    def _add(self, one: Archived) -> bool:
        try:
            checkpoint = open_checkpoint(one.note, [self._key])
        except NotACheckpoint:
            return False
        if checkpoint.size != one.size or checkpoint.origin != self._head.origin:
            return False
        self._verified[one.size] = checkpoint, one.note
        return True

    def _fault(self, index: int | None, what: str) -> None:
        self.faults.append(Fault(PLACE, index, what))
