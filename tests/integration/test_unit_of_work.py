"""The four promises of the unit of work, each with tests that try to break it."""

import ast
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import pytest

from at_once import at_once
from house import CLEARANCE, MUNICIPALITY, POLICE, House
from infohus.cases.information import Information
from infohus.kernel.database.statements import insert_of, table_of
from infohus.kernel.sealing.clear_columns import NO_COLUMNS
from infohus.kernel.sealing.column import WHOLE, PlainTextInSealedColumn
from infohus.kernel.sealing.envelope import CannotOpen, DataKey, Place, Sealed, open_sealed

SOURCE = Path(__file__).resolve().parents[2] / "src" / "infohus"
NOTE = {"text": "Han har talt om at rejse.", "source": "skolen"}


async def rows_in(house: House) -> dict[str, int]:
    """Count the rows of every table of the cases."""
    tables = await house.sql("SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'infohus'")
    return {
        row["name"]: (await house.sql(f'SELECT count(*) AS n FROM infohus."{row["name"]}"'))[0]["n"]  # noqa: S608
        for row in tables
    }


class WhenSomebodyWritesAHandler:
    """Promises 1 and 2: there is no other way to the database, and it writes the entry."""

    def test_only_the_unit_of_work_and_its_floor_know_a_connection(self) -> None:
        allowed = {
            ("kernel", "unit_of_work"), ("kernel", "database"), ("kernel", "audit"), ("cli",), ("demo",), ("app.py",),
        }
        strangers = set()
        for file in SOURCE.rglob("*.py"):
            inside = file.relative_to(SOURCE).parts
            if any(inside[: len(place)] == place for place in allowed):
                continue
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                if isinstance(node, ast.ImportFrom):
                    names = [node.module or ""]
                if any(name.partition(".")[0] in {"asyncpg", "psycopg", "psycopg2"} for name in names):
                    strangers.add("/".join(inside))
        assert strangers == set()

    def test_every_guarded_handler_works_inside_a_unit(self) -> None:
        for file in [*SOURCE.rglob("api.py"), *SOURCE.rglob("*_routes.py")]:
            if file.parent.name == "web":  # health and the list of problems: no sign-in, no case
                continue
            tree = ast.parse(file.read_text(encoding="utf-8"))
            for node in ast.walk(tree):
                if isinstance(node, ast.AsyncFunctionDef) and any(
                    isinstance(mark, ast.Call) and getattr(mark.func, "id", "") in {"get", "post", "put", "delete"}
                    for mark in node.decorator_list
                ):
                    begun = any(isinstance(part, ast.AsyncWith) for part in ast.walk(node))
                    assert begun, f"{file.parent.name}: {node.name}"

    @pytest.mark.rule(57)
    async def test_the_entry_is_built_from_what_the_unit_did(self, house: House) -> None:
        case = await house.case()
        item = await case.kommune.post(f"{case.path}/information", NOTE)
        exchange = await case.kommune.post(
            f"{case.path}/exchanges", {**CLEARANCE, "items": [{"kind": "information", "id": item["id"]}]}
        )
        entry = (await house.entries())[-1]
        assert (entry.action, entry.outcome.value) == ("recordExchange", "allowed")
        assert (entry.authority, entry.recipients) == (MUNICIPALITY, [POLICE])
        assert (entry.justification, entry.purpose) == ("rpl-115-2", "clearance_check")
        assert entry.policies == ["tovholdere-exchange"]
        assert {(wrote.table, str(wrote.row)) for wrote in entry.wrote if wrote.table == "exchange"} == {
            ("exchange", exchange["id"])
        }
        assert {wrote.table for wrote in entry.wrote} == {
            "exchange", "disclosure", "record_key", "disclosed_key", "exchange_key",
        }
        assert {(opened.table, opened.column) for opened in entry.opened} == {
            ("exchange", "necessity"), ("exchange", "proportionality"), ("exchange", "subsidiarity"),
            ("exchange", "manifest_salt"),
        }


class WhenTheLogCannotBeWritten:
    """Rule 59: if the entry cannot be written, the act does not happen."""

    @pytest.mark.rule(59)
    async def test_nothing_is_read_or_written(self, house: House) -> None:
        case = await house.case()
        before = await rows_in(house)
        await house.sql("REVOKE EXECUTE ON FUNCTION audit.append(uuid, bytea[]) FROM infohus_app")
        try:
            reading = await case.kommune.call("GET", f"{case.path}/concerns/{case.concern_id}")
            writing = await case.kommune.call("POST", f"{case.path}/information", json=NOTE)
            denied = await case.politi.call("GET", f"{case.path}/concerns/{case.concern_id}")
        finally:
            await house.sql("GRANT EXECUTE ON FUNCTION audit.append(uuid, bytea[]) TO infohus_app")
        assert [answer.status_code for answer in (reading, writing, denied)] == [503, 503, 503]
        assert reading.json()["type"] == "/problems/log-unavailable"
        assert "våben" not in reading.text
        assert await rows_in(house) == before

    @pytest.mark.rule(59)
    async def test_a_commit_that_fails_late_gives_500_and_stores_nothing(self, house: House) -> None:
        case = await house.case()
        await house.sql("""
            CREATE FUNCTION public.too_late() RETURNS trigger LANGUAGE plpgsql
            AS $$ BEGIN RAISE EXCEPTION 'too late'; END $$
        """)
        await house.sql("""
            CREATE CONSTRAINT TRIGGER too_late AFTER INSERT ON infohus.information
            DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.too_late()
        """)
        before = await rows_in(house)
        answer = await case.kommune.call("POST", f"{case.path}/information", json=NOTE)
        assert (answer.status_code, answer.json()["type"]) == (500, "/problems/unexpected-failure")
        assert "too late" not in answer.text
        assert await rows_in(house) == before
        entry = (await house.entries())[-1]
        assert (entry.action, entry.outcome.value, entry.wrote) == ("noteInformation", "failed", [])

    async def test_without_a_database_the_answer_is_503(self, house: House) -> None:
        kommune = house.person("kommune")
        await kommune.get("/cases")
        await house.sql("REVOKE CONNECT ON DATABASE " + await database_name(house) + " FROM infohus_app, PUBLIC")
        await house.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE usename = 'infohus_app' AND datname = current_database()"
        )
        answers = [(await kommune.call("GET", "/cases")).status_code for _ in range(3)]
        await house.sql("GRANT CONNECT ON DATABASE " + await database_name(house) + " TO infohus_app")
        assert set(answers) == {503}
        assert (await kommune.call("GET", "/cases")).status_code == 200


async def database_name(house: House) -> str:
    """Name the test's database, quoted."""
    return '"' + str((await house.sql("SELECT current_database() AS name"))[0]["name"]) + '"'


class WhenPlainTextComesNear:
    """Promise 3: a sealed column refuses anything but a sealed value."""

    async def test_a_sealed_column_refuses_it(self, house: House) -> None:
        del house
        columns = [column.name for column in table_of(Information).columns]
        for plain in ("klar tekst", b"klar tekst", bytearray(b"x"), 7):
            with pytest.raises(PlainTextInSealedColumn) as refused:
                insert_of(Information).arguments({**dict.fromkeys(columns), "text": plain})
            assert "klar" not in str(refused.value)

    async def test_the_database_holds_no_word_of_it(self, house: House) -> None:
        case = await house.case()
        stored = (await house.sql("SELECT observation FROM infohus.concern WHERE case_id = $1", case.id))[0]
        assert stored["observation"][0] == 1
        assert "våben".encode() not in stored["observation"]


class WhenCiphertextIsMoved:
    """What is sealed for one place opens in no other."""

    async def test_it_does_not_open_in_another_row_column_case_or_version(self, house: House) -> None:
        case, other = await house.case(), await house.case()
        kommune = case.kommune
        item = await kommune.post(f"{case.path}/information", NOTE)
        twin = await kommune.post(f"{case.path}/information", NOTE)
        far = await kommune.post(f"{other.path}/information", NOTE)
        taken = "(SELECT text FROM infohus.information WHERE id = $2)"
        moves = {
            "another column": ("text = source", case, item["id"], item["id"]),
            "another row": (f"text = {taken}", case, twin["id"], item["id"]),
            "another case": (f"text = {taken}", other, far["id"], item["id"]),
            "beside another clear column": ("origin = 'collected'", case, item["id"], item["id"]),
            "another version, with its key": ("record_version = 2", case, item["id"], item["id"]),
        }
        for name, (change, where, moved, source) in moves.items():
            statement = f"UPDATE infohus.information SET {change} WHERE id = $1 AND $2::uuid IS NOT NULL"  # noqa: S608
            await house.sql(statement, moved, source)
            if "version" in name:
                await house.sql("UPDATE infohus.record_key SET record_version = 2 WHERE record_id = $1", moved)
            answer = await kommune.call("GET", f"{where.path}/information/{moved}")
            # A wrap does not open at another version's row: the record is as if there were no key.
            assert answer.status_code == (404 if "version" in name else 500), name
            assert "rejse" not in answer.text

    @pytest.mark.rule(18)
    async def test_what_was_rewritten_does_not_come_back(self, house: House) -> None:
        case = await (await house.case()).clear()
        draft = {
            "outcome": "within", "content": {"reasons": "Først."}, "disclosure": {**CLEARANCE, "purpose": "screening"},
        }
        proposal = await case.kommune.post(f"{case.path}/scope-decisions", draft)
        path = f"{case.path}/scope-decisions/{proposal['id']}"
        query = "SELECT content FROM infohus.scope_decision WHERE id = $1 ORDER BY record_version"
        (first,) = await house.sql(query, proposal["id"])
        changed = {**draft, "content": {"reasons": "Siden."}}
        await case.kommune.put(path, changed, headers={"If-Match": '"1"'})
        _, second = await house.sql(query, proposal["id"])
        answers = []
        for stored in (first, second):
            await house.sql(
                "UPDATE infohus.scope_decision SET content = $2 WHERE id = $1 AND record_version = 2",
                proposal["id"], stored["content"],
            )
            answers.append(await case.kommune.call("GET", path))
        assert [answer.status_code for answer in answers] == [500, 200]
        assert answers[1].json()["content"]["reasons"] == "Siden."
        assert "Først" not in answers[0].text

    def test_a_key_of_one_authority_opens_nothing_of_the_others(self) -> None:
        place = Place("information", WHOLE, "text", uuid4(), uuid4(), "ishoj-kommune", 1, NO_COLUMNS)
        sealed = Sealed(b"\x01" + uuid4().bytes + bytes(12) + bytes(40))
        with pytest.raises(CannotOpen):
            open_sealed(DataKey(uuid4(), bytes(32)), place, sealed)


class WhenOneAuthorityLooksAtTheOthers:
    """Promise 4: policy, row security and keys say no independently."""

    @pytest.mark.rule(44)
    async def test_the_keys_say_no_even_if_policy_and_rows_are_tricked(self, house: House) -> None:
        case = await (await house.case()).accept()
        item = await case.kommune.post(f"{case.path}/information", NOTE)
        exchange = await case.kommune.post(f"{case.path}/exchanges", {**CLEARANCE, "summary": "Andet."})
        # A superuser forges the grant's row; row security and policies now see a disclosure to the police.
        await house.sql(
            "INSERT INTO infohus.disclosure VALUES ($1, $2, $3, 1, 'information', $4, $5, '{}', '{}')",
            exchange["id"], item["id"], POLICE, case.id, MUNICIPALITY,
        )
        answer = await case.politi.call("GET", f"{case.path}/information/{item['id']}")
        assert answer.status_code == 404
        # Copying the municipality's wrap does not help either: it is wrapped under the secret of its side.
        await house.sql(
            """
            INSERT INTO infohus.disclosed_key
            SELECT $3, record_id, $2, part, 0, record_version, authority_id, case_id, key_id, '', wrapped_key
            FROM infohus.record_key WHERE record_id = $1
            """, item["id"], POLICE, exchange["id"],
        )
        answer = await case.politi.call("GET", f"{case.path}/information/{item['id']}")
        assert answer.status_code == 404
        assert "rejse" not in answer.text

    @pytest.mark.rule(44)
    async def test_an_exchange_adds_wraps_and_copies_nothing(self, house: House) -> None:
        case = await (await house.case()).accept()
        item = await case.kommune.post(f"{case.path}/information", NOTE)
        before = await rows_in(house)
        query = "SELECT text, source, record_version FROM infohus.information WHERE id = $1"
        stored = await house.sql(query, item["id"])
        await case.kommune.post(
            f"{case.path}/exchanges", {**CLEARANCE, "items": [{"kind": "information", "id": item["id"]}]}
        )
        after = await rows_in(house)
        assert {name: after[name] - before[name] for name in after if after[name] != before[name]} == {
            "exchange": 1, "disclosure": 2, "record_key": 1, "disclosed_key": 2,
        }
        assert await house.sql(query, item["id"]) == stored
        assert (await case.politi.get(f"{case.path}/information/{item['id']}"))["text"] == NOTE["text"]

    async def test_a_grant_without_an_exchange_cannot_be_stored(self, house: House) -> None:
        case = await house.case()
        item = await case.kommune.post(f"{case.path}/information", NOTE)
        with pytest.raises(asyncpg.IntegrityConstraintViolationError):
            await house.sql(
                "INSERT INTO infohus.disclosed_key SELECT $3, record_id, $2, part, 0, record_version, authority_id,"
                " case_id, key_id, '', wrapped_key FROM infohus.record_key WHERE record_id = $1",
                item["id"], POLICE, UUID(int=1),
            )


class WhenARequestIsRepeated:
    """A repeated POST with the same Idempotency-Key does not act twice."""

    async def test_the_first_answer_comes_again(self, house: House) -> None:
        case = await house.case()
        headers = {"Idempotency-Key": "en-og-samme"}
        first = await case.kommune.post(f"{case.path}/information", NOTE, headers=headers)
        again = await case.kommune.post(f"{case.path}/information", NOTE, headers=headers)
        assert again == first
        assert (await rows_in(house))["information"] == 1

    async def test_another_body_under_the_same_key_is_refused(self, house: House) -> None:
        case = await house.case()
        headers = {"Idempotency-Key": "en-og-samme"}
        await case.kommune.post(f"{case.path}/information", NOTE, headers=headers)
        answer = await case.kommune.call(
            "POST", f"{case.path}/information", json={**NOTE, "text": "Noget andet."}, headers=headers
        )
        assert (answer.status_code, answer.json()["type"]) == (422, "/problems/idempotency-key-reused")

    async def test_the_same_key_and_body_on_another_case_is_refused(self, house: House) -> None:
        case, other = await house.case(), await house.case()
        headers = {"Idempotency-Key": "en-og-samme"}
        first = await case.kommune.post(f"{case.path}/information", NOTE, headers=headers)
        refused = await case.kommune.post(f"{other.path}/information", NOTE, headers=headers, status=422)
        assert refused["type"] == "/problems/idempotency-key-reused"
        assert (await case.kommune.get(f"{other.path}/information"))["items"] == []
        assert [row["id"] for row in await house.sql("SELECT id FROM infohus.information")] == [UUID(first["id"])]

    async def test_eight_at_once_record_one(self, house: House) -> None:
        case = await house.case()
        headers = {"Idempotency-Key": "otte-paa-en-gang"}
        answers = await at_once(*(
            case.kommune.call("POST", f"{case.path}/information", json=NOTE, headers=headers) for _ in range(8)
        ))
        assert {answer.status_code for answer in answers} <= {201, 409}
        assert (await rows_in(house))["information"] == 1


class WhenTwoActAtOnce:
    """Real concurrency on PostgreSQL."""

    @pytest.mark.rule(18)
    async def test_two_signatures_of_one_authority_become_one(self, house: House) -> None:
        case = await (await house.case()).clear()
        disclosure = {**CLEARANCE, "purpose": "scope_decision"}
        draft = {"outcome": "within", "content": {"reasons": "Ja."}, "disclosure": disclosure}
        proposal = await case.kommune.post(f"{case.path}/scope-decisions", draft)
        body = {"content_hash": proposal["content_hash"]}
        answers = await at_once(*(
            case.politi.call("POST", f"{case.path}/scope-decisions/{proposal['id']}/signatures", json=body)
            for _ in range(4)
        ))
        assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
        signatures = await house.sql("SELECT authority_id FROM infohus.signature WHERE record_id = $1", proposal["id"])
        assert sorted(row["authority_id"] for row in signatures) == [MUNICIPALITY, POLICE]

    async def test_many_at_once_leave_a_log_without_gaps(self, house: House) -> None:
        case = await house.case()
        before = len(await house.entries())
        answers = await at_once(*(
            case.kommune.call("POST", f"{case.path}/information", json=NOTE) for _ in range(20)
        ))
        assert {answer.status_code for answer in answers} == {201}
        assert len(await house.entries()) == before + 20
