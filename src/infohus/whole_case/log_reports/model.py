"""A log report as it is handed out, and how it is checked (rule 64). Pure: needs no database.

Whoever holds it checks offline that it is the one which the log seals. That nothing is missing but what is restricted
is checked by whoever may read the log: a proof of that for the person would have to tell how much there is.
"""

import base64
import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from infohus.cases.persons.cpr_numbers import CprText, as_digits
from infohus.kernel.audit.formats.checkpoint import Checkpoint, VerifierKey
from infohus.kernel.audit.formats.entry import Entry, Outcome, Track, decode, read
from infohus.kernel.audit.formats.letters import seals
from infohus.kernel.audit.storage.export import check_proof
from infohus.kernel.authorization.action import Action
from infohus.kernel.requests.asked import LooksFor
from infohus.whole_case.log_reports.purposes import purpose_of

ORDERED = "subject_access"
"""The purpose, in the log, of the entry that says that a report is asked for."""
GIVEN_OUT = "subject_access_report"
"""The purpose of the entry that says that it was given out."""
_RESTRICTED = "; restricted "


class LogReportDraft(LooksFor, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Whom the report is on: a CPR number, or, for a person without one, the person's record in a case."""

    cpr_number: CprText | None = None
    subject: UUID | None = None

    def looked_for(self) -> str | None:
        """Give the number, where it names one."""
        return as_digits(self.cpr_number) if self.cpr_number is not None else None


class ReportLine(msgspec.Struct, frozen=True):
    """One use of the person's data: when, and what for."""

    at: datetime
    purpose: str


class SubjectLogReport(msgspec.Struct, frozen=True, kw_only=True):
    """Every use of a person's data by one authority that may be told, up to the moment when the report was asked for.

    The last line is that it was asked for. What may lawfully be withheld leaves no trace: no number, gap or count.
    `person` is the log id that this authority's log knows the person by, `log` the log's origin. `entry` (base64) is
    the entry that seals all this by its digest, and names neither who made it nor the person; `proof` is its C2SP
    tlog-proof. Whether anything is missing that must be told shows in the log, to whoever may read it.
    """

    v: int = 2
    authority: str
    log: str
    person: str
    made_at: datetime
    lines: list[ReportLine]
    letter: str
    entry: str
    proof: str


class LogReports(msgspec.Struct, frozen=True):
    """The reports on a person, one for each log id; none when the authority has no record of the person."""

    reports: list[SubjectLogReport]


class ReportDoesNotHold(Exception):  # noqa: N818 - names the situation
    """Something was left out, added or changed, or it is not what the log seals; the text says what."""


def digest_of(report: SubjectLogReport) -> str:
    """Compute the digest that the log seals a report by: SHA-256 of its JSON without entry and proof, hexadecimal."""
    said = msgspec.json.encode(msgspec.structs.replace(report, entry="", proof=""))
    return hashlib.sha256(said).hexdigest()


def check_report(report: SubjectLogReport, keys: Sequence[VerifierKey]) -> Checkpoint:
    """Check offline that a report is, word for word, the one that the signed log seals; give the checkpoint.

    Raises:
        ReportDoesNotHold: it is not; the text says what is wrong, in Danish.
        ProofDoesNotHold, NotACheckpoint: the entry is not in a log that one of `keys` signed.
    """
    sealing, entry = _sealing(report)
    checkpoint = check_proof(report.proof, sealing, keys).checkpoint
    if not seals(entry, digest_of(report), of_authority=report.authority) or checkpoint.origin != report.log:
        message = "det er et andet end det, loggen har fingeraftrykket af"
        raise ReportDoesNotHold(message)
    return checkpoint


def _sealing(report: SubjectLogReport) -> tuple[bytes, Entry]:
    try:
        sealing = base64.b64decode(report.entry, validate=True)
        return sealing, decode(sealing)
    except (ValueError, msgspec.DecodeError) as failure:
        message = "posten med fingeraftrykket kan ikke læses"
        raise ReportDoesNotHold(message) from failure


def check_against(report: SubjectLogReport, entries: Iterable[bytes | None]) -> int:
    """Check a report line by line against a verified log's entries from the first on; emptied ones are `None` or `b""`.

    Gives how many entries on the person were withheld: all those on the records whose restriction the act that gave the
    report out says it follows, and no others.

    Raises:
        ReportDoesNotHold: the log holds something else, or more.
    """
    sealing, sealed = _sealing(report)
    used: list[Entry] = []
    restricted = set[str]()
    for encoded in entries:
        if encoded == sealing:
            return _compare(report, used, restricted)
        if not encoded or (entry := read(encoded)) is None:
            continue
        if (entry.correlation, entry.purpose) == (sealed.correlation, GIVEN_OUT) and entry.caller is not None:
            restricted = _restricted_by(entry)
        if is_on(entry, report.person, report.authority):
            used.append(entry)
    message = "posten med fingeraftrykket står ikke i loggen"
    raise ReportDoesNotHold(message)


def _compare(report: SubjectLogReport, used: Sequence[Entry], restricted: set[str]) -> int:
    asked = [at for at, entry in enumerate(used) if asks(entry, report.person, report.authority)]
    last = [at for at in asked if used[at].at == report.made_at]
    if not last:
        message = "loggen siger ikke, at der da blev bedt om udtrækket"
        raise ReportDoesNotHold(message)
    said, withheld = list(reversed(report.lines)), list[Entry]()
    for entry in used[: last[-1] + 1]:
        if said and said[-1] == line_from(entry):
            said.pop()
        else:
            withheld.append(entry)
    if said:
        message = f"loggen har ikke opslaget af {said[-1].at:%d.%m.%Y kl. %H.%M} UTC"
        raise ReportDoesNotHold(message)
    if withheld and _digest_of_restricted(report.person, {entry.subject for entry in withheld}) not in restricted:
        message = (
            f"{len(withheld)} opslag mangler, det første af {withheld[0].at:%d.%m.%Y kl. %H.%M} UTC, og de er ikke dem,"
            " som en begrænsning gælder"
        )
        raise ReportDoesNotHold(message)
    return len(withheld)


def is_on(entry: Entry, person: str, authority: str) -> bool:
    """Say whether an entry is one of this authority on `person` that a letter tells of: PET's track is not."""
    return entry.authority == authority and person in entry.persons and entry.track is Track.ORDINARY


def line_from(entry: Entry) -> ReportLine:
    """Make the line of an entry."""
    return ReportLine(entry.at, purpose_of(entry))


def asks(entry: Entry, person: str, authority: str) -> bool:
    """Say whether an entry is that this authority was asked for reports on persons of whom this is one."""
    said = (entry.action, entry.outcome, entry.purpose)
    return said == (Action.REPORT_SUBJECT_LOG.value, Outcome.ALLOWED, ORDERED) and is_on(entry, person, authority)


def naming_restricted(purpose: str | None, left_out: Mapping[str, Collection[UUID]]) -> str | None:
    """Write the justification of the act that gives reports out: what the log is read for, and what was left out.

    `left_out` are the records whose restriction each person's report follows; a digest of them stands there for each
    person with any, however many they are.
    """
    digests = [_digest_of_restricted(person, records) for person, records in left_out.items() if records]
    return f"{purpose}{_RESTRICTED}{' '.join(digests)}" if digests else purpose


def _restricted_by(entry: Entry) -> set[str]:
    return set((entry.justification or "").partition(_RESTRICTED)[2].split())


def _digest_of_restricted(person: str, records: Iterable[UUID | None]) -> str:
    return hashlib.sha256("\n".join([person, *sorted(map(str, records))]).encode()).hexdigest()
