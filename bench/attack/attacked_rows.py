"""Rows of cases with the logs that name each, made once; each run forges some of them and undoes that afterwards."""

import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from infohus.cases.joint_decisions.model import Signature
from infohus.casework.scope_decisions.model import ScopeDecision
from infohus.kernel.access.key_row_rules import RulesOfKeyRows
from infohus.kernel.access.keys_model import IntakeKey
from infohus.kernel.access.model import Authority, Case, Coordinator, Disclosure, Infohus, Participant
from infohus.kernel.audit.formats.entry import Entry, Outcome, Wrote, encode
from infohus.kernel.audit.storage.log import APPEND, INSTALLATION_LOG, AnyConnection, log_of
from infohus.kernel.audit.storage.written_rows import wrote_of
from infohus.kernel.audit.verification.key_rows import RowFault
from infohus.kernel.audit.verification.logged_rows import LoggedRows
from infohus.kernel.audit.verification.row_reconciliation import RowReconciliation
from infohus.kernel.authorization.action import Action
from infohus.kernel.database.statements import insert_of, table_of, update_of
from infohus.kernel.database.tables import Row
from infohus.kernel.identity.caller import Role

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
OURS, THEIRS = "kommune", "politi"
ROLE_OF = {OURS: Role.MUNICIPAL_COORDINATOR.value, THEIRS: Role.POLICE_COORDINATOR.value}
CASES = 25
GENERATIONS = 3
FIRST = "received"
LEADS_ON = {
    "cleared": (THEIRS, Action.RECORD_CLEARANCE_CHECK), "accepted": (THEIRS, Action.SIGN_SCOPE_DECISION),
    "qualifying": (THEIRS, Action.SIGN_SCREENING), "recommending": (OURS, Action.SIGN_ASSESSMENT),
    "acting": (THEIRS, Action.SIGN_RECOMMENDATION), "closed": (OURS, Action.SIGN_CLOSURE),
}
"""The stages after the first, each with whose act led there."""


class RulesOfBareRows(RulesOfKeyRows):
    """The product's rules, for cases without the decisions that their stages rest on; the tests ask about these."""

    async def rests_on_nothing(
        self, connection: AnyConnection, table: str, stored: Mapping[str, Any],  # noqa: ARG002 - as it is asked
    ) -> bool:
        """Take it that a case was led where it stands."""
        return False


@dataclass
class AttackedRows:
    """A database in which a superuser forges rows, in a transaction that is rolled back after each run."""

    superuser: asyncpg.Connection
    dice: random.Random = field(default_factory=random.Random)
    cases: list[UUID] = field(default_factory=list)
    older: dict[UUID, dict[str, Any]] = field(default_factory=dict)
    """By case: what its row was before it was last changed for good, not by an attack."""

    async def prepare(self) -> None:
        """Write every row as a unit of work does, with an entry that names it."""
        await self.superuser.execute("SET session_replication_role = replica")
        for log_id, authority in ((INSTALLATION_LOG, None), (log_of(OURS), OURS), (log_of(THEIRS), THEIRS)):
            origin = f"infohus.attack/{authority or 'installation'}"
            await self.superuser.execute("SELECT audit.open_log($1, $2, $3)", log_id, origin, authority)
        infohus = uuid4()
        await self.log([await self.insert(
            Infohus, id=infohus, name="Infohus", municipality_id=OURS, police_id=THEIRS, cooperation_form="rpl-115-1-1",
        ), *[
            await self.insert(
                Authority, id=one, name=one, kind=kind, regime=regime, public_task_sector=None,
            )
            for one, kind, regime in ((OURS, "municipality", "gdpr"), (THEIRS, "police", "led"))
        ]], Action.LOAD_PLAN)
        for _ in range(CASES):
            await self._case(infohus)
        for authority in (OURS, THEIRS):
            await self.log([await self.insert(
                Coordinator, infohus_id=infohus, authority_id=authority, person_id=uuid4()
            )], Action.REGISTER_COORDINATOR)
            for generation in range(1, GENERATIONS + 1):
                await self.log([await self.insert(
                    IntakeKey, infohus_id=infohus, authority_id=authority, generation=generation, suite=1,
                    public_key=uuid4().bytes, signer_key_id=f"{authority}/sign-1", signature=uuid4().bytes,
                )], Action.MAKE_INTAKE_KEYS)

    async def _case(self, infohus: UUID) -> None:
        case_id, exchange, record = uuid4(), uuid4(), uuid4()
        self.cases.append(case_id)
        owned = {
            "case_id": case_id, "authority_id": OURS, "regime": "gdpr", "record_version": 1, "recorded_at": AT,
            "recorded_by": uuid4(),
        }
        await self.log([
            await self.insert(
                Case, id=case_id, infohus_id=infohus, number=f"2026-{len(self.cases)}", stage=FIRST, version=1,
                opened_at=AT, closed_at=None, outcome=None,
            ),
            *[
                await self.insert(
                    Participant, id=uuid4(), person_id=uuid4(), acts_for=authority, kind="coordinator", scope=[],
                    begins_at=AT, ends_at=None, ended_at=None, public_task_confirmed=False, records=[], reason=None,
                    **owned,
                )
                for authority in (OURS, THEIRS)
            ],
        ], Action.RECORD_CONCERN, by=OURS, case_id=case_id)
        stages = list(LEADS_ON)[: self.dice.randrange(2, len(LEADS_ON))]
        self.older[case_id] = await self.lead_to(case_id, stages[0])
        signatures = [
            await self.insert(
                Signature, id=uuid4(), case_id=case_id, record_id=record, record_version=1,
                record_kind="scope_decision",
                content_hash=b"h" * 32, authority_id=authority, person_id=uuid4(), signed_at=AT,
            )
            for authority in (OURS, THEIRS)
        ]
        await self.log([
            await self.insert(
                ScopeDecision, id=record, outcome="within_scope", content=b"sealed", content_hash=b"h" * 32,
                exchange_id=exchange, decided_at=None, **owned,
            ),
            await self.insert(
                Disclosure, exchange_id=exchange, record_id=record, recipient_id=THEIRS, record_version=1,
                record_kind="scope_decision", case_id=case_id, discloser_id=OURS, via=[], withdrawn_at=None,
                concerns=[],
            ),
            signatures[0],
        ], Action.PROPOSE_SCOPE_DECISION, by=OURS, case_id=case_id)
        await self.log(signatures[1:], Action.SIGN_SCOPE_DECISION, by=THEIRS, case_id=case_id)
        for stage in stages[1:]:
            self.older[case_id] = await self.lead_to(case_id, stage)

    async def insert(self, model: type[Row], **values: Any) -> Wrote:
        """Insert a row, and describe it as the log does."""
        table = table_of(model)
        values |= {"revision": 1} if "revision" in table.columns else {}
        columns = [name for name in values if name in table.columns]
        places = ", ".join(f"${place}" for place in range(1, len(columns) + 1))
        sql = f'INSERT INTO {table.schema}."{table.name}" ({_quoted(columns)}) VALUES ({places}) RETURNING *'  # noqa: S608
        row = await self.superuser.fetchrow(sql, *(values[name] for name in columns))
        return wrote_of(table, "insert", before={}, after=dict(row))

    async def lead_to(self, case_id: UUID, stage: str, *, act: Action | None = None, **changed: Any) -> dict[str, Any]:
        """Change a case as the act does that leads to a stage, and other columns, or say that another act did.

        The entry says what was read and what is stored. Give the row that was there before.
        """
        before = dict(await self.superuser.fetchrow('SELECT * FROM infohus."case" WHERE id = $1', case_id))
        values, (by, action) = {"stage": stage, **changed, "version": before["version"] + 1}, LEADS_ON[stage]
        values["revision"] = before["revision"] + 1
        ready = update_of(Case, tuple(sorted(values)))
        await self.superuser.execute(*ready.bound(**values, primary_key_id=case_id, read_revision=before["revision"]))
        after = dict(await self.superuser.fetchrow('SELECT * FROM infohus."case" WHERE id = $1', case_id))
        wrote = wrote_of(table_of(Case), "update", before=before, after=after)
        await self.log([wrote], act or action, by=by, case_id=case_id)
        return before

    async def log(
        self, wrote: list[Wrote], action: Action, *, by: str | None = None, case_id: UUID | None = None
    ) -> None:
        """Append an entry that names these rows to an authority's log, or to the installation's."""
        log_id = INSTALLATION_LOG if by is None else log_of(by)
        entry = Entry(
            at=AT, log=log_id, caller=None, authority=by, role=None if by is None else ROLE_OF[by], assurance=None,
            action=action, subject_kind="case", subject=None,
            case=case_id, outcome=Outcome.ALLOWED, reason=None, policies=[], policy_set="",
            justification=None, purpose=None, recipients=[], persons=[], opened=[], wrote=wrote, correlation="",
            nonce=uuid4().hex[:22],
        )
        await self.superuser.execute(APPEND, log_id, encode(entry))

    async def faults(self) -> list[RowFault]:
        """Do what `infohus audit verify --rows` does."""
        with LoggedRows() as logged:
            reconciliation, found = RowReconciliation(logged, RulesOfBareRows()), list[RowFault]()
            while not reconciliation.is_done:
                found += await reconciliation.step(self.superuser)
        return found

    async def place(self, table: str, *, schema: str = "infohus") -> str:
        """Draw a row of a table; a condition that finds it."""
        rows = await self.superuser.fetch(f"SELECT ctid::text AS place FROM {schema}.{table} ORDER BY ctid")  # noqa: S608
        return f"ctid = '{self.dice.choice(rows)['place']}'"


RowAttack = Callable[[AttackedRows], Awaitable[None]]


def changing(table: str, *changes: str) -> RowAttack:
    """Make the attack that changes a random row of a table in one of these ways."""

    async def attack(rows: AttackedRows) -> None:
        change, place = rows.dice.choice(changes), await rows.place(table)
        done = await rows.superuser.execute(f"UPDATE infohus.{table} SET {change} WHERE {place}")  # noqa: S608
        assert done == "UPDATE 1", done  # noqa: S101 - an attack that does nothing is none

    return attack


def adding(table: str, *changed: tuple[str, str]) -> RowAttack:
    """Make the attack that inserts another row like a random one, but for some columns, given as SQL."""

    async def attack(rows: AttackedRows) -> None:
        place = await rows.place(table)
        columns = [row["column_name"] for row in await rows.superuser.fetch(
            "SELECT column_name FROM information_schema.columns WHERE table_schema = 'infohus' AND table_name = $1",
            table.strip('"'),
        )]
        values = ", ".join(dict(changed).get(name, f'"{name}"') for name in columns)
        sql = f"INSERT INTO infohus.{table} ({_quoted(columns)}) SELECT {values} FROM infohus.{table} WHERE {place}"  # noqa: S608
        assert await rows.superuser.execute(sql) == "INSERT 0 1"  # noqa: S101 - as above

    return attack


async def delete_a_row(rows: AttackedRows) -> None:
    """Delete a random row of a random table."""
    table = rows.dice.choice(('"case"', "participant", "signature", "disclosure", "scope_decision", "coordinator"))
    await rows.superuser.execute(f"DELETE FROM infohus.{table} WHERE {await rows.place(table)}")  # noqa: S608


async def put_an_older_state_back(rows: AttackedRows) -> None:
    """Make a case's row exactly what it was, or what it was under its present revision."""
    case_id = rows.dice.choice(sorted(rows.older))
    older = dict(rows.older[case_id])
    if rows.dice.random() < 0.5:  # noqa: PLR2004 - one half
        del older["revision"]
    columns = sorted(older)
    settings = ", ".join(f'"{name}" = ${place}' for place, name in enumerate(columns, 2))
    sql = f'UPDATE infohus."case" SET {settings} WHERE id = $1'  # noqa: S608
    await rows.superuser.execute(sql, case_id, *(older[name] for name in columns))


async def forge_and_act_on_it(rows: AttackedRows) -> None:
    """Forge a stage, and let an act change the case, whose entry then has the digest of the forged row."""
    case_id = rows.dice.choice(rows.cases)
    await rows.superuser.execute('UPDATE infohus."case" SET outcome = $2 WHERE id = $1', case_id, "forged")
    await rows.lead_to(case_id, rows.dice.choice(list(LEADS_ON)))


async def delete_with_an_entry_and_put_back(rows: AttackedRows) -> None:
    """Put a tovholder back whom the operator removed."""
    place = await rows.place("coordinator")
    row = dict(await rows.superuser.fetchrow(f"DELETE FROM infohus.coordinator WHERE {place} RETURNING *"))  # noqa: S608
    wrote = wrote_of(table_of(Coordinator), "delete", before=row, after={})
    await rows.log([wrote], Action.REMOVE_COORDINATOR)
    await rows.superuser.execute(*insert_of(Coordinator).bound(**row))


async def spoil_an_intake_key(rows: AttackedRows) -> None:
    """Take an intake key away, so that an older one counts again, or put another in its place."""
    place = await rows.place("intake_key", schema="keys")
    statement = rows.dice.choice((
        "DELETE FROM keys.intake_key", "UPDATE keys.intake_key SET generation = generation + 10",
        "UPDATE keys.intake_key SET public_key = sha256(public_key)",
        "UPDATE keys.intake_key SET signature = sha256(signature), signer_key_id = 'x'",
    ))
    await rows.superuser.execute(f"{statement} WHERE {place}")


ROW_ATTACKS: dict[str, RowAttack] = {
    "a signature forged": adding("signature", ("id", "gen_random_uuid()"), ("person_id", "gen_random_uuid()"),
                                 ("content_hash", "sha256(content_hash)")),
    "a signature given to another": changing("signature", "person_id = gen_random_uuid()", "record_id = id"),
    "a participant forged": adding("participant", ("id", "gen_random_uuid()"), ("person_id", "gen_random_uuid()")),
    "a participation changed": changing("participant", "ended_at = now()", "person_id = case_id", "acts_for = 'x'"),
    "a tovholder forged": adding("coordinator", ("person_id", "gen_random_uuid()")),
    "a stage changed": changing('"case"', "stage = 'hindered'", "stage = 'police_alone', revision = revision + 1"),
    "an outcome changed": changing("scope_decision", "outcome = 'outside_scope'", "decided_at = now()"),
    "a disclosure moved": changing("disclosure", "recipient_id = 'x'", "record_id = case_id", "withdrawn_at = now()"),
    "an older state put back": put_an_older_state_back,
    "a row deleted": delete_a_row,
    "a deleted row put back": delete_with_an_entry_and_put_back,
    "a row that no log names": adding("disclosure", ("recipient_id", "'psykiatri'")),
    "a forged row that an act then changed": forge_and_act_on_it,
    "an intake key taken away or replaced": spoil_an_intake_key,
}


def _quoted(names: list[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
