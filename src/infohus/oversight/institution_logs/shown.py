"""Read the entries of an institution's log that the caller, a DPO, may see, numbered among themselves."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from infohus import errors
from infohus.kernel.audit.formats.entry import Entry, read
from infohus.kernel.unit_of_work.unit import UnitOfWork

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
AT_ONCE = 1_000
_AUTHORITY = sa.bindparam("authority_id", type_=sa.Text)
_MOMENT = sa.DateTime(timezone=True)
_CHECKS = sa.select(sa.func.infohus.checks_log_of(_AUTHORITY).label("checks"))
_ENTRIES = sa.select(
    sa.func.infohus.entries_of_institution(
        _AUTHORITY, sa.bindparam("since", type_=_MOMENT), sa.bindparam("before", type_=_MOMENT),
        sa.bindparam("after", type_=sa.BigInteger), sa.bindparam("most", type_=sa.Integer),
    )
    .table_valued(
        sa.column("place", sa.BigInteger), sa.column("in_log", sa.BigInteger), sa.column("entry", sa.LargeBinary)
    )
    .render_derived()
)


@dataclass(frozen=True, slots=True)
class Shown:
    """An entry at its place among those that are shown; `in_log` is its place in the log, which nobody is told."""

    place: int
    in_log: int
    encoded: bytes

    @property
    def entry(self) -> Entry | None:
        """What is shown of it, built anew of fields that hang on nothing a third authority did; the others are empty.

        The nonce and the correlation id are left out, too: with them whoever guesses what an entry says besides could
        try it against its leaf hash (rule 44).
        """
        entry = read(self.encoded)
        return entry and Entry(
            at=entry.at, log=entry.log, caller=entry.caller, authority=entry.authority, role=entry.role,
            assurance=entry.assurance, action=entry.action, subject_kind=entry.subject_kind,
            subject=entry.subject if entry.case else None, case=entry.case, outcome=entry.outcome,
            purpose=entry.purpose, reason=None, policies=[], policy_set="", justification=None, recipients=[],
            persons=[], opened=[], wrote=[], correlation="", nonce="",
        )


async def require_checked(work: UnitOfWork, authority_id: str) -> None:
    """Require that the caller checks this authority's log.

    Raises:
        NotAvailable: it has a DPO of its own, is no institution of the caller's infohuse, or was never drawn in by the
            caller's authority.
    """
    (checks,) = await work.values(_CHECKS, authority_id=authority_id)
    if not checks["checks"]:
        raise errors.NotAvailable


async def shown(  # noqa: PLR0913 - which entries, by name
    work: UnitOfWork, authority_id: str, *, since: datetime = BEGINNING, before: datetime | None = None,
    after: int = -1, limit: int,
) -> list[Shown]:
    """List entries of `since` or later and earlier than `before`, else up to now, behind a place among them.

    What is told or drawn in later shows none of them, so that their places are the same whenever they are asked for.
    """
    rows = await work.values(
        _ENTRIES, authority_id=authority_id, since=since, before=before or work.now + timedelta(microseconds=1),
        after=after, most=limit,
    )
    return [Shown(row["place"], row["in_log"], row["entry"]) for row in rows]


async def all_shown(
    work: UnitOfWork, authority_id: str, *, since: datetime = BEGINNING, before: datetime | None = None
) -> AsyncIterator[list[Shown]]:
    """Give all of them, some thousand at a time."""
    after, more = -1, True
    while more:
        some = await shown(work, authority_id, since=since, before=before, after=after, limit=AT_ONCE)
        more = len(some) == AT_ONCE
        if some:
            after = some[-1].place
            yield some
