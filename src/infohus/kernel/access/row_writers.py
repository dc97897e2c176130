"""Who may write which row, by what the row itself says: for whoever compares rows with the logs."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from infohus.kernel.access.model import Case, Infohus, SidePerson
from infohus.kernel.audit.formats.emptying import CARRIED, CARRY_ROWS
from infohus.kernel.audit.storage.log import AnyConnection
from infohus.kernel.authorization.action import Action
from infohus.kernel.database.statements import compiled

INSERT, UPDATE, WITHDRAW, DELETE = "insert", "update", "withdraw", "delete"
_OWN = "authority_id"
_EITHER = "infohus"
"""Stands for the two authorities of the row's infohus, whose tovholdere may both write it."""
_WRITER = "exchange"
"""Stands for the authority that recorded the row's exchange."""

OPERATORS: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(("authority", "infohus", "infohus_authority", "intake_key", "intake_secret"), frozenset({INSERT})),
    **dict.fromkeys(("assessment_template", "plan"), frozenset({INSERT, UPDATE})),
    **dict.fromkeys(("coordinator", "obligation"), frozenset({INSERT, UPDATE, DELETE})),
}
"""What the operator does, in the installation's log, with rows of which table."""
OPERATORS_ACTS = frozenset({
    Action.LOAD_PLAN, Action.LOAD_TEMPLATE, Action.MAKE_INTAKE_KEYS, Action.REGISTER_COORDINATOR,
})
"""What the command line does as the database's owner, told by the installation's log."""
READING = (
    "exportInstallationLog", "exportLog", "list", "openActor", "openOnRequest", "prove", "read", "reportErasure",
    "reportSubjectLog", "revealAddress", "revealCprNumber", "reviewAnswers", "search", "serve", "supervise", "verify",
    "withdrawKeysAgain",
)
"""How the names of acts begin that write no row but those of whom they meet."""
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
    ("participant", UPDATE): ("acts_for", _EITHER),
    ("assessment", UPDATE): (_EITHER,),
    ("closure", UPDATE): (_EITHER,),
    ("recommendation", UPDATE): (_EITHER,),
    ("scope_decision", UPDATE): (_EITHER,),
    ("screening", UPDATE): (_EITHER,),
}
"""Which authorities a row names besides `authority_id` that may do what with it."""

_ACTS = frozenset(one.value for one in Action)
_OF_INFOHUS = sa.select(Infohus.municipality_id, Infohus.police_id).where(Infohus.id == sa.bindparam("infohus_id"))
_OF_CASE = sa.select(Infohus.municipality_id, Infohus.police_id).join(Case, Case.infohus_id == Infohus.id).where(
    Case.id == sa.bindparam("case_id")
)
_EXCHANGE = sa.table("exchange", sa.column("id", sa.Uuid), sa.column("authority_id"), schema=Case.__table__.schema)
_OF_EXCHANGE = sa.select(_EXCHANGE.c.authority_id).where(_EXCHANGE.c.id == sa.bindparam("exchange_id", type_=sa.Uuid))


class RowWriters:
    """Answers for one comparison; the writer of the exchange that was asked of last is remembered."""

    def __init__(self) -> None:
        """Begin without any."""
        self._exchange: tuple[UUID, str | None] | None = None

    def writes_rows(self, action: str, *, carries: bool, authority: str | None) -> bool:
        """Say whether an authority's act, or with `None` the operator's, writes rows, or carries what was written."""
        if carries or action == CARRY_ROWS:
            return carries and action == CARRY_ROWS
        if action not in _ACTS:
            return False
        return (action in OPERATORS_ACTS) if authority is None else not action.startswith(READING)

    def meets(self, table: str, verb: str) -> bool:
        """Say whether any act of an authority may do that, whatever its case: meeting a person writes their row."""
        return (table, verb) == MET

    async def may_write(
        self, connection: AnyConnection, table: str, stored: Mapping[str, Any], *, verb: str, authority: str | None
    ) -> bool:
        """Say whether an authority, or with `None` the operator, may do this with a row; who wrote it, may carry it.

        It may where the row that says so is gone: that one is named for itself.
        """
        if authority is None:
            return (verb == CARRIED and table in OPERATORS) or verb in OPERATORS.get(table, ())
        verbs = (INSERT, UPDATE, WITHDRAW, DELETE) if verb == CARRIED else (verb,)
        for one in verbs:
            for name in ALSO.get((table, one), ()):
                named = await self._named(connection, name, stored)
                if authority in named or not named:
                    return True
        if table in OPERATORS or verb not in {INSERT, UPDATE, CARRIED}:
            return False
        return stored.get(_OWN) == authority

    async def _named(self, connection: AnyConnection, name: str, stored: Mapping[str, Any]) -> set[str | None]:
        if name == _EITHER:
            query, of = (_OF_INFOHUS, "infohus_id") if "infohus_id" in stored else (_OF_CASE, "case_id")
            rows = await connection.fetch(*compiled(query).bound(**{of: stored[of]}))
            return {value for row in rows for value in row.values()}
        if name == _WRITER:
            exchange_id: UUID = stored["exchange_id"]
            if self._exchange is None or self._exchange[0] != exchange_id:
                writer = await connection.fetchval(*compiled(_OF_EXCHANGE).bound(exchange_id=exchange_id))
                self._exchange = (exchange_id, writer)
            return {self._exchange[1]} - {None}
        return {stored[name]}
