"""What the caller can do with the exchanges and requests of a case, each with those that it can be done with.

Only what the caller's authority gave, received or was asked is looked at, which each side sees of itself.
"""

from collections.abc import Iterable, Iterator
from uuid import UUID

import sqlalchemy as sa

from infohus.cases.disclosures.model import Exchange, Paragraph
from infohus.cases.procedure.table import PROCEDURE
from infohus.casework.exchanges.model import InformationRequest
from infohus.casework.exchanges.receipts import Receipts, receipts_of
from infohus.kernel.access.model import ParticipationKind
from infohus.kernel.authorization.action import Action
from infohus.kernel.identity.caller import AuthorityKind
from infohus.kernel.unit_of_work.unit import UnitOfWork

MOST = 50
"""So many of the newest are named; `GET …/exchanges` lists all."""
_WITH_TOVHOLDER = frozenset({AuthorityKind.MUNICIPALITY, AuthorityKind.POLICE})
_NEWEST = (
    sa.select(Exchange).where(Exchange.case_id == sa.bindparam("case_id")).order_by(Exchange.id.desc()).limit(MOST)
)
_ASKED = (
    sa.select(InformationRequest.id)
    .where(
        InformationRequest.case_id == sa.bindparam("case_id"), InformationRequest.answer.is_(None),
        InformationRequest.asked_of == sa.bindparam("authority_id", type_=sa.Text),
        sa.or_(InformationRequest.under_pet_loven_4, sa.bindparam("is_open", type_=sa.Boolean)),
    )
    .order_by(InformationRequest.id.desc())
    .limit(MOST)
)


async def acts_on_exchanges(work: UnitOfWork) -> dict[Action, list[UUID]]:
    """Give the ids of what each act can be done with, newest first; an act without any is left out.

    Who was drawn in neither corrects nor takes back, and answers only for an authority without a tovholder (rule 86).
    In a closed case only PET's request under PET-loven § 4 is answered (rule 85); all else here is done at any stage.
    """
    if not work.allows(Action.LIST_EXCHANGES):
        return {}
    exchanges = await work.rows(Exchange, _NEWEST, case_id=work.case.id)
    receipts, corrected = await receipts_of(work, exchanges), {one.corrects_id for one in exchanges}
    is_open = work.case.stage in PROCEDURE[Action.ANSWER_INFORMATION_REQUEST].stages
    is_drawn_in = work.participation.kind == ParticipationKind.INVITED
    answers = not is_drawn_in or work.caller.authority_kind not in _WITH_TOVHOLDER
    asked = await work.values(
        _ASKED, case_id=work.case.id, authority_id=work.caller.authority_id, is_open=is_open
    ) if answers else []
    found: dict[Action, list[UUID]] = {}
    for one in exchanges:
        own = work.caller.authority_id
        acts: Iterable[Action] = ()
        if one.authority_id == own and not is_drawn_in:
            acts = _of_given(one, receipts[one.id], is_corrected=one.id in corrected)
        elif one.authority_id != own and own in one.recipients:
            acts = _of_received(receipts[one.id], own)
        for action in acts:
            found.setdefault(action, []).append(one.id)
    if asked:
        found[Action.ANSWER_INFORMATION_REQUEST] = [row["id"] for row in asked]
    return found


def _of_given(exchange: Exchange, receipts: Receipts, *, is_corrected: bool) -> Iterator[Action]:
    if not is_corrected:
        yield Action.CORRECT_EXCHANGE
    hands_over = exchange.paragraph is Paragraph.CHILD_IS_NOTIFIED
    if {*exchange.recipients} - {*receipts.withdrawn_from} and not hands_over:
        yield Action.WITHDRAW_EXCHANGE


def _of_received(receipts: Receipts, own: str) -> Iterator[Action]:
    if own in receipts.withdrawn_from or receipts.rests_on_withdrawn:
        return
    if own in receipts.unacknowledged:
        yield Action.ACKNOWLEDGE_EXCHANGE
    yield Action.KEEP_DISCLOSED
