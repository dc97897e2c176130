"""Row security lets nobody write what the policies would not: rows are added and changed within one's authority alone.

And no way leads past it, neither for the application's role nor for the owner of the tables.
"""

import json
from collections import Counter
from dataclasses import replace
from typing import Final
from uuid import UUID, uuid4

import asyncpg
import pytest

from house import now
from infohus.kernel.authorization.action import Action
from infohus.kernel.identity.caller import Role
from policies.asking_rows import Asked, Question, who
from policies.conftest import Compared
from policies.lookers import Looker, person
from policies.own_rows import NOT_OWNED, Columns, is_in_own_name, may_take_step

ADDING: Final = {
    "information": Action.NOTE_INFORMATION, "clearance_check": Action.RECORD_CLEARANCE_CHECK,
    "exchange": Action.RECORD_EXCHANGE, "onward_notice": Action.RECORD_EXCHANGE, "disclosure": Action.RECORD_EXCHANGE,
    "first_view": Action.STATE_FIRST_VIEW,
    "scope_decision": Action.PROPOSE_SCOPE_DECISION, "screening": Action.PROPOSE_SCREENING,
    "assessment": Action.OPEN_ASSESSMENT, "recommendation": Action.PROPOSE_RECOMMENDATION,
    "measure": Action.START_MEASURE, "closure": Action.PROPOSE_CLOSURE,
    "participant": Action.INVITE_PARTICIPANT, "invitation": Action.INVITE_PARTICIPANT,
    # A key comes with every record that somebody who takes part at all may write.
    "record_key": Action.READ_CASE, "disclosed_key": Action.RECORD_EXCHANGE,
    "custody_release": Action.RECORD_CUSTODY_RELEASE,
    "information_request": Action.REQUEST_INFORMATION, "note": Action.WRITE_NOTE,
    "journal_reference": Action.SET_JOURNAL_REFERENCE, "access_request": Action.RECORD_ACCESS_REQUEST,
    "restriction": Action.RESTRICT_ACCESS, "legal_hold": Action.SET_LEGAL_HOLD,
    "archive_clearance": Action.RECORD_ARCHIVE_CLEARANCE, "release": Action.RELEASE_WITHHELD,
    "earlier_concerns_seen": Action.CONFIRM_EARLIER_CONCERNS,
    # Made by whoever takes part, by the first act that writes or that meets a person who was disclosed.
    "case_side": Action.READ_CASE, "side_person": Action.READ_CASE,
}
"""The act on a case that adds a row to a table."""
ADDING_AT_INTAKE: Final = frozenset({
    "concern", "concern_form", "reporter", "subject", "child_notification", "protected_address",
})
ADDING_TO: Final = {
    "contribution": (Action.CONTRIBUTE_TO_ASSESSMENT, "assessment_id"),
    "follow_up": (Action.RECORD_FOLLOW_UP, "measure_id"),
    "scope_disagreement": (Action.DIFFER_ON_SCOPE_DECISION, "scope_decision_id"),
    "receipt": (Action.ACKNOWLEDGE_EXCHANGE, "exchange_id"), "withdrawal": (Action.WITHDRAW_EXCHANGE, "exchange_id"),
    "age_statement": (Action.READ_SUBJECT, "subject_id"),
    "kept_mark": (Action.KEEP_DISCLOSED, "exchange_id"),
    "reporter_release": (Action.RELEASE_REPORTER_IDENTITY, "reporter_id"),
}
"""The act on another record that adds one, and the column that names the other."""
CHANGING: Final = {
    "scope_decision": Action.SIGN_SCOPE_DECISION, "screening": Action.SIGN_SCREENING,
    "assessment": Action.SIGN_ASSESSMENT, "recommendation": Action.SIGN_RECOMMENDATION, "closure": Action.SIGN_CLOSURE,
    "participant": Action.END_PARTICIPATION, "information_request": Action.ANSWER_INFORMATION_REQUEST,
    "access_request": Action.EXPORT_ACCESS_PACKAGE, "restriction": Action.LIFT_RESTRICTION,
    "legal_hold": Action.LIFT_LEGAL_HOLD,
}
"""The act on a record that changes it; of a joint decision, the act that signs it."""
ENDING: Final = "ended_at = coalesce(ended_at, infohus.acting_at())"
"""How a participation changes: it ends now, once."""
IN_A_PERSONS_NAME: Final = frozenset({"signature", "receipt", "earlier_concerns_seen"})
NEVER_CHANGED: Final = ("id", "case_id", "infohus_id", "number", "authority_id", "regime", "recorded_at", "recorded_by")
ADD: Final = 'INSERT INTO infohus."{table}" SELECT * FROM jsonb_populate_record(NULL::infohus."{table}", $1::jsonb)'


def writers(compared: Compared) -> list[Looker]:
    """Choose one of those who see the same in the same role for the same authority, and are let in so."""
    alike = {
        (looker.caller.role, looker.caller.authority_id, seen): looker
        for looker, seen in reversed(compared.seen.items()) if looker.is_let_in and "an hour ago" not in looker.name
    }
    return list(alike.values())


def drafts(asked: Asked, looker: Looker) -> list[tuple[str, Columns]]:
    """Copy a row per table and owner, from the case with most rows: once as it is, once as the looker's own.

    Signatures are copied from every case: what they sign may be hidden.
    """
    rows = [row for row in asked.world.rows if row.table not in {"case", "answered_request"}]
    per_case = Counter(row.case_id for row in rows)
    fullest_last = sorted(rows, key=lambda row: per_case[row.case_id])
    chosen = {
        (row.table, row.columns.get("authority_id"), row.case_id if row.table == "signature" else None): row
        for row in fullest_last
    }.values()
    copies = [(row.table, {**row.columns, "id": str(uuid4())}) for row in chosen]
    return copies + [(table, _own(table, columns, looker)) for table, columns in copies if table not in NOT_OWNED]


def _own(table: str, columns: Columns, looker: Looker) -> Columns:
    changed = {**columns, "authority_id": looker.caller.authority_id}
    if table in IN_A_PERSONS_NAME:
        changed["person_id"] = str(looker.caller.person_id)
    return changed


def may_add(asked: Asked, looker: Looker, table: str, columns: Columns) -> bool:
    """Ask the policies whether somebody may add a row; nobody writes in another's name."""
    if not is_in_own_name(asked, looker, table, columns):
        return False
    if table == "child_notification_step":
        return may_take_step(asked, looker, columns)
    return asked.allows(looker, _adding(asked, looker, table, columns))


def _adding(asked: Asked, looker: Looker, table: str, columns: Columns) -> Question:
    case_id = UUID(columns["case_id"])
    if table in ADDING_AT_INTAKE:
        return asked.on_infohus(looker, Action.RECORD_CONCERN, case_id)
    if table in ADDING_TO:
        action, column = ADDING_TO[table]
        return asked.on_record(looker, action, UUID(columns[column]), case_id)
    if table == "signature":
        return asked.on_record(looker, CHANGING[columns["record_kind"]], UUID(columns["record_id"]), case_id)
    return asked.on_case(looker, ADDING[table], case_id)


async def is_let(app: asyncpg.Connection, statement: str, *values: object) -> bool:
    """Try a statement and take it back; row security judges before any constraint does."""
    attempt = app.transaction()
    await attempt.start()
    try:
        await app.execute(statement, *values)
    except asyncpg.InsufficientPrivilegeError as refused:
        if "row-level security" not in str(refused):
            raise
        return False
    except asyncpg.IntegrityConstraintViolationError:
        return True
    finally:
        await attempt.rollback()
    return True


class WhenSomebodyAddsARow:
    @pytest.mark.rule(45)
    async def test_row_security_refuses_what_the_policies_refuse(
        self, compared: Compared, app: asyncpg.Connection
    ) -> None:
        faults, added = [], set()
        for looker in writers(compared):
            async with app.transaction():
                await app.execute("SELECT infohus.act_as($1, $2, $3, $4)", *who(looker))
                for table, columns in drafts(compared.asked, looker):
                    let = await is_let(app, ADD.format(table=table), json.dumps(columns))
                    allowed = may_add(compared.asked, looker, table, columns)
                    added |= {table} if let else set()
                    if let != allowed:
                        faults.append(f"{looker}, {table} of {columns.get('authority_id')}: {let=} {allowed=}")
        assert faults == []
        assert added == set(compared.asked.world.tables) - {"case", "answered_request"}

    async def test_a_case_is_opened_by_tovholdere_of_the_infohus(
        self, compared: Compared, app: asyncpg.Connection
    ) -> None:
        case = next(row.columns for row in compared.asked.world.rows if row.table == "case")
        draft = json.dumps({**case, "id": str(uuid4()), "number": "2026-99999"})
        opening = set()
        for looker in (one for one in compared.seen if one.is_let_in):
            async with app.transaction():
                await app.execute("SELECT infohus.act_as($1, $2, $3, $4)", *who(looker))
                if await is_let(app, ADD.format(table="case"), draft):
                    opening.add((looker.name.split(",")[0], looker.caller.role))
        assert opening == {
            ("kommune", Role.MUNICIPAL_COORDINATOR), ("politi", Role.POLICE_COORDINATOR),
            ("tovholder who came later", Role.MUNICIPAL_COORDINATOR),
            ("tovholder who came later", Role.POLICE_COORDINATOR),
        }

    @pytest.mark.rule(46)
    async def test_a_tovholder_joins_the_case_they_open_and_no_other(
        self, compared: Compared, app: asyncpg.Connection
    ) -> None:
        late = next(
            looker for looker in compared.seen
            if looker.name.startswith("tovholder who came later, ishoj") and looker.caller.role.value.startswith("muni")
        )
        rows = compared.asked.world.rows
        case = next(row.columns for row in rows if row.table == "case")
        own = {
            **next(row.columns for row in rows if row.table == "participant" and row.columns["kind"] == "coordinator"),
            "id": str(uuid4()), "authority_id": "ishoj-kommune", "person_id": str(late.caller.person_id),
        }
        opened = {**case, "id": str(uuid4()), "number": "2026-99999"}
        joining = [json.dumps({**own, "case_id": where["id"]}) for where in (case, opened)]
        let = []
        for opening in (False, True):
            transaction = app.transaction()
            await transaction.start()
            await app.execute("SELECT infohus.act_as($1, $2, $3, $4)", *who(late))
            if opening:
                await app.execute(ADD.format(table="case"), json.dumps(opened))
            let += [await is_let(app, ADD.format(table="participant"), draft) for draft in joining]
            await transaction.rollback()
        assert let == [False, False, False, True]

    async def test_a_request_is_remembered_for_its_own_sender(
        self, compared: Compared, app: asyncpg.Connection
    ) -> None:
        sent = next(row.columns for row in compared.asked.world.rows if row.table == "answered_request")
        looker = next(looker for looker in compared.seen if str(looker.caller.person_id) == sent["person_id"])
        async with app.transaction():
            await app.execute("SELECT infohus.act_as($1, $2, $3, $4)", *who(looker))
            let = [
                await is_let(app, ADD.format(table="answered_request"), json.dumps({**sent, "person_id": str(sender)}))
                for sender in (looker.caller.person_id, person("somebody else"))
            ]
        assert let == [True, False]


class WhenSomebodyChangesARow:
    @pytest.mark.rule(45)
    async def test_row_security_lets_change_what_the_policies_let_change(
        self, compared: Compared, app: asyncpg.Connection, superuser: asyncpg.Connection
    ) -> None:
        columns = await changeable_columns(superuser)
        for table in ("obligation", "log_check", "log_check_entry", "log_finding", "case_side"):
            del columns[table]  # test_obligations.py, test_log_check_rows.py and test_side_rows.py ask about them
        assert set(columns) == {*CHANGING, "case", "signature"}
        faults, changed_tables = [], set()
        for looker in writers(compared):
            for table, changeable in columns.items():
                if table == "participant" and looker.caller.role is Role.INVITED_PROFESSIONAL:
                    continue  # the next test asks about those who leave
                change = ENDING if table == "participant" else f'"{changeable[0]}" = "{changeable[0]}"'
                changed = await _changed(app, looker, f'UPDATE infohus."{table}" SET {change}')  # noqa: S608
                allowed = {
                    row.columns["id"] for row in compared.asked.world.rows
                    if row.table == table and _may_change(compared.asked, looker, table, row.columns)
                }
                changed_tables |= {table} if changed else set()
                if changed != allowed:
                    faults.append(f"{looker}, {table}: {len(changed)} changed, {len(allowed)} allowed")
        assert faults == []
        assert changed_tables == set(columns)

    @pytest.mark.rule(22)
    async def test_a_professional_ends_their_own_participation_and_nobody_makes_one_longer(
        self, compared: Compared, app: asyncpg.Connection
    ) -> None:
        guests = [looker for looker in writers(compared) if looker.caller.role is Role.INVITED_PROFESSIONAL]
        everywhere = 'UPDATE infohus."participant" {}'
        nobody_elses = f"SET {ENDING} WHERE person_id = infohus.caller_person()"
        ended = set()
        for looker in writers(compared):
            for longer in ("begins_at", "NULL", "infohus.acting_at() + interval '1 second'"):
                change = f"SET ended_at = {longer}"
                assert await _changed(app, looker, everywhere.format(change)) == set(), f"{looker}: {longer}"
        for looker in guests:
            ended |= await _changed(app, looker, everywhere.format(nobody_elses))
        own = {
            row.columns["id"] for row in compared.asked.world.rows
            for looker in guests if row.table == "participant" and row.columns["kind"] == "invited"
            and (row.columns["person_id"], row.columns["acts_for"])
            == (str(looker.caller.person_id), looker.caller.authority_id)
        }
        assert ended
        assert ended <= own

    async def test_nobody_changes_whose_a_row_is(
        self, app: asyncpg.Connection, superuser: asyncpg.Connection
    ) -> None:
        columns = await changeable_columns(superuser)
        assert {table: [name for name in names if name in NEVER_CHANGED] for table, names in columns.items()} == {
            table: [] for table in columns
        }
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied"):
            await app.execute("UPDATE infohus.measure SET authority_id = 'kbh-vestegns-politi'")

    @pytest.mark.parametrize("statement", ['DELETE FROM infohus."{}"', 'TRUNCATE infohus."{}" CASCADE'])
    async def test_nobody_removes_one(self, compared: Compared, app: asyncpg.Connection, statement: str) -> None:
        for table in (*compared.asked.world.tables, "authority", "infohus", "coordinator"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied"):
                await app.execute(statement.format(table))


def _may_change(asked: Asked, looker: Looker, table: str, columns: Columns) -> bool:
    record_id, case_id = UUID(columns["id"]), UUID(columns["id" if table == "case" else "case_id"])
    if table == "case":
        # Every act that moves a case is a tovholder's; this one is possible at all its stages.
        return asked.allows(looker, asked.on_case(looker, Action.PROPOSE_CLOSURE, case_id))
    if table == "signature":
        # Its own authority takes a signature back; who may sign the record may do that.
        signing = asked.on_record(looker, CHANGING[columns["record_kind"]], UUID(columns["record_id"]), case_id)
        return columns["authority_id"] == looker.caller.authority_id and asked.allows(looker, signing)
    if table == "participant" and (columns["kind"], columns["authority_id"]) != (
        "invited", looker.caller.authority_id
    ):
        return False  # whoever drew a professional in ends that, and no other authority
    return asked.allows(looker, asked.on_record(looker, CHANGING[table], record_id, case_id))


async def _changed(app: asyncpg.Connection, looker: Looker, statement: str) -> set[str]:
    attempt = app.transaction()
    await attempt.start()
    try:
        # Now, where they look now: a change is refused at another moment, and the world may have taken minutes to ask.
        at_work = replace(looker, moment=max(looker.moment, now()))
        await app.execute("SELECT infohus.act_as($1, $2, $3, $4)", *who(at_work))
        return {str(row["id"]) for row in await app.fetch(f"{statement} RETURNING id")}
    except asyncpg.InsufficientPrivilegeError as refused:
        if "row-level security" not in str(refused):
            raise
        return set()
    except asyncpg.IntegrityConstraintViolationError:
        return set()  # a trigger: it is set once
    finally:
        await attempt.rollback()


async def changeable_columns(superuser: asyncpg.Connection) -> dict[str, list[str]]:
    """Read which columns of which tables the application may UPDATE at all."""
    found = await superuser.fetch(
        """
        SELECT c.relname, array_agg(a.attname::text ORDER BY a.attnum) AS columns
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        WHERE c.relnamespace = 'infohus'::regnamespace AND c.relkind IN ('r', 'p')
          AND has_column_privilege('infohus_app', c.oid, a.attnum, 'UPDATE')
        GROUP BY 1 ORDER BY 1
        """
    )
    return {row["relname"]: row["columns"] for row in found}
