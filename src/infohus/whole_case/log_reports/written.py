"""A log report as its bytes, made piece by piece from lines that are held outside of memory: it has no longest.

The bytes are those of `SubjectLogReport` as JSON, which whoever checks it reads as a whole.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

import msgspec

from infohus.kernel.answers.whole_answers import WholeAnswer
from infohus.kernel.sealing.spool import SealedLines
from infohus.whole_case.log_reports.letter import letter
from infohus.whole_case.log_reports.model import ReportLine, SubjectLogReport


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenReport:
    """A report whose lines are the first `count` of `lines`; `authority` is its id, and `name` what it is called."""

    authority: str
    name: str
    log: str
    person: str
    made_at: datetime
    lines: SealedLines[ReportLine]
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
        before, _, rest = msgspec.json.encode(around).partition(b'[],"letter":"')
        yield before
        yield from self.lines.array(self.count)
        yield b',"letter":"'
        lines = self.lines.first(self.count)
        for text in letter(self.name, made_at=self.made_at, lines=lines, log_id=self.person):
            yield msgspec.json.encode(text)[1:-1]
        yield rest


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
