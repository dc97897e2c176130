"""A log in memory whose entries count and chain their persons as those in the database do."""

import base64
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec

from infohus.kernel.audit.formats.checkpoint import Checkpoint, SigningKey
from infohus.kernel.audit.formats.entry import Entry, Outcome, decode, encode
from infohus.kernel.audit.formats.letters import letter_entry
from infohus.kernel.audit.formats.merkle import Frontier, leaf_hash
from infohus.kernel.audit.storage.export import proof_text
from infohus.kernel.audit.verification.tally import NOTHING, extend_chain
from infohus.kernel.authorization.action import Action
from infohus.whole_case.log_reports.letter import letter
from infohus.whole_case.log_reports.model import (
    GIVEN_OUT,
    ORDERED,
    LeftOut,
    SubjectLogReport,
    digest_of,
    is_on,
    line_from,
    naming_restricted,
)
from infohus.whole_case.rights.withheld_entries import is_withheld

ORIGIN = "eksempel.dk/infohus"
KEY = SigningKey(bytes(range(32)))
HOUR = timedelta(hours=1)
START = datetime(2026, 3, 1, 8, tzinfo=UTC)
OURS, THEIRS = "ishoj-kommune", "kbh-vestegns-politi"
ACTIONS = sorted({action.value for action in Action} - {Action.REPORT_SUBJECT_LOG.value})


@dataclass
class Log:
    """A log kept in memory, counting as the database does."""

    dice: random.Random
    entries: list[bytes] = field(default_factory=list)
    counted: dict[tuple[str, str], tuple[int, bytes]] = field(default_factory=dict)

    def append(
        self, action: str, authority: str, *persons: str, purpose: str | None = None,
        justification: str | None = None,
    ) -> bytes:
        core = encode(Entry(
            at=START + HOUR * len(self.entries), log=UUID(int=1), caller=UUID(int=7), authority=authority,
            role="municipal_coordinator", assurance="high", action=action, subject_kind="case",
            subject=UUID(int=self.dice.getrandbits(128)), case=None, outcome=Outcome.ALLOWED, reason=None, policies=[],
            policy_set="", justification=justification, purpose=purpose, recipients=[], persons=list(persons),
            opened=[], wrote=[], correlation=str(len(self.entries)), nonce=str(self.dice.getrandbits(64)),
        ))
        tally = []
        for person in persons:
            number, chain = self.counted.get((authority, person), (0, NOTHING))
            self.counted[authority, person] = number + 1, extend_chain(chain, leaf_hash(core))
            tally.append([number + 1, self.counted[authority, person][1].hex()])
        self.entries.append(core[:-1] + b',"tally":' + msgspec.json.encode(tally) + b"}" if tally else core)
        return self.entries[-1]

    def uses(self, person: str) -> list[Entry]:
        """List our entries on a person that a letter tells of."""
        return [entry for one in self.entries if is_on(entry := decode(one), person, OURS)]

    def report(self, person: str, *withheld: UUID, silently: bool = False) -> SubjectLogReport:
        """Give a report out without the entries on some records, named as restricted unless `silently`."""
        asked = decode(self.append(Action.REPORT_SUBJECT_LOG.value, OURS, person, purpose=ORDERED))
        uses, restricted = self.uses(person), set(withheld)
        lines = [line_from(entry) for entry in uses if not is_withheld(entry, restricted)]
        report = SubjectLogReport(
            authority=OURS, log=ORIGIN, person=person, made_at=asked.at, lines=lines, entry="", proof="",
            letter="".join(letter("Ishøj Kommune", made_at=asked.at, lines=lines, log_id=person)),
        )
        left_out = LeftOut.of(person, [entry for entry in uses if is_withheld(entry, restricted)])
        named = None if silently else naming_restricted("lawfulness", [left_out.digest])
        return self.seal(report, justification=named)

    def seal(self, report: SubjectLogReport, *, justification: str | None = None) -> SubjectLogReport:
        """Log that a report is given out, and seal it."""
        given = self.append(
            Action.REPORT_SUBJECT_LOG.value, OURS, report.person, purpose=GIVEN_OUT, justification=justification
        )
        act = msgspec.structs.replace(decode(given), tally=msgspec.UNSET)
        self.entries.append(encode(letter_entry(act, digest_of(report))))
        sealing = base64.b64encode(self.entries[-1]).decode()
        return msgspec.structs.replace(report, entry=sealing, proof=self.proof_of_last())

    def proof_of_last(self) -> str:
        frontier = Frontier()
        for one in self.entries[:-1]:
            frontier.append(leaf_hash(one))
        # The last leaf's siblings are the roots of what stands left of it.
        place, siblings = frontier.size, list(reversed(frontier.roots))
        frontier.append(leaf_hash(self.entries[-1]))
        return proof_text(place, siblings, KEY.sign(Checkpoint(ORIGIN, frontier.size, frontier.root())))


def busy_log(dice: random.Random, entries: int = 40) -> tuple[Log, str]:
    """Make a log of two authorities about several persons; give a person whom ours names at least twice."""
    log, persons = Log(dice), [f"person-{n}" for n in range(4)]
    for _ in range(entries):
        named = dice.sample(persons, dice.randrange(3))
        log.append(dice.choice(ACTIONS), dice.choice((OURS, THEIRS)), *named)
    for _ in range(2):
        log.append("readCase", OURS, persons[0])
    return log, persons[0]
