"""How a unit of work finds its subject: one query that brings the row, the case, who takes part and the keys.

Row security has already hidden what the caller may not see; a subject that is not found and one that is hidden look
the same here, and stay the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from uuid import UUID

import asyncpg

from infohus.kernel.access.model import Case, Infohus, ParticipationKind
from infohus.kernel.authorization.policies import Resource
from infohus.kernel.database.statements import row_from, table_of
from infohus.kernel.database.tables import Record, Row
from infohus.kernel.identity.caller import AuthorityKind

INSTALLATION_LOG = UUID(int=0)
"""The log of the installation itself: sign-ins, and refusals before a case is known."""


class Lock(StrEnum):
    """How firmly a unit holds its case while it works."""

    NONE = ""
    RECORDING = "FOR KEY SHARE OF c"
    """Others may record too; nobody may decide."""
    DECIDING = "FOR UPDATE OF c"
    """Nobody else records or decides on this case until the unit ends."""


_ALONE = {Lock.RECORDING: "pg_advisory_xact_lock_shared", Lock.DECIDING: "pg_advisory_xact_lock"}


def advisory_lock_column(lock: Lock, case_id: UUID | None) -> str:
    """Give one more column of a SELECT, which waits until the unit may go on, and holds the case until it ends."""
    if case_id is None or lock is Lock.NONE:
        return ""
    number = int.from_bytes(case_id.bytes[-8:], signed=True)
    return f", {_ALONE[lock]}({number})"


@dataclass(frozen=True, slots=True)
class Party:
    """An authority that takes part: what it is, and its wrapped case key where it has one."""

    kind: AuthorityKind
    case_key: bytes | None


@dataclass(frozen=True, slots=True)
class ResolvedSubject:
    """What the query brought: parts that do not apply are `None` or empty."""

    log_id: UUID = INSTALLATION_LOG
    infohus_id: UUID | None = None
    case: Case | None = None
    subject: Row | None = None
    parties: dict[str, Party] = field(default_factory=dict)
    readers: tuple[str, ...] = ()
    participation: str = "none"
    taking_part: UUID | None = None
    """The caller, when taking part."""
    scope: frozenset[str] = frozenset()
    records: frozenset[UUID] = frozenset()
    """The items that an invitation is narrowed to; empty when it is not."""
    case_key: bytes | None = None
    record_key: tuple[UUID, bytes] | None = None

    @property
    def pseudonyms(self) -> list[str]:
        """Under which pseudonyms the case's subjects stand in the log."""
        return self.case.subject_pseudonyms if self.case is not None else []

    @property
    def authorities(self) -> tuple[str, ...]:
        """Authorities that take part in the case now; for an infohus: those of its plan."""
        return tuple(self.parties)


_TAKES_PART_NOW = "begins_at <= infohus.acting_at() AND (ends_at IS NULL OR ends_at > infohus.acting_at())"

_INFOHUS = """
SELECT {columns}, EXISTS (
    SELECT FROM infohus.coordinator o WHERE o.infohus_id = i.id AND o.person_id = $2 AND o.authority_id = $3
  ) AS is_coordinator,
  parties.authorities, parties.kinds
FROM infohus.infohus i
LEFT JOIN LATERAL (
  SELECT array_agg(a.id) AS authorities, array_agg(a.kind) AS kinds FROM infohus.authority a
  WHERE a.id IN (SELECT o.authority_id FROM infohus.infohus_authority o WHERE o.infohus_id = i.id)
) parties ON true
WHERE i.id = $1
"""

_CASE = f"""
SELECT {{columns}}, p.kind AS participation, p.person_id AS taking_part, p.scope, p.records{{more_columns}}
FROM infohus."case" c
LEFT JOIN LATERAL (
  SELECT kind, person_id, scope, records FROM infohus.participant
  WHERE case_id = c.id AND person_id = $2 AND acts_for = $3 AND {_TAKES_PART_NOW} ORDER BY kind LIMIT 1
) p ON true
{{more_joins}}
WHERE c.id = $1 {{lock}}
"""  # noqa: S608 - column names of our own tables

_OWN_KEY_COLUMN = ", k.wrapped_key AS case_key"
_OWN_KEY_JOIN = """
LEFT JOIN infohus.case_key k ON k.case_id = c.id AND k.authority_id = $3"""

_PARTIES_COLUMNS = ", parties.authorities, parties.kinds, parties.case_keys"
_PARTIES_JOIN = f"""
LEFT JOIN LATERAL (
  SELECT array_agg(a.id) AS authorities, array_agg(a.kind) AS kinds, array_agg(parties_key.wrapped_key) AS case_keys
  FROM infohus.authority a
  LEFT JOIN infohus.case_key parties_key ON parties_key.case_id = c.id AND parties_key.authority_id = a.id
  WHERE a.id IN (SELECT o.acts_for FROM infohus.participant o WHERE o.case_id = c.id AND {_TAKES_PART_NOW})
) parties ON true"""  # noqa: S608 - column names of our own tables

_RECORD_COLUMNS = """,
  ARRAY(SELECT d.recipient_id FROM infohus.disclosure d WHERE d.record_id = r.id AND d.withdrawn_at IS NULL) AS readers,
  r_key.key_id AS key_id, r_key.wrapped_key AS record_key, {columns}"""

_RECORD_JOINS = """
LEFT JOIN infohus.{table} r ON r.case_id = c.id AND r.id = $4
LEFT JOIN infohus.record_key r_key ON r_key.record_id = r.id AND r_key.authority_id = $3"""


@cache
def case_query(record: type[Record] | None, lock: Lock) -> str:
    """Give the SQL that finds a case ($1) for a person ($2) of an authority ($3), and a record in it ($4).

    Who else takes part comes along unless one record is only read: then nobody asks.
    """
    columns = ", ".join(f'c.{column.name} AS "c.{column.name}"' for column in table_of(Case).columns)
    more_columns, more_joins = _OWN_KEY_COLUMN, _OWN_KEY_JOIN
    if record is None or lock is not Lock.NONE:
        more_columns, more_joins = _PARTIES_COLUMNS, _PARTIES_JOIN
    if record is not None:
        table = table_of(record)
        own = ", ".join(f'r.{column.name} AS "r.{column.name}"' for column in table.columns)
        more_columns += _RECORD_COLUMNS.format(columns=own)
        more_joins += _RECORD_JOINS.format(table=table.name)
    return _CASE.format(columns=columns, more_columns=more_columns, more_joins=more_joins, lock=lock.value)


@cache
def infohus_query() -> str:
    """Give the SQL that finds an infohus ($1) for a person ($2) of an authority ($3)."""
    return _INFOHUS.format(
        columns=", ".join(f'i.{column.name} AS "i.{column.name}"' for column in table_of(Infohus).columns)
    )


def resolved_infohus(row: asyncpg.Record | None) -> ResolvedSubject:
    """Read the answer of `infohus_query`."""
    if row is None:
        return ResolvedSubject()
    infohus = row_from(Infohus, row, prefix="i.")
    return ResolvedSubject(
        log_id=infohus.id,
        infohus_id=infohus.id,
        subject=infohus,
        parties={
            authority: Party(AuthorityKind(kind), None)
            for authority, kind in zip(row["authorities"] or (), row["kinds"] or (), strict=True)
        },
        participation=ParticipationKind.COORDINATOR.value if row["is_coordinator"] else "none",
    )


def resolved_case(row: asyncpg.Record | None, record: type[Record] | None) -> ResolvedSubject:
    """Read the answer of `case_query`. A record that is not there, or hidden, leaves `subject` None."""
    if row is None:
        return ResolvedSubject()
    case = row_from(Case, row, prefix="c.")
    subject: Row | None = case
    readers: tuple[str, ...] = ()
    record_key = None
    parties = {
        authority: Party(AuthorityKind(kind), case_key)
        for authority, kind, case_key in zip(
            row.get("authorities") or (), row.get("kinds") or (), row.get("case_keys") or (), strict=True
        )
    }
    if record is not None:
        subject = row_from(record, row, prefix="r.") if row["r.id"] is not None else None
        if isinstance(subject, Record):
            readers = (subject.authority_id, *row["readers"])
            record_key = (row["key_id"], row["record_key"]) if row["key_id"] is not None else None
    return ResolvedSubject(
        log_id=case.infohus_id,
        infohus_id=case.infohus_id,
        case=case,
        subject=subject,
        parties=parties,
        readers=readers,
        participation=row["participation"] or "none",
        taking_part=row["taking_part"],
        scope=frozenset(row["scope"] or ()),
        records=frozenset(row["records"] or ()),
        case_key=row.get("case_key"),
        record_key=record_key,
    )


def resource_of(resolved: ResolvedSubject, subject: Row | None, readers: Sequence[str]) -> Resource:
    """Describe a subject to the policies."""
    case = resolved.case
    if isinstance(subject, Record) and case is not None:
        delivered_by = getattr(subject, "delivered_by", None)
        return Resource.record(
            subject.id, kind=subject.__tablename__, owner=subject.authority_id, readers=readers, case_id=case.id,
            delivered=delivered_by is not None and delivered_by == resolved.taking_part,
            given=not resolved.records or subject.id in resolved.records or subject.recorded_by == resolved.taking_part,
        )
    if isinstance(subject, Case):
        return Resource.case(subject.id, infohus_id=subject.infohus_id, authorities=resolved.authorities)
    if isinstance(subject, Infohus):
        return Resource.infohus(subject.id, authorities=resolved.authorities)
    return Resource.installation()
