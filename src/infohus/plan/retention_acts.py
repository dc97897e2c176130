"""Set how long a log's entries are kept, as the owner; the log itself and the installation's say so (rule 62)."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from infohus.kernel.audit.storage.log import AnyConnection
from infohus.kernel.audit.storage.written_rows import wrote_of
from infohus.kernel.authorization.action import Action
from infohus.kernel.database.row_digests import REVISION
from infohus.kernel.database.statements import compiled
from infohus.plan.owner_acts import append_owner_entries

_AUDIT = sa.MetaData(schema="audit")
_LOG = sa.Table("log", _AUDIT, sa.Column("id", sa.Uuid, primary_key=True), sa.Column("authority", sa.Text))
_RETENTION = sa.Table(
    "retention", _AUDIT, sa.Column("log_id", sa.Uuid, primary_key=True), sa.Column("years", sa.Integer),
    sa.Column(REVISION, sa.BigInteger),
)
_LOG_ID = sa.bindparam("of_log", type_=sa.Uuid)
_LOCKED_LOG = sa.select(_LOG.c.authority).where(_LOG.c.id == _LOG_ID).with_for_update()
_STORED = sa.select(_RETENTION).where(_RETENTION.c.log_id == _LOG_ID)
_YEARS, _NEXT = sa.bindparam("kept_years", type_=sa.Integer), sa.bindparam("next_revision", type_=sa.BigInteger)
_INSERT = sa.insert(_RETENTION).values(log_id=_LOG_ID, years=_YEARS, revision=_NEXT)
_UPDATE = sa.update(_RETENTION).where(_RETENTION.c.log_id == _LOG_ID).values(years=_YEARS, revision=_NEXT)


class NoSuchLog(Exception):  # noqa: N818 - names the situation
    """The database holds no log with this id."""


async def set_log_retention(owner_connection: AnyConnection, log_id: UUID, *, years: int, at: datetime) -> None:
    """Keep a log's entries for so many years from now on; nothing happens where they are kept as long already.

    Raises:
        NoSuchLog: nothing is changed.
    """
    async with owner_connection.transaction():
        log = await owner_connection.fetchrow(*compiled(_LOCKED_LOG).bound(of_log=log_id))
        if log is None:
            raise NoSuchLog
        stored = await owner_connection.fetchrow(*compiled(_STORED).bound(of_log=log_id))
        before = {} if stored is None else dict(stored)
        if before.get("years") == years:
            return
        after = {"log_id": log_id, "years": years, REVISION: before.get(REVISION, 0) + 1}
        statement = compiled(_UPDATE if before else _INSERT)
        await owner_connection.execute(*statement.bound(of_log=log_id, kept_years=years, next_revision=after[REVISION]))
        await append_owner_entries(
            owner_connection, Action.SET_LOG_RETENTION, concerns=[log["authority"]] if log["authority"] else [],
            infohus_id=None, wrote=[wrote_of(_RETENTION, "update" if before else "insert", before=before, after=after)],
            justification=f"log:{log_id} years:{years}", at=at,
        )
