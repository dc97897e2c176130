"""Each authority has a log of its own: what stands in it, and who can read it and append to it (rule 90)."""

from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import product
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import pytest

from checked_log import CHECKS, busy, found_at, revealed, review
from conftest import Database
from house import AUTHORITIES, MUNICIPALITY, POLICE, House, now
from infohus.demo.people import DEMO_PEOPLE
from infohus.kernel.access.row_acts import OPERATORS_ACTS
from infohus.kernel.audit.formats.emptying import CARRIED, CARRY_ROWS, EMPTY_LOG_ENTRIES
from infohus.kernel.audit.formats.entry import Counted, Emptied, Entry, Opened, Wrote, encode
from infohus.kernel.audit.storage.log import APPEND, INSTALLATION_LOG, log_of
from infohus.kernel.authorization.action import Action
from infohus.kernel.identity.caller import Role
from infohus.kernel.unit_of_work.refusal_counts import sign_in_entry
from persons import named_otherwise

TABLES = ("log", "frontier", "leaf", "tally", "checkpoint", "cosignature", "retention")
AUTHORITY_IDS = [row[0] for row in AUTHORITIES]
DPO = Role.DATA_PROTECTION_OFFICER


async def entries_of(house: House, authority: str) -> list[Entry]:
    """Read an authority's log."""
    return await house.entries(log_of(authority))


def an_entry(log_id: UUID, authority: str | None = None, **more: Any) -> bytes:
    """Make an entry of nobody, in whose log it stands."""
    entry = sign_in_entry(log_id, now(), reason="counted")
    return encode(msgspec.structs.replace(entry, authority=authority, **more))


@pytest.fixture
async def app(house: House, database: Database) -> AsyncIterator[asyncpg.Connection]:
    """Connect as the application's role, beside the application; every log has an entry and a checkpoint."""
    connection = await asyncpg.connect(database.dsn("app"))
    await house.sql("INSERT INTO audit.retention SELECT id, 7 FROM audit.log")
    for log_id in (INSTALLATION_LOG, *map(log_of, AUTHORITY_IDS)):
        await house.sql(APPEND, log_id, an_entry(log_id))
    await house.sql("SELECT audit.keep_checkpoint(id, 1, 'note', now()) FROM audit.log")
    await house.sql("SELECT audit.keep_cosignature(id, 1, $1) FROM audit.log", f"— vidne {'A' * 102}==\n")
    await house.sql("INSERT INTO audit.tally SELECT id, 'a', 'p', 'ordinary', 1, '' FROM audit.log")
    yield connection
    await connection.close()
    superuser = await asyncpg.connect(house.superuser)
    # It counts no entry, so the verification after the test would miss one.
    await superuser.execute("SET session_replication_role = replica; DELETE FROM audit.tally WHERE person = 'p'")
    await superuser.execute("DELETE FROM audit.retention")  # as no log says it
    await superuser.close()


async def acting_as(connection: asyncpg.Connection, authority: str, role: Role) -> None:
    """Say who acts, as each unit of work does, until the transaction ends."""
    await connection.execute("BEGIN")
    await connection.fetchval("SELECT infohus.act_as($1, $2, $3, now())", authority, UUID(int=1), role.value)


class WhenTheApplicationsRoleReadsLogs:
    @pytest.mark.rule(61)
    @pytest.mark.rule(90)
    @pytest.mark.parametrize("table", TABLES)
    async def test_it_sees_the_acting_authoritys_and_for_a_dpo_the_installations(
        self, app: asyncpg.Connection, table: str
    ) -> None:
        column = "id" if table == "log" else "log_id"
        for authority, role in product(AUTHORITY_IDS, Role):
            await acting_as(app, authority, role)
            rows = await app.fetch(f"SELECT DISTINCT {column} AS log FROM audit.{table}")  # noqa: S608 - our names
            await app.execute("ROLLBACK")
            shown = {log_of(authority)} | ({INSTALLATION_LOG} if role is DPO else set())
            assert {row["log"] for row in rows} == shown, (authority, role)

    @pytest.mark.rule(90)
    @pytest.mark.parametrize("table", TABLES)
    async def test_acting_for_nobody_it_sees_none(self, app: asyncpg.Connection, table: str) -> None:
        assert await app.fetch(f"SELECT * FROM audit.{table}") == []  # noqa: S608 - our names

    @pytest.mark.rule(90)
    async def test_a_log_that_is_named_is_no_more_seen(self, app: asyncpg.Connection) -> None:
        await acting_as(app, MUNICIPALITY, DPO)
        assert await app.fetch("SELECT * FROM audit.leaf WHERE log_id = $1", log_of(POLICE)) == []


class WhenTheApplicationsRoleAppends:
    @pytest.mark.rule(90)
    @pytest.mark.parametrize("acting", [None, *AUTHORITY_IDS])
    async def test_it_reaches_the_acting_authoritys_log_alone(
        self, app: asyncpg.Connection, acting: str | None
    ) -> None:
        reached = set()
        for authority in (None, *AUTHORITY_IDS):
            log_id = INSTALLATION_LOG if authority is None else log_of(authority)
            if acting is None:
                await app.execute("BEGIN")
            else:
                await acting_as(app, acting, DPO)
            try:
                await app.fetchval(APPEND, log_id, an_entry(log_id, acting))
                reached.add(authority)
            except asyncpg.InsufficientPrivilegeError as refused:
                assert "another authority" in str(refused)  # noqa: PT017 - most of them are refused
            await app.execute("ROLLBACK")
        assert reached == {acting}

    @pytest.mark.rule(58)
    @pytest.mark.rule(90)
    async def test_it_says_nothing_that_another_says(self, app: asyncpg.Connection) -> None:
        at, wrote = now(), [Wrote("insert", "coordinator", ["x"], 1, "d")]
        emptied, counted = Emptied(0, 1, at - timedelta(days=4000)), Counted(at, {"expired": 1})
        everywhere: list[dict[str, Any]] = [
            {"action": EMPTY_LOG_ENTRIES, "emptied": emptied}, {"action": EMPTY_LOG_ENTRIES}, {"emptied": emptied},
            {"action": CARRY_ROWS, "wrote": [msgspec.structs.replace(wrote[0], verb=CARRIED)]},
            *({"action": act.value} for act in {*OPERATORS_ACTS, Action.REPLACE_SIGNER, Action.WITHDRAW_KEYS_AGAIN}),
        ]
        by_log: dict[str | None, list[dict[str, Any]]] = {
            MUNICIPALITY: [{"authority": POLICE}, {"authority": None}, {"authority": ""}, {"counted": counted}],
            None: [
                {"authority": MUNICIPALITY}, {"caller": UUID(int=1)}, {"role": "owner"}, {"case": UUID(int=1)},
                {"wrote": wrote}, {"persons": ["a" * 22]}, {"opened": [Opened("note", "text", UUID(int=1))]},
            ],
        }
        right: dict[str | None, dict[str, Any]] = {MUNICIPALITY: {"wrote": wrote}, None: {"counted": counted}}
        for acting, refused in by_log.items():
            log_id = INSTALLATION_LOG if acting is None else log_of(acting)
            for more in (*everywhere, *refused):
                await (app.execute("BEGIN") if acting is None else acting_as(app, acting, DPO))
                with pytest.raises(asyncpg.PostgresError, match=r"does not say this|another authority"):
                    await app.execute(APPEND, log_id, an_entry(log_id, **{"authority": acting, **more}))
                await app.execute("ROLLBACK")
            await (app.execute("BEGIN") if acting is None else acting_as(app, acting, DPO))
            assert await app.fetchval(APPEND, log_id, an_entry(log_id, acting, **right[acting]))
            await app.execute("ROLLBACK")


class WhenSomebodyActs:
    @pytest.mark.rule(56)
    @pytest.mark.rule(90)
    async def test_all_of_it_stands_in_the_log_of_their_own_authority(self, house: House) -> None:
        case = await (await house.case()).accept()
        await case.politi.get(f"{case.path}/information/{await case.note()}", status=404)
        for name in ("dpo", "politi-dpo", "jurist", "admin"):
            await house.person(name).call("GET", "/log/entries")
        for authority in AUTHORITY_IDS:
            entries = await entries_of(house, authority)
            assert {entry.authority for entry in entries} <= {authority}
            assert {entry.log for entry in entries} <= {log_of(authority)}
        acted = {entry.caller for entry in await house.all_entries()}
        named = ("kommune", "politi", "dpo", "politi-dpo", "jurist", "admin")
        assert acted == {DEMO_PEOPLE[name].person_id for name in named}
        assert await house.entries(INSTALLATION_LOG) == []

    @pytest.mark.rule(90)
    async def test_neither_log_grows_by_what_the_other_authority_does(self, house: House) -> None:
        case = await (await house.case()).accept()
        await case.politi.get(case.path)
        before = await entries_of(house, MUNICIPALITY)
        item = await case.note("Kun politiets.", by=POLICE)
        await case.politi.get(f"{case.path}/information/{item}")
        await case.politi.post(f"{case.path}/notes", {"text": "Eget notat."}, status=400)
        await case.politi.get(f"/cases/{UUID(int=9)}", status=404)
        assert await entries_of(house, MUNICIPALITY) == before


class WhenLogsAreReadOverHttp:
    @pytest.mark.fault("A8")
    @pytest.mark.fault("A9")
    @pytest.mark.rule(61)
    @pytest.mark.rule(90)
    @pytest.mark.parametrize("path", ["/log", "/log/entries", "/log/proofs/0", "/log/checkpoints", "/log/checkpoint"])
    async def test_each_route_has_one_rule_for_each_role(self, house: House, path: str) -> None:
        await (await house.case()).accept()
        for name in ("dpo", "jurist", "politi-dpo"):
            await house.person(name).get("/log")
        answers = {
            name: (await house.person(name).call("GET", path)).status_code
            for name in ("kommune", "politi", "raadgiver", "admin", "dpo", "jurist", "politi-dpo")
        }
        may = {name for name, status in answers.items() if status == 200}
        assert may == {"dpo", "jurist", "politi-dpo"}
        assert set(answers.values()) == {200, 403}

    @pytest.mark.fault("A8")
    @pytest.mark.rule(90)
    async def test_a_dpo_sees_the_entries_of_their_own_people_and_no_byte_of_others(self, house: House) -> None:
        case = await (await house.case()).accept()
        await case.note("Kun politiets.", by=POLICE)
        for name, own in (("dpo", MUNICIPALITY), ("politi-dpo", POLICE)):
            page = await house.person(name).get("/log/entries?limit=200")
            assert {item["entry"]["authority"] for item in page["items"]} == {own}
            size = (await house.person(name).get("/log"))["size"]
            assert size == len(await entries_of(house, own)) - 1

    @pytest.mark.rule(90)
    async def test_the_installations_log_is_the_dpos_to_read(self, house: House) -> None:
        await house.sql(APPEND, INSTALLATION_LOG, an_entry(INSTALLATION_LOG))
        paths = ("/installation-log", "/installation-log/proofs/0")
        for name in ("dpo", "politi-dpo", "jurist", "kommune", "admin"):
            statuses = {(await house.person(name).call("GET", path)).status_code for path in paths}
            assert statuses == ({200} if name.endswith("dpo") else {403})
        read = [entry for entry in await house.all_entries() if entry.action == "verifyInstallationLog"]
        assert {entry.authority for entry in read if entry.outcome.value == "allowed"} == {MUNICIPALITY, POLICE}


class WhenAnotherAuthorityChecksItsLog:
    @pytest.mark.fault("A5")
    @pytest.mark.rule(90)
    async def test_another_authoritys_dpo_neither_sees_nor_touches_the_check(self, house: House) -> None:
        await busy(house)
        finding, _ = await found_at(house)
        check = await house.person("dpo").get(f"{CHECKS}/{finding['check_id']}")
        theirs = house.person("politi-dpo")
        assert (await theirs.get(CHECKS))["checks"] == []
        await theirs.get(f"{CHECKS}/{check['check']['id']}", status=404)
        await revealed(house, check["check"], by="politi-dpo", status=404)
        for one in check["items"]:
            await review(house, check, one["leaf_index"], by="politi-dpo", status=404)
            assert one["entry"]["authority"] == MUNICIPALITY
        assert (await theirs.get("/log/findings"))["items"] == []
        ending = {"outcome": "accepted", "text": "Fint."}
        await theirs.post(f"/log/findings/{finding['id']}/remedy", ending, status=404, headers={"If-Match": '"1"'})
        reviewed = await house.sql("SELECT count(review) AS reviews FROM infohus.log_check_entry")
        assert reviewed[0]["reviews"] == 1


class WhenASignInIsRefused:
    @pytest.mark.rule(56)
    @pytest.mark.rule(90)
    async def test_a_token_that_an_issuer_signed_stands_in_its_authoritys_log(self, house: House) -> None:
        for user, own in (("kommune", MUNICIPALITY), ("politi", POLICE)):
            for claims, reason in (
                ({"loa": "Low"}, "token_assurance_too_low"), ({"role": "legal_eagle"}, "token_unknown_role"),
                ({"exp": 1}, "token_claim_malformed"), ({"aud": "another"}, "token_wrong_audience"),
            ):
                before = len(await house.all_entries())
                answer = await named_otherwise(house, user, **claims).call("GET", "/cases")
                assert answer.status_code == 401
                entry = (await entries_of(house, own))[-1]
                assert (entry.action, entry.outcome.value, entry.reason) == ("signIn", "denied", reason)
                assert (entry.caller, entry.authority) == (DEMO_PEOPLE[user].person_id, own)
                assert len(await house.all_entries()) == before + 1

    @pytest.mark.fault("B4")
    @pytest.mark.rule(56)
    async def test_the_same_token_again_is_counted_and_has_no_further_entry(self, house: House) -> None:
        one, other = (named_otherwise(house, "kommune", **claims) for claims in ({"loa": "Low"}, {"aud": "another"}))
        before = len(await entries_of(house, MUNICIPALITY))
        for person in (one, other, one, one, other):
            assert (await person.call("GET", "/cases")).status_code == 401
        entries = (await entries_of(house, MUNICIPALITY))[before:]
        assert [entry.reason for entry in entries] == ["token_assurance_too_low", "token_wrong_audience"]
        house.append_counts()
        counted = [entry.counted.refusals for entry in await house.entries(INSTALLATION_LOG) if entry.counted]
        assert sum(sum(minute.values()) for minute in counted) == 3
        assert {reason for minute in counted for reason in minute} == {
            "token_assurance_too_low", "token_wrong_audience",
        }

    @pytest.mark.fault("B4")
    @pytest.mark.rule(56)
    async def test_any_other_is_counted_by_minute_and_reason_in_the_installations(
        self, house: House
    ) -> None:
        before = await house.all_entries()
        token = house.person("kommune").token
        forged = f"{token[:-8]}AAAAAAAA"
        for authorization in (None, None, "Basic x", "Bearer x.y.z", f"Bearer {forged}", f"Bearer {forged}"):
            headers = {} if authorization is None else {"Authorization": authorization}
            answer = await house.client.get("/cases", headers=headers)
            assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
        assert await house.all_entries() == before
        house.append_counts()
        counted = await house.entries(INSTALLATION_LOG)
        total: dict[str, int] = {}
        for entry in counted:
            assert (entry.action, entry.outcome.value, entry.caller, entry.case) == ("signIn", "denied", None, None)
            assert entry.counted
            assert entry.counted.minute.second == entry.counted.minute.microsecond == 0
            for reason, times in entry.counted.refusals.items():
                total[reason] = total.get(reason, 0) + times
        assert total == {"no_bearer_token": 3, "token_malformed": 1, "token_signature_invalid": 2}
        house.append_counts()
        assert await house.entries(INSTALLATION_LOG) == counted


ATTEMPTS = (
    ("GET", "", None), ("GET", "/next-steps", None), ("GET", "/exchanges", None), ("GET", "/log", None),
    ("GET", "/concerns/{concern}", None), ("GET", f"/information/{UUID(int=3)}", None),
    ("POST", "/information", {"text": "Nysgerrig.", "source": "samtale"}),
)
"""A case's own routes, and those of records in it, that are there and that are not; reading and writing."""
CAN_WHERE_DRAWN_IN = {"", "/next-steps", f"/information/{UUID(int=3)}", "/information", "/exchanges"}
"""Those that a professional who takes part can call: who takes none is told of no role."""


class WhenSomebodyWhoTakesNoPartTriesACase:
    @pytest.mark.fault("A4")
    @pytest.mark.rule(56)
    @pytest.mark.rule(90)
    @pytest.mark.parametrize(("method", "path", "body"), ATTEMPTS)
    async def test_it_stands_in_their_authoritys_log_with_the_case_and_its_own_persons(
        self, house: House, method: str, path: str, body: object
    ) -> None:
        case = await house.case()
        (person,) = (await entries_of(house, MUNICIPALITY))[-1].persons
        for name, own in (("admin", MUNICIPALITY), ("raadgiver", MUNICIPALITY), ("dpo", MUNICIPALITY),
                          ("politi-dpo", POLICE)):
            answer = await house.person(name).call(
                method, case.path + path.replace("{concern}", case.concern_id), json=body
            )
            assert answer.status_code == (404 if name == "raadgiver" and path in CAN_WHERE_DRAWN_IN else 403)
            entry = (await entries_of(house, own))[-1]
            assert (entry.outcome.value, entry.caller, str(entry.case)) == (
                "denied", DEMO_PEOPLE[name].person_id, case.id
            )
            assert entry.persons == ([person] if own == MUNICIPALITY else [])

    @pytest.mark.fault("A4")
    @pytest.mark.rule(44)
    @pytest.mark.rule(47)
    @pytest.mark.parametrize(("method", "path", "body"), ATTEMPTS)
    async def test_of_a_case_without_a_side_of_theirs_it_holds_the_id_asked_for_alone(
        self, house: House, method: str, path: str, body: object
    ) -> None:
        politi = house.person("politi")
        neighbour = await house.neighbour(police_coordinator=politi.person_id)
        theirs = await politi.post(f"/infohuse/{neighbour.infohus_id}/concerns", {
            "channel": "phone", "received_at": now().isoformat(), "reporter_kind": "professional",
            "observation": "Hun tegner symboler.", "told_reporter": "Vi ser på det.",
            "subjects": [{"name": "N N", "birth_date": "1990-02-01"}],
        })
        said = []
        for case_id in (theirs["case_id"], str(UUID(int=8))):
            where = f"/cases/{case_id}" + path.replace("{concern}", theirs["id"])
            answer = await house.person("kommune").call(method, where, json=body)
            assert answer.status_code == 404
            entry = (await entries_of(house, MUNICIPALITY))[-1]
            assert (entry.outcome.value, entry.case, entry.persons) == ("denied", None, [])
            said.append((entry.action, entry.reason, entry.policies))
        assert said[0] == said[1]
