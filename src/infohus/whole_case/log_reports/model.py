"""A log report as it is handed out, and the checks that it is complete (rule 64). Pure: needs no database."""

import base64
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from infohus.cases.persons.cpr_numbers import CprText
from infohus.kernel.audit.formats.checkpoint import Checkpoint, VerifierKey
from infohus.kernel.audit.formats.entry import Entry, Outcome, Track, decode, read
from infohus.kernel.audit.storage.export import check_proof
from infohus.kernel.audit.verification.tally import NOTHING, chain_over, core_hash
from infohus.kernel.authorization.action import Action
from infohus.whole_case.log_reports.purposes import purpose_of

ORDERED = "subject_access"
"""The purpose, in the log, of the entry that closes a report."""
HexHash = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class LogReportDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Whom the report is on: a CPR number, or, for a person without one, the person's record in a case."""

    cpr_number: CprText | None = None
    subject: UUID | None = None


class ReportLine(msgspec.Struct, frozen=True):
    """One use of the person's data. `number` counts from 1; 0 is from before the log began to count.

    `core` is the hash of the log's entry, 64 hexadecimal digits. Under a standing restriction, `withheld` holds its
    provision, and neither moment nor purpose is told.
    """

    number: Annotated[int, Meta(ge=0)]
    at: datetime | None
    purpose: str | None
    withheld: str | None
    core: HexHash


class SubjectLogReport(msgspec.Struct, frozen=True, kw_only=True):
    """Every use of a person's data by one authority, up to the entry that says that this report was asked for.

    `entry` (base64) is that entry, which holds how many there are and their chain; `proof` is its C2SP tlog-proof.
    `person` is the log id that this authority's log knows the person by, `log` the log's origin. When older entries
    were emptied after their period, the lines begin behind `emptied`, and `chain` is what the first of them tells: 64
    hexadecimal digits.
    """

    v: int = 1
    authority: str
    log: str
    person: str
    made_at: datetime
    emptied: int
    chain: HexHash
    lines: list[ReportLine]
    entry: str
    proof: str
    letter: str


class LogReports(msgspec.Struct, frozen=True):
    """The reports on a person, one for each log id; none when the authority has no record of the person."""

    reports: list[SubjectLogReport]


class ReportDoesNotHold(Exception):  # noqa: N818 - names the situation
    """Something was left out, added or changed, or the closing entry is no entry of this report; the text says what."""


def check_report(report: SubjectLogReport, keys: Sequence[VerifierKey]) -> Checkpoint:
    """Check offline that a report lists every entry on its person that the signed log holds; give the checkpoint.

    Raises:
        ReportDoesNotHold: it does not; the text says what is wrong, in Danish.
        ProofDoesNotHold, NotACheckpoint: the closing entry is not in a log that one of `keys` signed.
    """
    try:
        closing = base64.b64decode(report.entry, validate=True)
        entry = decode(closing)
    except (ValueError, msgspec.DecodeError) as failure:
        message = "slutposten kan ikke læses"
        raise ReportDoesNotHold(message) from failure
    checkpoint = check_proof(report.proof, closing, keys).checkpoint
    is_its_own = is_closing(entry, report.person, report.authority)
    if not is_its_own or (checkpoint.origin, entry.at) != (report.log, report.made_at):
        message = "slutposten hører til et andet udtræk"
        raise ReportDoesNotHold(message)
    _check_lines(report, *tally_on(entry, report.person), core_hash(closing))
    return checkpoint


def _check_lines(report: SubjectLogReport, closing: int, chain: str, core: bytes) -> None:
    counted = [line for line in report.lines if line.number]
    if [line.number for line in counted] != list(range(report.emptied + 1, closing)):
        message = f"de opslag, loggen tæller før nr. {closing}, er her ikke alle i rækkefølge"
        raise ReportDoesNotHold(message)
    if counted != report.lines[len(report.lines) - len(counted) :]:
        message = "rækkefølgen er en anden end loggens"
        raise ReportDoesNotHold(message)
    if report.emptied and not counted:
        return
    start, followed = (bytes.fromhex(report.chain), counted[1:]) if report.emptied else (NOTHING, counted)
    if chain_over([*(bytes.fromhex(line.core) for line in followed), core], start).hex() != chain:
        message = "et opslag er et andet end det, loggen talte med"
        raise ReportDoesNotHold(message)


def check_against(report: SubjectLogReport, entries: Iterable[bytes | None]) -> None:
    """Check a report line by line against a verified log's entries from the first on; emptied ones are `None` or `b""`.

    Raises:
        ReportDoesNotHold: the log holds something else.
    """
    closing, expected, is_there = base64.b64decode(report.entry), list[ReportLine](), False
    for encoded in entries:
        if encoded == closing:
            is_there = True
            break
        line = line_of(encoded, report.person, report.authority) if encoded else None
        if line is not None:
            expected.append(line)
    wrong = None
    if not is_there:
        wrong = "slutposten står ikke i loggen"
    elif len(expected) != len(report.lines):
        wrong = f"loggen har {len(expected)} opslag, og udtrækket {len(report.lines)}"
    for said, true in zip(report.lines, expected, strict=False):
        shown = true if said.withheld is None else ReportLine(true.number, None, None, said.withheld, true.core)
        if wrong is None and said != shown:
            wrong = f"opslag nr. {said.number} er ikke, som loggen siger"
    if wrong is not None:
        raise ReportDoesNotHold(wrong)


def line_of(encoded: bytes, person: str, authority: str) -> ReportLine | None:
    """Make the report's line of an entry; `None` when it is another authority's, or does not name `person`."""
    entry = read(encoded)
    return line_from(entry, encoded, person) if entry is not None and is_on(entry, person, authority) else None


def is_on(entry: Entry, person: str, authority: str) -> bool:
    """Say whether an entry is one of this authority on `person` that a letter tells of: PET's track is not."""
    return entry.authority == authority and person in entry.persons and entry.track is Track.ORDINARY


def line_from(entry: Entry, encoded: bytes, person: str, *, withheld: str | None = None) -> ReportLine:
    """Make the line of an entry that names `person`; with the provision `withheld`, it shows no time and no purpose."""
    number, _ = tally_on(entry, person)
    core = core_hash(encoded).hex()
    if withheld is not None:
        return ReportLine(number, None, None, withheld, core)
    return ReportLine(number, entry.at, purpose_of(entry.purpose, entry.outcome), None, core)


def tally_on(entry: Entry, person: str) -> tuple[int, str]:
    """Give an entry's number and chain (64 hexadecimal digits) for a person; (0, zeros) if the entry has no tally."""
    if isinstance(entry.tally, list) and len(entry.tally) == len(entry.persons):
        return entry.tally[entry.persons.index(person)]
    return 0, NOTHING.hex()


def is_closing(entry: Entry, person: str, authority: str) -> bool:
    """Say whether an entry closes the reports of this authority on persons of whom this is one."""
    return (
        (entry.action, entry.outcome, entry.purpose) == (Action.REPORT_SUBJECT_LOG.value, Outcome.ALLOWED, ORDERED)
        and is_on(entry, person, authority)
        and isinstance(entry.tally, list) and len(entry.tally) == len(entry.persons)
    )
