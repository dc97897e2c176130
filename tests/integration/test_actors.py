"""Who acted stays known when the account is gone: kept sealed at sign-in, opened by the authority's DPO alone."""

from uuid import UUID, uuid4

import asyncpg
import pytest

from at_once import at_once
from conftest import Database
from house import MUNICIPAL_LOG, MUNICIPALITY, POLICE, House
from infohus.demo.people import DEMO_PEOPLE
from infohus.kernel.sealing.envelope import CannotOpen, length_prefixed
from infohus.kernel.sealing.keepers import FileKeyKeeper, UnsafeKeyFile, supervision_of
from leaks import assert_nothing_leaked, log_lines
from persons import named_otherwise

COPY = """
INSERT INTO infohus.actor
SELECT $1, authority_id, $1, seen_at, fingerprint, wrapped_key, name, email FROM infohus.actor
"""
METTE = DEMO_PEOPLE["kommune"]


def path_of(person_id: UUID) -> str:
    """Give the address of an actor."""
    return f"/log/actors/{person_id}"


async def kept(house: House) -> list[asyncpg.Record]:
    """Read the table of actors past everything."""
    return await house.sql("SELECT * FROM infohus.actor ORDER BY seen_at, id")


class WhenSomebodySignsIn:
    @pytest.mark.rule(60)
    async def test_who_it_is_is_kept_once_and_the_entry_says_so(self, house: House) -> None:
        await house.person("kommune").get("/cases")
        await house.person("kommune").get("/cases")
        (row,) = await kept(house)
        assert (row["authority_id"], row["person_id"], row["email"]) == (MUNICIPALITY, METTE.person_id, None)
        signed_in = [one for one in await house.entries(MUNICIPAL_LOG) if one.action == "signIn"]
        assert [[(wrote.table, wrote.row) for wrote in one.wrote] for one in signed_in] == [[("actor", row["id"])], []]
        assert signed_in[0].policies == ["anyone-verified-signs-in"]

    @pytest.mark.rule(56)
    @pytest.mark.rule(60)
    @pytest.mark.fault("A6")
    @pytest.mark.parametrize("token_id", ["one and the same", None])
    async def test_each_has_a_sign_in_and_a_row_whatever_the_issuers_write_into_the_token(
        self, house: House, token_id: str | None
    ) -> None:
        people = [named_otherwise(house, name, jti=token_id) for name in ("kommune", "dpo", "politi")]
        for person in people * 2:
            await person.call("GET", "/cases")
        who = [person.person_id for person in people]
        assert [row["person_id"] for row in await kept(house)] == who
        signed_in = [one for one in await house.all_entries() if one.action == "signIn"]
        assert [(one.caller, one.outcome.value) for one in signed_in] == [(person_id, "allowed") for person_id in who]

    @pytest.mark.rule(60)
    async def test_a_new_name_or_address_is_kept_beside_the_old_one(self, house: House) -> None:
        for claims in ({}, {"name": "Mette Lindvang Prøvesen"}, {"email": "mette@example.dk"}, {}):
            await named_otherwise(house, **claims).get("/cases")
        found = await house.person("dpo").get(path_of(METTE.person_id))
        assert (found["person_id"], found["authority"]) == (str(METTE.person_id), MUNICIPALITY)
        assert [(one["name"], one["email"]) for one in found["names"]] == [
            (METTE.name, None), ("Mette Lindvang Prøvesen", None), (METTE.name, "mette@example.dk"),
        ]

    async def test_a_token_without_a_name_keeps_nothing_and_lets_in(self, house: House) -> None:
        await named_otherwise(house, name=None).get("/cases")
        await named_otherwise(house, name=" ").get("/cases")
        assert await kept(house) == []
        await house.person("dpo").get(path_of(METTE.person_id), status=404)

    @pytest.mark.fault("B5")
    @pytest.mark.parametrize(("name", "shown"), [
        (7, None), (["Mette"], None), ({"given": "Mette"}, None), (True, None), ("\0", None), ("\ud800", None),
        ("x" * 250, "x" * 200), ("Mette\nLindvang", "MetteLindvang"), ("Met\udc00te\0", "Mette"),
        ("Mette 🙂", "Mette 🙂"),
    ])
    async def test_an_odd_name_or_address_keeps_nobody_out(
        self, house: House, name: object, shown: str | None
    ) -> None:
        await named_otherwise(house, name=name).get("/cases")
        await named_otherwise(house, name=None, email=name).get("/cases")
        if shown is None:
            assert await kept(house) == []
            return
        found = await house.person("dpo").get(path_of(METTE.person_id))
        assert [(one["name"], one["email"]) for one in found["names"]] == [(shown, None), (None, shown)]

    @pytest.mark.rule(59)
    async def test_if_it_cannot_be_kept_nobody_is_let_in(self, house: House) -> None:
        await house.sql("REVOKE INSERT ON infohus.actor FROM infohus_app")
        await house.person("kommune").get("/cases", status=500)
        assert [one.outcome.value for one in await house.entries(MUNICIPAL_LOG)] == ["failed"]
        await house.sql("GRANT INSERT ON infohus.actor TO infohus_app")
        await house.person("kommune").get("/cases")

    async def test_many_at_once_are_all_let_in_and_one_row_is_kept(self, house: House) -> None:
        people = [house.person("kommune") for _ in range(8)]
        await at_once(*(one.get("/cases") for one in people))
        assert len(await kept(house)) == 1


class WhenTheAccountIsGone:
    @pytest.mark.rule(60)
    @pytest.mark.rule(61)
    async def test_the_dpo_of_the_authority_learns_who_acted_and_that_is_logged(self, house: House) -> None:
        case = await house.case()
        acted = next(one for one in await house.entries() if one.action == "recordConcern")
        assert acted.caller is not None
        found = await house.person("dpo").get(path_of(acted.caller))
        assert [one["name"] for one in found["names"]] == [METTE.name]
        entry = (await house.entries())[-1]
        (row,) = [row for row in await kept(house) if row["person_id"] == METTE.person_id]
        assert (entry.action, entry.caller, entry.outcome.value) == (
            "openActor", DEMO_PEOPLE["dpo"].person_id, "allowed",
        )
        assert [(one.table, one.column, one.row) for one in entry.opened] == [("actor", "name", row["id"])]
        assert entry.policies == ["dpo-learns-who-acted"]
        assert case.id

    @pytest.mark.rule(60)
    @pytest.mark.parametrize("stranger", ["kommune", "politi", "raadgiver", "jurist", "admin", "politi-dpo"])
    async def test_nobody_else_does_and_the_attempt_is_logged(self, house: House, stranger: str) -> None:
        await house.case()
        await house.person(stranger).get(path_of(METTE.person_id), status=404 if stranger == "politi-dpo" else 403)
        entry = (await house.entries())[-1]
        assert (entry.action, entry.outcome.value, entry.opened) == ("openActor", "denied", [])

    @pytest.mark.rule(60)
    async def test_each_authority_s_dpo_opens_its_own(self, house: House) -> None:
        await house.person("politi").get("/cases")
        politi = path_of(DEMO_PEOPLE["politi"].person_id)
        found = await house.person("politi-dpo").get(politi)
        assert [one["name"] for one in found["names"]] == [DEMO_PEOPLE["politi"].name]
        await house.person("dpo").get(politi, status=404)

    async def test_whom_nobody_saw_is_not_known(self, house: House) -> None:
        await house.person("dpo").get(path_of(uuid4()), status=404)


class WhenSomebodyGetsPastTheApplication:
    @pytest.mark.rule(45)
    async def test_row_security_says_the_same(self, house: House, database: Database) -> None:
        for user in ("kommune", "raadgiver", "politi", "dpo"):
            await house.person(user).get("/infohuse")
        app = await asyncpg.connect(database.dsn("app"))

        async def sees(authority: str, user: str, role: str) -> set[UUID]:
            async with app.transaction():
                person_id = DEMO_PEOPLE[user].person_id if user else uuid4()
                await app.execute("SELECT infohus.act_as($1, $2, $3, now())", authority, person_id, role)
                return {row["person_id"] for row in await app.fetch("SELECT person_id FROM infohus.actor")}

        ours = {DEMO_PEOPLE[user].person_id for user in ("kommune", "raadgiver", "dpo")}
        assert await sees(MUNICIPALITY, "dpo", "data_protection_officer") == ours
        assert await sees(POLICE, "politi-dpo", "data_protection_officer") == {DEMO_PEOPLE["politi"].person_id}
        assert await sees(MUNICIPALITY, "kommune", "municipal_coordinator") == {METTE.person_id}
        assert await sees(MUNICIPALITY, "", "legal") == set()
        assert await app.fetch("SELECT * FROM infohus.actor") == []
        await app.close()

    @pytest.mark.rule(60)
    @pytest.mark.parametrize(("statement", "role"), [
        (COPY, "municipal_coordinator"),
        ("UPDATE infohus.actor SET person_id = $1", "data_protection_officer"),
        ("DELETE FROM infohus.actor WHERE id <> $1", "data_protection_officer"),
    ], ids=["in another's name", "changed", "deleted"])
    async def test_nobody_is_made_another(
        self, house: House, database: Database, statement: str, role: str
    ) -> None:
        await house.person("kommune").get("/cases")
        app = await asyncpg.connect(database.dsn("app"))
        await app.execute("BEGIN")
        await app.execute("SELECT infohus.act_as($1, $2, $3, now())", MUNICIPALITY, METTE.person_id, role)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await app.execute(statement, uuid4())
        await app.close()

    @pytest.mark.rule(60)
    async def test_a_name_that_was_moved_to_another_person_does_not_open(self, house: House) -> None:
        await house.person("kommune").get("/cases")
        other = uuid4()
        await house.sql("UPDATE infohus.actor SET person_id = $1", other)
        problem = await house.person("dpo").get(path_of(other), status=500)
        assert problem["type"] == "/problems/record-not-readable"

    @pytest.mark.rule(44)
    async def test_no_key_but_the_supervision_s_opens_a_name(self, house: House) -> None:
        await house.person("kommune").get("/cases")
        (row,) = await kept(house)
        keeper = FileKeyKeeper(house.settings.keys_folder)
        context = length_prefixed((b"supervision", row["id"].bytes, row["name"][1:17]))
        assert len(keeper.unwrap(supervision_of(MUNICIPALITY), row["wrapped_key"], context)) == 32
        for holder in (MUNICIPALITY, POLICE, supervision_of(POLICE)):
            with pytest.raises(CannotOpen):
                keeper.unwrap(holder, row["wrapped_key"], context)

    @pytest.mark.rule(60)
    async def test_no_name_lies_in_plain_text_anywhere(
        self, house: House, capfd: pytest.CaptureFixture[str]
    ) -> None:
        secrets = ["KanariefuglGul", "kanariefugl", "Overmark"]
        with log_lines() as lines:
            await named_otherwise(house, name="KanariefuglGul Navn", email="kanariefugl@example.dk").get("/cases")
            await house.person("dpo").get(path_of(METTE.person_id))
            assert "request" in lines.events()
            lines.assert_without(secrets)
        columns = [one for row in await kept(house) for one in row.values()]
        assert_nothing_leaked(secrets, {
            "stored": " ".join(one.hex() if isinstance(one, bytes) else str(one) for one in columns),
            "entries": b"".join(row["entry"] for row in await house.sql("SELECT entry FROM audit.leaf")).decode(),
            "printed": "".join(capfd.readouterr()),
        })


class WhenKeysAreMissing:
    def test_an_installation_without_supervision_s_key_does_not_start(self, house: House) -> None:
        folder = house.settings.keys_folder
        FileKeyKeeper(folder).check()
        (folder / supervision_of(POLICE) / "kek-1.key").unlink()
        with pytest.raises(UnsafeKeyFile, match=supervision_of(POLICE)):
            FileKeyKeeper(folder).check()
        FileKeyKeeper.create(folder, [POLICE], [])
        FileKeyKeeper(folder).check()
