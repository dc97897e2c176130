"""A log report as its bytes, made piece by piece from lines that are held outside of memory: it has no longest.

The bytes are those of `SubjectLogReport` as JSON, which whoever checks it reads as a whole.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from itertools import islice

import msgspec

from infohus.kernel.answers.whole_answers import WholeAnswer
from infohus.kernel.sealing.spool import SealedSpool
from infohus.whole_case.log_reports.letter import letter
from infohus.whole_case.log_reports.model import ReportLine, SubjectLogReport


@dataclass(slots=True)
class ReportLines:
    """The lines of a report, oldest first."""

    count: int = 0
    _spool: SealedSpool = field(default_factory=SealedSpool)

    def add(self, line: ReportLine) -> None:
        """Add a line behind the others."""
        self._spool.write(msgspec.json.encode(line) + b"\n")
        self.count += 1

    def first(self, count: int) -> Iterator[bytes]:
        """Give the first lines as JSON."""
        return islice(self._spool.lines(), count)


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenReport:
    """A report whose lines are the first `count` of `lines`; `authority` is its id, and `name` what it is called."""

    authority: str
    name: str
    log: str
    person: str
    made_at: datetime
    lines: ReportLines
    count: int

    def digest(self) -> str:
        """Compute the digest that the log seals it by; see `digest_of`."""
        digest = sha256()
        for piece in self.pieces(entry="", proof=""):
            digest.update(piece)
        return digest.hexdigest()

    def pieces(self, *, entry: str, proof: str) -> Iterator[bytes]:
        """Give its JSON piece by piece, with the entry that seals it, in base64, and the proof of that."""
        around = SubjectLogReport(
            authority=self.authority, log=self.log, person=self.person, made_at=self.made_at, lines=[], letter="",
            entry=entry, proof=proof,
        )
        before, lines, after = msgspec.json.encode(around).partition(b'"lines":[]')
        yield before + lines.removesuffix(b"]")
        for number, line in enumerate(self.lines.first(self.count)):
            yield b"," + line if number else line
        start, letter_field, end = after.partition(b'"letter":"')
        yield b"]" + start + letter_field
        read = (msgspec.json.decode(line, type=ReportLine) for line in self.lines.first(self.count))
        for text in letter(self.name, made_at=self.made_at, lines=read, log_id=self.person):
            yield msgspec.json.encode(text)[1:-1]
        yield end


@dataclass(frozen=True, slots=True)
class SealedReport:
    """A written report with the entry that seals it, in base64, and the proof of that."""

    report: WrittenReport
    entry: str
    proof: str


def answer_of(reports: Sequence[SealedReport]) -> WholeAnswer:
    """Make the JSON of `LogReports`."""

    def pieces() -> Iterator[bytes]:
        yield b'{"reports":['
        for number, one in enumerate(reports):
            yield b"," if number else b""
            yield from one.report.pieces(entry=one.entry, proof=one.proof)
        yield b"]}"

    return WholeAnswer.of(pieces)
