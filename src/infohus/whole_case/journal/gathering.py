"""Gather what a journal note says, some decisions and exchanges at a time, and write it piece by piece.

The lines are held outside of memory until the log has the SHA-256 of the text.
"""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256

import msgspec
import sqlalchemy as sa

from infohus.cases.disclosures.model import Exchange, Paragraph
from infohus.cases.joint_decisions.model import JointDecision
from infohus.cases.joint_decisions.operations import signatures_of
from infohus.casework.exchanges.aftermath import aftermath_of
from infohus.casework.exchanges.corrections import corrections_of
from infohus.casework.exchanges.exchange_facts import recipients_shown
from infohus.casework.exchanges.receipts import withdrawn_of
from infohus.kernel.answers.pages import NIL
from infohus.kernel.answers.whole_answers import WholeAnswer
from infohus.kernel.sealing.spool import SealedLines
from infohus.kernel.unit_of_work.unit import UnitOfWork
from infohus.whole_case.decision_kinds import JOINT_DECISIONS
from infohus.whole_case.journal.model import JournalDecision, JournalExchange, JournalNote, JournalSignature
from infohus.whole_case.journal.note import note_in_danish

AT_ONCE = 50
_FIRST = datetime(1, 1, 1, tzinfo=UTC)
_LATER = (sa.bindparam("at", type_=sa.DateTime(timezone=True)), sa.bindparam("after", type_=sa.Uuid))
_EXCHANGES = (
    sa.select(Exchange)
    .where(
        Exchange.case_id == sa.bindparam("case_id"), Exchange.paragraph != Paragraph.ON_REQUEST_OF_PET,
        sa.tuple_(Exchange.exchanged_at, Exchange.id) > sa.tuple_(*_LATER),
    )
    .order_by(Exchange.exchanged_at, Exchange.id)
    .limit(AT_ONCE)
)
"""A note leaves the system, and many read it: nothing in it tells that PET asked (rule 85)."""
_decided = sa.union_all(*(
    sa.select(model.id, model.decided_at).where(
        model.case_id == sa.bindparam("case_id"), model.decided_at.is_not(None)
    )
    for model in JOINT_DECISIONS
)).subquery()
_DECIDED = (
    sa.select(_decided)
    .where(sa.tuple_(_decided.c.decided_at, _decided.c.id) > sa.tuple_(*_LATER))
    .order_by(_decided.c.decided_at, _decided.c.id)
    .limit(AT_ONCE)
)
_BY_IDS = {
    model: sa.select(model).where(model.id == sa.func.any(sa.bindparam("ids", type_=sa.ARRAY(sa.Uuid))))
    for model in JOINT_DECISIONS
}


@dataclass(frozen=True, slots=True)
class GatheredNote:
    """A note without its lists and its text, and its lists."""

    head: JournalNote
    decisions: SealedLines[JournalDecision] = field(default_factory=lambda: SealedLines(JournalDecision))
    exchanges: SealedLines[JournalExchange] = field(default_factory=lambda: SealedLines(JournalExchange))

    async def gather(self, work: UnitOfWork) -> None:
        """Take in the decisions and exchanges of the case that the caller's authority may see."""
        async for decision in _made_decisions(work):
            signed = await signatures_of(work, decision)
            signatures = [JournalSignature(row.authority_id, row.signed_at) for row in signed]
            self.decisions.add(JournalDecision(
                decision.__tablename__, decision.result, decision.decided_at or work.now, decision.content_hash.hex(),
                sorted(signatures, key=lambda signature: signature.signed_at),
            ))
        async for exchanges in _exchanges(work):
            found = await aftermath_of(work, exchanges)
            corrections = await corrections_of(work, found)
            for exchange in exchanges:
                self.exchanges.add(JournalExchange(
                    exchange.id, exchange.authority_id, recipients_shown(exchange, work.caller.authority_id),
                    exchange.paragraph.value, exchange.exchanged_at, exchange.declared_not_for_investigation,
                    exchange.consent, exchange.manifest.hex(), withdrawn_of(found[exchange.id]).withdrawn_from,
                    corrections[exchange.id].is_corrected,
                ))

    def text(self) -> Iterator[str]:
        """Write the text, piece by piece."""
        return note_in_danish(
            self.head, decisions=self.decisions.first(self.decisions.count),
            exchanges=self.exchanges.first(self.exchanges.count),
        )

    def digest(self) -> str:
        """Compute the SHA-256 of the text, hexadecimal."""
        digest = sha256()
        for piece in self.text():
            digest.update(piece.encode())
        return digest.hexdigest()

    def answer(self) -> WholeAnswer:
        """Make the JSON of `JournalNote`."""
        return WholeAnswer.of(partial(self._pieces, msgspec.structs.replace(self.head, digest=self.digest())))

    def _pieces(self, head: JournalNote) -> Iterator[bytes]:
        before, _, rest = msgspec.json.encode(head).partition(b'[],"exchanges":[],')
        yield before
        yield from self.decisions.array(self.decisions.count)
        yield b',"exchanges":'
        yield from self.exchanges.array(self.exchanges.count)
        proof, _, end = rest.partition(b'"text":"')
        yield b"," + proof + b'"text":"'
        for piece in self.text():
            yield msgspec.json.encode(piece)[1:-1]
        yield end


async def _made_decisions(work: UnitOfWork) -> AsyncIterator[JointDecision]:
    at, after = _FIRST, NIL
    while some := await work.values(_DECIDED, case_id=work.case.id, at=at, after=after):
        ids = [row["id"] for row in some]
        found: dict[object, JointDecision] = {}
        for model, statement in _BY_IDS.items():
            found.update({row.id: row for row in await work.rows(model, statement, ids=ids)})
        for decision_id in ids:
            yield found[decision_id]
        at, after = some[-1]["decided_at"], ids[-1]


async def _exchanges(work: UnitOfWork) -> AsyncIterator[list[Exchange]]:
    at, after = _FIRST, NIL
    while some := await work.rows(Exchange, _EXCHANGES, case_id=work.case.id, at=at, after=after):
        yield some
        at, after = some[-1].exchanged_at, some[-1].id
