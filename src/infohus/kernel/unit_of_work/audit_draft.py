"""What a unit of work has done so far, from which its audit entry is built; and the Idempotency-Key it came with."""

from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec

from infohus.kernel.audit.formats.entry import Opened, Wrote
from infohus.kernel.unit_of_work.procedure import FixedPurpose, NoPurpose, Purpose, PurposeOfAnotherAct, StatedPurpose


class IdempotencyKey(msgspec.Struct, frozen=True):
    """A request that must not act twice: the caller's Idempotency-Key, and the method, address and raw body with it."""

    key: str
    request: bytes

    def keyed(self, fingerprint: Callable[[bytes], bytes]) -> "IdempotencyKey":
        """Replace the key by its keyed fingerprint: what a caller wrote into it is stored nowhere (rule 28)."""
        return IdempotencyKey(fingerprint(b"idempotency-key\n" + self.key.encode()).hex(), self.request)


@dataclass(slots=True)
class AuditEventDraft:
    """What the audit entry will say the unit did; operations add only codes and ids (rules 57 and 60)."""

    policies: list[str] = field(default_factory=list)
    justification: str | None = None
    purpose_of_act: Purpose = NoPurpose.NOT_STATED
    recipients: list[str] = field(default_factory=list)
    is_for_pet: bool = False
    """Whether the act answers or notes a request of PET's, so that its entry stands on that track (rules 64 and 85)."""
    persons: list[str] = field(default_factory=list)
    """The log ids of persons the act is about, beside those of its case."""
    met: list[str] = field(default_factory=list)
    """The same of persons whose rows this unit writes."""
    is_durable: bool = field(default=False, init=False)
    """Whether the entry is committed and on the disk; set by `UnitsOfWork` alone."""
    _purpose: str | None = field(default=None, init=False)
    _opened: list[Opened] = field(default_factory=list, init=False)
    _wrote: list[Wrote] = field(default_factory=list, init=False)

    def named(self, *, failed: bool) -> list[str]:
        """List the log ids of persons that the entry names. Of a unit that failed no row is stored, so no new ones."""
        return self.persons if failed else [*self.persons, *self.met]

    @property
    def opened(self) -> tuple[Opened, ...]:
        """Every sealed value that the unit opened."""
        return tuple(self._opened)

    @property
    def wrote(self) -> tuple[Wrote, ...]:
        """Every row that the unit wrote."""
        return tuple(self._wrote)

    def add_opened(self, place: Opened) -> None:
        """Count a sealed value that was opened; only the keyring does."""
        self._opened.append(place)

    def add_wrote(self, row: Wrote) -> None:
        """Count a row that was written; only the unit of work does."""
        self._wrote.append(row)

    @property
    def purpose(self) -> str | None:
        """What the entry says the act was for; `None` as long as nothing was stated or completed."""
        return self._purpose

    def state_purpose(self, source: StatedPurpose, text: str) -> None:
        """State what the act is for, where the procedure's row leaves that to the request.

        Raises:
            PurposeOfAnotherAct: the row says otherwise.
        """
        if source != self.purpose_of_act:
            message = f"{source} is stated, and the procedure's row says {self.purpose_of_act}"
            raise PurposeOfAnotherAct(message)
        self._purpose = text

    def complete_purpose(self) -> None:
        """Set the purpose that the procedure's row fixes. Called after the operation: what that refused states none."""
        if isinstance(self.purpose_of_act, FixedPurpose):
            self._purpose = self.purpose_of_act.text
