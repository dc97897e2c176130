"""What became of exchanges: to whom each disclosed what, whether that stands, and what corrected it; asked at once."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from infohus.cases.disclosures.given_outside import GIVEN_WAS_WITHDRAWN
from infohus.cases.disclosures.model import Exchange
from infohus.kernel.access.model import STANDS, Disclosure
from infohus.kernel.database.statements import Stored
from infohus.kernel.unit_of_work.lookup import Beside
from infohus.kernel.unit_of_work.unit import UnitOfWork


class Disclosed(NamedTuple):
    """One record, the exchange itself among them, that an exchange disclosed to one recipient; `stands`: see STANDS."""

    kind: str
    record_id: UUID
    discloser_id: str
    recipient_id: str
    is_withdrawn: bool
    stands: bool
    parts: list[str]


class Aftermath(NamedTuple):
    """What the caller's authority may know of it: all disclosures if it disclosed, else those to itself."""

    disclosed: tuple[Disclosed, ...] = ()
    correction_id: UUID | None = None
    given_was_withdrawn: bool = False


_asked = sa.func.unnest(
    sa.bindparam("exchange_ids", type_=sa.ARRAY(sa.Uuid)),
    sa.bindparam("recorded_at", type_=sa.ARRAY(sa.DateTime(timezone=True))),
).table_valued(
    sa.column("id", sa.Uuid), sa.column("recorded_at", sa.DateTime(timezone=True)), name="asked",
).render_derived()
"""Exchanges that the unit has read, so that row security is not asked for them again."""


def aftermath_columns(exchange: sa.FromClause) -> list[sa.ColumnElement[Any]]:
    """Write the columns of what became of an exchange, for `aftermath_of`."""
    disclosed = sa.select(sa.func.row(
        Disclosure.record_kind, Disclosure.record_id, Disclosure.discloser_id, Disclosure.recipient_id,
        Disclosure.withdrawn_at.is_not(None), STANDS, Disclosure.parts,
    )).where(Disclosure.exchange_id == exchange.c.id)
    return [
        sa.func.infohus.correction_of(exchange.c.id, exchange.c.recorded_at).label("correction_id"),
        sa.func.array(disclosed.correlate(exchange).scalar_subquery()).label("disclosed"),
    ]


def _readers(row: Stored) -> list[str]:
    """Read to whom an exchange disclosed itself, withdrawn or not, of the columns beside its row: no other one does."""
    exchange_id = row["r"]["id"]
    return [one.recipient_id for one in _aftermath(row).disclosed if one.record_id == exchange_id]


AFTERMATH = Beside(aftermath_columns, _readers)
"""What became of an exchange, asked beside it as a unit's subject."""
_AFTERMATH = sa.select(_asked.c.id, *aftermath_columns(_asked))
_GIVEN = sa.select(Exchange.id).where(
    Exchange.id == sa.func.any(sa.bindparam("exchange_ids", type_=sa.ARRAY(sa.Uuid))), GIVEN_WAS_WITHDRAWN
)


async def aftermath_of(work: UnitOfWork, exchanges: Sequence[Exchange]) -> Mapping[UUID, Aftermath]:
    """Ask what became of exchanges; of one that this unit records, nothing has."""
    found = {exchange.id: Aftermath() for exchange in exchanges}
    unasked = found.keys() - {exchange.id for exchange in work.pending(Exchange)}
    for exchange in exchanges:
        if exchange is work.resolved.subject and work.resolved.beside is not None:
            found[exchange.id] = _aftermath(work.resolved.beside)
            unasked.discard(exchange.id)
    if stored := [exchange for exchange in exchanges if exchange.id in unasked]:
        ids, moments = [one.id for one in stored], [one.recorded_at for one in stored]
        for row in await work.values(_AFTERMATH, exchange_ids=ids, recorded_at=moments):
            found[row["id"]] = _aftermath(row)
    if outside := [one.id for one in exchanges if one.given_ids]:
        for row in await work.values(_GIVEN, exchange_ids=outside):
            found[row["id"]] = found[row["id"]]._replace(given_was_withdrawn=True)
    return found


def _aftermath(row: Stored) -> Aftermath:
    return Aftermath(tuple(Disclosed(*one) for one in row["disclosed"]), row["correction_id"])
