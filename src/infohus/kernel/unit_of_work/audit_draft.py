"""What a unit of work has done so far, from which its audit entry is built; and the Idempotency-Key it came with."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

import msgspec

from infohus.kernel.access.keys_model import EVERYBODY
from infohus.kernel.access.model import Stage
from infohus.kernel.audit.formats.entry import Entry, Opened, Track, Wrote, ranges_of
from infohus.kernel.requests.asked import NOT_READABLE, Asked, asked_now
from infohus.kernel.unit_of_work.concerned import log_ids_among
from infohus.kernel.unit_of_work.lookup import ResolvedSubject
from infohus.kernel.unit_of_work.procedure import (
    Purpose,
    PurposeOfAnotherAct,
    StatedPurpose,
    purpose_without_statement,
)

MOST_NAMED = 20


class IdempotencyKey(msgspec.Struct, frozen=True):
    """A request that must not act twice: the caller's Idempotency-Key, and the method, address and raw body with it."""

    key: str
    request: bytes

    def keyed(self, fingerprint: Callable[[bytes], bytes]) -> "IdempotencyKey":
        """Replace the key by its keyed fingerprint: what a caller wrote into it is stored nowhere (rule 28)."""
        return IdempotencyKey(fingerprint(b"idempotency-key\n" + self.key.encode()).hex(), self.request)


@dataclass(frozen=True, slots=True)
class LookedAt:
    """The persons, by their log ids, and the single case that an act looked at."""

    persons: list[str]
    case: UUID | None


@dataclass(slots=True)
class AuditEventDraft:
    """What the audit entry will say the unit did; operations add only codes and ids (rules 57 and 60)."""

    purpose_of_act: Purpose
    """The column of the procedure's row."""
    stage: Stage | None = None
    """The stage at which the act found its case."""
    policies: list[str] = field(default_factory=list)
    justification: str | None = None
    recipients: list[str] = field(default_factory=list)
    is_for_pet: bool = False
    """Whether the act answers or notes a request of PET's, so that its entry stands on that track (rules 64 and 85)."""
    persons: list[str] = field(default_factory=list)
    """The log ids of persons the act is about, beside those of its case."""
    is_on_case: bool = True
    """Whether the act is on the case as a whole, and so names each person whom the side knows; see `narrow`."""
    concerned: set[UUID] = field(default_factory=set)
    """Whom of the side's persons the records concern that the act read, wrote or disclosed (rule 79)."""
    case: UUID | None = None
    """The case that the act looked at, where the unit was not begun on one; `persons` then names those of its side."""
    read_entries: list[tuple[int, int]] = field(default_factory=list)
    """Which entries of a log the act gave out: ranges of indexes, both included."""
    on_pets_track: LookedAt | None = None
    """What the act looked at of PET's requests, beside what stands on its own track: an entry of its own says so."""
    met: list[str] = field(default_factory=list)
    """The same of persons whose rows this unit writes."""
    letters: list[str] = field(default_factory=list)
    """Digests of letters that the act gives out; each is sealed by an entry of its own (audit/formats/letters.py)."""
    not_readable: list[UUID] = field(default_factory=list)
    """Records that were found changed past the system."""
    is_durable: bool = field(default=False, init=False)
    """Whether the entry is committed and on the disk; set by `UnitsOfWork` alone."""
    asked: Asked = field(default_factory=asked_now)
    """What the request names, and says of itself."""
    _purpose: str | None = field(default=None, init=False)
    _opened: list[Opened] = field(default_factory=list, init=False)
    _wrote: list[Wrote] = field(default_factory=list, init=False)

    def named(self, *, failed: bool) -> list[str]:
        """List the log ids of persons that the entry names. Of a unit that failed no row is stored, so no new ones."""
        return self.persons if failed else [*self.persons, *self.met]

    def find(self, resolved: ResolvedSubject) -> None:
        """Note what the look-up found: at which stage the case is, and whom the record concerns that the act is on."""
        self.stage = resolved.case.stage if resolved.case is not None else None
        if resolved.concerned is not None:
            self.narrow()
            self.concerned.update(resolved.concerned)

    def narrow(self) -> None:
        """Let the entry name those alone whom the act's records concern: it shows or does nothing of the whole case."""
        self.is_on_case = False

    def is_about(self, persons: Iterable[UUID]) -> None:
        """Let the entry name these of the side's persons, and whom the act's records concern: refused or done."""
        self.narrow()
        self.concerned.update(persons)

    def named_of(self, known: Mapping[UUID, str]) -> list[str]:
        """List the log ids of those of a side's persons whom the act concerns."""
        return log_ids_among(known, {EVERYBODY} if self.is_on_case else self.concerned)

    def give_out(self, indexes: Iterable[int], *, of: Entry | None = None) -> None:
        """Count entries of a log that the act gives out; it names whom a single one is `of`, on the track of that."""
        self.read_entries = ranges_of(indexes)
        if of is not None:
            self.persons.extend(of.persons)
            self.is_for_pet = self.is_for_pet or of.track is Track.PET

    def look_at(self, persons: list[str], case: UUID | None = None, *, track: Track = Track.ORDINARY) -> None:
        """Name persons, and a single case, that the act shows something of which stands on this track."""
        if track is Track.PET:
            self.on_pets_track = LookedAt(persons, case)
        else:
            self.persons.extend(persons)
            self.case = case

    def give_out_first(self, size: int) -> None:
        """Count a log's first entries that the act gives out; a log may have none yet."""
        self.read_entries = [(0, size - 1)] if size else []

    @property
    def opened(self) -> tuple[Opened, ...]:
        """Every sealed value that the unit opened."""
        return tuple(dict.fromkeys(self._opened))

    @property
    def wrote(self) -> tuple[Wrote, ...]:
        """Every row that the unit wrote."""
        return tuple(self._wrote)

    def reason(self, refusal: str | None) -> str | None:
        """Give the code of a refusal, and after it the records that were not readable; those alone have a code, too."""
        if not self.not_readable:
            return refusal
        named = [str(record_id) for record_id in self.not_readable[:MOST_NAMED]]
        return " ".join([refusal or NOT_READABLE, *named])

    def add_opened(self, place: Opened) -> None:
        """Count a sealed value that was opened; only the keyring does."""
        self._opened.append(place)

    def add_wrote(self, row: Wrote) -> None:
        """Count a row that was written; only the unit of work does."""
        self._wrote.append(row)

    @property
    def purpose(self) -> str:
        """What the entry says the act is for, also when it is refused (rule 57): never empty."""
        if self._purpose is not None:
            return self._purpose
        if isinstance(self.purpose_of_act, StatedPurpose) and self.asked.purpose is not None:
            return self.asked.purpose
        return purpose_without_statement(self.purpose_of_act, self.stage)

    @property
    def lacks_stage(self) -> bool:
        """Whether the purpose is left to the stage of a case that the act did not find."""
        expected = self.purpose_of_act
        is_stated = self._purpose is not None or self.asked.purpose is not None
        return isinstance(expected, StatedPurpose) and bool(expected.at) and not is_stated and self.stage is None

    def state_purpose(self, source: StatedPurpose, code: str) -> None:
        """State what the act is for, where the procedure's row leaves that to the request, and it is not in its body.

        Raises:
            PurposeOfAnotherAct: the row says otherwise.
        """
        expected = self.purpose_of_act
        if not isinstance(expected, StatedPurpose) or source.of_what != expected.of_what:
            message = f"{source} is stated, and the procedure's row says {expected}"
            raise PurposeOfAnotherAct(message)
        self._purpose = code
