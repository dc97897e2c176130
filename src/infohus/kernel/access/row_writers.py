"""Who may write which row, by what the row itself says and the logs say of it: for whoever compares the two."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from infohus.kernel.access.model import Authority, Case, Infohus, SidePerson
from infohus.kernel.access.row_acts import DELETE, INSERT, RETENTION, UPDATE, WITHDRAW, is_done_by, writes
from infohus.kernel.access.row_histories import changed_otherwise
from infohus.kernel.audit.formats.emptying import CARRIED, CARRY_ROWS
from infohus.kernel.audit.storage.log import AnyConnection
from infohus.kernel.audit.verification.claims import SAME_MOMENT_SECONDS
from infohus.kernel.audit.verification.key_rows import EXCHANGE_KEY
from infohus.kernel.audit.verification.logged_rows import ComparedRow, Written
from infohus.kernel.database.statements import compiled

_OWN = "authority_id"
_EITHER = "infohus"
"""Stands for the two authorities of the row's infohus, whose tovholdere may both write it."""
_WRITER = "exchange"
"""Stands for the authority that recorded the row's exchange."""

OPERATORS: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(("assessment_template", "intake_key", "intake_secret", "plan"), frozenset({INSERT})),
    **dict.fromkeys(("authority", "infohus", "obligation", RETENTION), frozenset({INSERT, UPDATE})),
    **dict.fromkeys(("coordinator", "infohus_authority"), frozenset({INSERT, DELETE})),
}
"""What the operator does, in the installation's log, with rows of which table."""
MET = (SidePerson.__tablename__, INSERT)
"""What any act of an authority writes, also one that reads several cases: a person whom it meets for the first time."""
ALSO: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("case", INSERT): (_EITHER,),
    ("case", UPDATE): (_EITHER,),
    ("disclosed_key", DELETE): (_WRITER,),
    ("disclosed_key", INSERT): (_WRITER,),
    ("disclosure", INSERT): ("discloser_id",),
    ("disclosure", WITHDRAW): ("discloser_id",),
    ("exchange_key", DELETE): ("discloser_id",),
    ("exchange_key", INSERT): ("discloser_id",),
    ("exchange_key", UPDATE): ("recipient_id",),
    ("fulfilment", INSERT): (_EITHER,),
    ("information_request", UPDATE): ("asked_of",),
    ("network_material", INSERT): (_EITHER,),
    ("obligation", UPDATE): (_EITHER,),
    ("participant", UPDATE): ("acts_for",),
    ("assessment", UPDATE): (_EITHER,),
    ("closure", UPDATE): (_EITHER,),
    ("recommendation", UPDATE): (_EITHER,),
    ("scope_decision", UPDATE): (_EITHER,),
    ("screening", UPDATE): (_EITHER,),
}
"""Which authorities a row names besides `authority_id` that may do what with it."""

_OF_INFOHUS = sa.select(Infohus.municipality_id, Infohus.police_id).where(Infohus.id == sa.bindparam("infohus_id"))
_OF_CASE = sa.select(Infohus.municipality_id, Infohus.police_id).join(Case, Case.infohus_id == Infohus.id).where(
    Case.id == sa.bindparam("case_id")
)
_RESTS = sa.select(
    sa.func.infohus.stage_rests_on(
        sa.bindparam("case_id", type_=sa.Uuid), sa.bindparam("stage", type_=sa.Text), sa.null()
    ).label("rests")
)
_KIND_OF = sa.select(Authority.kind).where(Authority.id == sa.bindparam("id"))


class RowWriters:
    """Answers for one comparison."""

    def __init__(self) -> None:
        """Know no authority's kind yet."""
        self._kinds: dict[str, str] = {}

    def begin_turn(self) -> None:
        """Forget which kinds the authorities were of."""
        self._kinds.clear()

    def writes(self, action: str, table: str, verb: str, *, authority: str | None) -> bool:
        """Say whether an act of an authority, or with `None` of the operator, does this with rows of a table."""
        if verb == CARRIED or action == CARRY_ROWS:
            return verb == CARRIED and action == CARRY_ROWS
        return writes(action, table, verb, authority=authority)

    def meets(self, table: str, verb: str) -> bool:
        """Say whether any act of an authority may do that, whatever its case: meeting a person writes their row."""
        return (table, verb) == MET

    def changed_otherwise(self, table: str, stored: Mapping[str, Any], history: Sequence[Written]) -> str | None:
        """Say in Danish which change no act makes so, if any; `stored` is the row as the newest of `history` says."""
        return changed_otherwise(table, stored, history)

    async def rests_on_nothing(self, connection: AnyConnection, table: str, stored: Mapping[str, Any]) -> bool:
        """Say whether a case stands at a stage to which no check and no decision of both authorities led."""
        if table != Case.__tablename__:
            return False
        rows = await connection.fetch(*compiled(_RESTS).bound(case_id=stored["id"], stage=stored["stage"]))
        return not rows[0]["rests"]

    def receives(self, table: str, key: Mapping[str, str], authority: str | None) -> bool:
        """Say whether an authority changes a row that another one inserts, by the columns of the row's key."""
        return authority is not None and authority in {key.get(name) for name in ALSO.get((table, UPDATE), ())}

    async def may_write(
        self, connection: AnyConnection, row: ComparedRow, said: Written, *, authority: str | None
    ) -> bool:
        """Say whether an authority, or with `None` the operator, may do with a row what an entry says it did.

        By what the row says, and of one that is gone, by its key and whoever wrote it first. Who wrote it, carries it.
        """
        table, verb = row.table, said.verb
        if authority is None:
            return (verb == CARRIED and table in OPERATORS) or verb in OPERATORS.get(table, ())
        if (verb == DELETE and said.was is None and table != EXCHANGE_KEY) or not _is_as_it_must_be(row, said):
            return False
        if verb != CARRIED and not is_done_by(said.action, said.role, await self._kind_of(connection, authority)):
            return False
        return await self._is_its_to_write(connection, row, verb, authority)

    async def _is_its_to_write(self, connection: AnyConnection, row: ComparedRow, verb: str, authority: str) -> bool:
        """Say whether a row names an authority among those that may do this with it."""
        table = row.table
        for one in (INSERT, UPDATE, WITHDRAW, DELETE) if verb == CARRIED else (verb,):
            for name in ALSO.get((table, one), ()):
                if one == UPDATE and not row.is_stored and name not in row.columns:
                    return True  # it says nothing of whether the row was deleted
                if authority in await self._named(connection, name, row):
                    return True
        if table in OPERATORS or verb not in {INSERT, UPDATE, CARRIED}:
            return False
        return bool(row.columns.get(_OWN, None if row.is_stored else row.writer) == authority)

    async def _kind_of(self, connection: AnyConnection, authority: str) -> str:
        """Give an authority's kind; asked for once a turn."""
        if authority not in self._kinds:
            rows = await connection.fetch(*compiled(_KIND_OF).bound(id=authority))
            self._kinds[authority] = rows[0]["kind"] if rows else ""
        return self._kinds[authority]

    async def _named(self, connection: AnyConnection, name: str, row: ComparedRow) -> set[str | None]:
        if name == _WRITER:
            return {row.exchanges_writer or row.writer}
        if name != _EITHER:
            return {row.columns.get(name, row.writer)}
        if "infohus_id" in row.columns:
            query, bound = _OF_INFOHUS, {"infohus_id": row.columns["infohus_id"]}
        elif row.case_id is not None:
            query, bound = _OF_CASE, {"case_id": UUID(row.case_id)}
        else:
            return {row.writer}
        rows = await connection.fetch(*compiled(query).bound(**bound))
        return {value for found in rows for value in found.values()} or {row.writer}


def _is_as_it_must_be(row: ComparedRow, said: Written) -> bool:
    """Say whether a change is one that acts make, where every change is alike: a participation ends, then or before."""
    if (row.table, said.verb) != ("participant", UPDATE) or row.columns.get("revision") != said.revision:
        return True
    ended_at: datetime | None = row.columns["ended_at"]
    return ended_at is not None and ended_at.timestamp() <= said.at + SAME_MOMENT_SECONDS
