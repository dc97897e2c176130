"""Promise 4 by key: no unit makes, holds or opens another authority's key, and an exchange is what gives one."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from litestar.testing import AsyncTestClient

from house import MUNICIPALITY, POLICE, PROBATION, CaseInHand, House, Person, told
from infohus.app import create_app
from infohus.demo.people import DEMO_PEOPLE
from infohus.kernel.sealing.keepers import FileKeyKeeper, supervision_of
from infohus.kernel.unit_of_work.key_store import KeyStore
from invitations import invitation


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Write down, over a whole request, whose keys the keeper was asked to use; each request asks for its own alone."""
    seen: list[str] = []
    every: list[str] = []
    for name in ("wrap", "unwrap", "new_intake", "open_intake", "sign"):
        real = getattr(FileKeyKeeper, name)

        def counted(self: FileKeyKeeper, authority_id: str, *arguments: Any, _real: Any = real) -> Any:
            seen.append(authority_id)
            return _real(self, authority_id, *arguments)

        monkeypatch.setattr(FileKeyKeeper, name, counted)
    call = Person.call

    async def watched(self: Person, method: str, path: str, **more: Any) -> Any:
        seen.clear()
        answer = await call(self, method, path, **more)
        own = str(DEMO_PEOPLE[self.name].authority_id)
        assert set(seen) <= {own, supervision_of(own)}, f"{self.name}: {method} {path}"
        every.extend(seen)
        return answer

    monkeypatch.setattr(Person, "call", watched)
    return every


@contextmanager
def without_keys_of(house: House, who: str) -> Iterator[None]:
    """Take an authority's key keeper away, as if its machine were down."""
    folder, away = house.settings.keys_folder, house.folder / "away"
    names = (who, supervision_of(who))
    for name in names:
        shutil.move(folder / name, away / name)
    try:
        yield
    finally:
        for name in names:
            shutil.move(away / name, folder / name)


@pytest.mark.rule(44)
class WhenAnAuthorityActs:
    async def test_its_own_key_keeper_alone_is_asked_from_concern_to_closure(
        self, house: House, asked: list[str]
    ) -> None:
        case = await house.case(subjects=[{"name": "Barn", "is_under_18": True}])
        await case.kommune.post(f"{case.path}/participants", invitation(PROBATION))
        given = await case.disclose(await case.note())
        await case.note(by=POLICE)
        item = await case.note(by=POLICE)
        await case.disclose(item, by=POLICE)
        await case.disclose(item, recipients=[PROBATION])
        for reader in (case.kommune, case.politi):
            await reader.get(f"{case.path}/information")
            await reader.get(f"{case.path}/exchanges/{given['id']}")
        body = {"recipient": POLICE, "reason": "Givet ved en fejl."}
        await case.kommune.post(f"{case.path}/exchanges/{given['id']}/withdrawals", body)
        other = await (await house.case()).recommend()
        await other.look_back(other.kommune)
        await other.look_back(other.politi)
        await other.close("completed")
        assert {MUNICIPALITY, POLICE} <= set(asked)
        assert PROBATION not in asked

    async def test_it_tells_another_whose_key_keeper_is_down_and_that_one_reads_later(self, house: House) -> None:
        case = await house.case()
        item = await case.note("Han vil rejse.")
        body = {**told(), "items": [{"kind": "information", "id": item}]}
        with without_keys_of(house, POLICE):
            async with AsyncTestClient(create_app(house.settings)) as client:
                await Person("kommune", client, case.kommune.token).post(f"{case.path}/exchanges", body)
                police = Person("politi", client, case.politi.token)
                await police.get(f"{case.path}/information/{item}", status=500)
        assert (await case.politi.get(f"{case.path}/information/{item}"))["text"] == "Han vil rejse."

    async def test_nothing_of_its_side_is_made_before_it_writes_there(self, house: House) -> None:
        case = await house.case()
        item = await case.note("Han vil rejse.")
        await case.disclose(item)
        assert (await case.politi.get(f"{case.path}/information/{item}"))["text"] == "Han vil rejse."
        assert await secrets_in(house, case) == {MUNICIPALITY}
        assert await key_states(house, case) == {(POLICE, "sealed")}
        await case.note(by=POLICE)
        assert await secrets_in(house, case) == {MUNICIPALITY, POLICE}
        assert await key_states(house, case) == {(POLICE, "taken in")}
        assert (await case.politi.get(f"{case.path}/information/{item}"))["text"] == "Han vil rejse."


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """Count what units ask the schema `keys`, and what they commit there."""
    counted = {"ask": 0, "commit": 0}
    for name in counted:
        real = getattr(KeyStore, name)

        async def called(self: KeyStore, *arguments: Any, _name: str = name, _real: Any = real) -> Any:
            counted[_name] += 1
            return await _real(self, *arguments)

        monkeypatch.setattr(KeyStore, name, called)
    return counted


class WhenKeysAreRead:
    async def test_an_act_asks_for_its_side_s_keys_once_and_writes_none_unless_it_gives_or_gets_some(
        self, house: House, statements: dict[str, int]
    ) -> None:
        def since() -> tuple[int, int]:
            seen = statements["ask"], statements["commit"]
            statements.update(ask=0, commit=0)
            return seen

        case = await house.case()
        # A new case has no keys to read; then the new secrets are, the side's and its person's.
        assert since() == (2, 2)
        item = await case.note()
        assert since() == (1, 0)
        await case.kommune.get(f"{case.path}/information/{item}")
        assert since() == (1, 0)
        await case.disclose(item)
        assert since() == (2, 1)
        await case.politi.get(f"{case.path}/information/{item}")
        assert since() == (1, 0)
        await case.note(by=POLICE)
        # The secret first, which is read back, and then what was taken in.
        assert since() == (2, 2)
        await case.politi.get(f"{case.path}/information/{item}")
        assert since() == (1, 0)
        await case.kommune.get("/cases")
        assert since() == (0, 0)


async def secrets_in(house: House, case: CaseInHand) -> set[str]:
    """Name the authorities whose side of a case has a secret."""
    rows = await house.sql("SELECT authority_id FROM keys.side_secret WHERE case_id = $1", UUID(case.id))
    return {row["authority_id"] for row in rows}


async def key_states(house: House, case: CaseInHand) -> set[tuple[str, str]]:
    """Say for each recipient's exchange keys whether they are sealed still or taken in."""
    rows = await house.sql(
        "SELECT recipient_id, CASE WHEN sealed IS NULL THEN 'taken in' ELSE 'sealed' END AS state"
        " FROM keys.exchange_key WHERE case_id = $1", UUID(case.id),
    )
    return {(row["recipient_id"], row["state"]) for row in rows}


async def numbers_of(house: House, exchange_id: str) -> list[int]:
    """Give the numbers of the keys that an exchange has left."""
    rows = await house.sql(
        "SELECT number FROM keys.exchange_key WHERE exchange_id = $1 ORDER BY number", UUID(exchange_id)
    )
    return [row["number"] for row in rows]


@pytest.mark.rule(16)
@pytest.mark.rule(44)
class WhenAnExchangeIsWithdrawn:
    @pytest.mark.parametrize("is_taken_in", [True, False])
    async def test_its_key_is_gone_taken_in_or_not_and_the_answer_is_the_same(
        self, house: House, *, is_taken_in: bool
    ) -> None:
        case = await house.case()
        item, kept = await case.note("Den ene."), await case.note("Den anden.")
        given = await case.disclose(item)
        also = await case.disclose(kept)
        if is_taken_in:
            await case.note(by=POLICE)
        assert await key_states(house, case) == {(POLICE, "taken in" if is_taken_in else "sealed")}
        # One key for what it disclosed, and one for the exchange's own texts.
        assert await numbers_of(house, given["id"]) == [0, 1]
        done = await case.kommune.post(
            f"{case.path}/exchanges/{given['id']}/withdrawals", {"recipient": POLICE, "reason": "Givet ved en fejl."}
        )
        assert {name: done[name] for name in ("recipient", "records", "was_acknowledged")} == {
            "recipient": POLICE, "records": 1, "was_acknowledged": False,
        }
        assert await numbers_of(house, given["id"]) == []
        assert await numbers_of(house, also["id"]) == [0, 1]
        await case.politi.get(f"{case.path}/information/{item}", status=404)
        assert (await case.politi.get(f"{case.path}/exchanges/{given['id']}"))["id"] == given["id"]
        assert (await case.politi.get(f"{case.path}/information/{kept}"))["text"] == "Den anden."

    async def test_a_backup_s_wraps_and_rows_open_nothing_without_the_key(self, house: House) -> None:
        case = await house.case()
        item = await case.note("Den ene.")
        given = await case.disclose(item)
        tables = ("disclosure", "disclosed_key")
        before = [await house.sql(f"SELECT * FROM infohus.{table}") for table in tables]  # noqa: S608
        await case.kommune.post(
            f"{case.path}/exchanges/{given['id']}/withdrawals", {"recipient": POLICE, "reason": "Givet ved en fejl."}
        )
        await house.sql("DELETE FROM infohus.disclosed_key")
        await house.sql("DELETE FROM infohus.disclosure")
        for table, rows in zip(tables, before, strict=True):
            for row in rows:
                places = ", ".join(f"${place}" for place in range(1, len(row) + 1))
                await house.sql(f"INSERT INTO infohus.{table} VALUES ({places})", *row.values())  # noqa: S608
        await case.politi.get(f"{case.path}/information/{item}", status=404)

    @pytest.mark.rule(88)
    async def test_a_joint_decision_stays_with_the_two_who_sign_and_goes_from_anybody_else(self, house: House) -> None:
        case = await (await house.case()).clear()
        await case.kommune.post(f"{case.path}/participants", invitation(PROBATION))
        draft = {
            "outcome": "within", "content": {"reasons": "Ekstremisme."},
            "disclosure": told(purpose="scope_decision", recipients=[POLICE, PROBATION]),
        }
        proposal = await case.kommune.post(f"{case.path}/scope-decisions", draft)
        listed = (await case.kommune.get(f"{case.path}/exchanges"))["items"]
        (exchange,) = [one["id"] for one in listed if one["purpose"] == "scope_decision"]
        for recipient in (POLICE, PROBATION):
            body = {"recipient": recipient, "reason": "Fortrudt."}
            await case.kommune.post(f"{case.path}/exchanges/{exchange}/withdrawals", body)
        left = await house.sql(
            "SELECT recipient_id, number FROM keys.exchange_key WHERE exchange_id = $1 ORDER BY 1, 2", UUID(exchange)
        )
        assert [tuple(row) for row in left] == [(POLICE, 0)]
        await case.politi.post(
            f"{case.path}/scope-decisions/{proposal['id']}/signatures", {"content_hash": proposal["content_hash"]}
        )
        assert await case.stage() == "accepted"


@pytest.mark.rule(44)
class WhenWhoeverWritesTheDatabasePlantsKeys:
    @pytest.mark.parametrize("planted", [
        ("UPDATE keys.exchange_key k SET sealed = o.sealed FROM keys.exchange_key o"
        " WHERE o.exchange_id <> k.exchange_id AND o.number = k.number"),
        ("UPDATE keys.exchange_key k SET sealed = o.sealed, signature = o.signature FROM keys.exchange_key o"
        " WHERE o.exchange_id <> k.exchange_id AND o.number = k.number"),
        ("UPDATE keys.exchange_key k SET signature = o.signature FROM keys.exchange_key o"
        " WHERE o.exchange_id <> k.exchange_id AND o.number = k.number"),
        "UPDATE keys.exchange_key SET sealed = NULL, taken_in = sha256('x') || sha256('y')",
        "UPDATE keys.exchange_key SET discloser_id = 'kriminalforsorgen'",
        "UPDATE infohus.disclosed_key SET content = sha256('x')",
    ])  # fmt: skip
    async def test_nothing_opens_nothing_is_taken_in_and_nothing_is_passed_on(
        self, house: House, planted: str
    ) -> None:
        case = await house.case()
        items = [await case.note("En."), await case.note("To.")]
        for item in items:
            await case.disclose(item)
        await case.kommune.post(f"{case.path}/participants", invitation(PROBATION))
        await house.sql(planted)
        before = await house.sql("SELECT * FROM keys.exchange_key ORDER BY exchange_id, number")
        for item in items:
            await case.politi.get(f"{case.path}/information/{item}", status=404)
            body = {
                **told(POLICE, recipients=[PROBATION]), "items": [{"kind": "information", "id": item}]
            }
            await case.politi.post(f"{case.path}/exchanges", body, status=404)
        await case.note(by=POLICE)
        assert await house.sql("SELECT * FROM keys.exchange_key ORDER BY exchange_id, number") == before

    async def test_nothing_is_sealed_to_an_intake_key_that_its_authority_did_not_sign(
        self, house: House, tmp_path: Path
    ) -> None:
        case = await house.case()
        item = await case.note("Han vil rejse.")
        theirs, _ = FileKeyKeeper.create(tmp_path / "theirs", [POLICE], []).new_intake(POLICE, b"")
        await house.sql("UPDATE keys.intake_key SET public_key = $1 WHERE authority_id = $2", theirs, POLICE)
        body = {**told(), "items": [{"kind": "information", "id": item}]}
        refused = await case.kommune.post(f"{case.path}/exchanges", body, status=409)
        assert refused["type"] == "/problems/recipient-cannot-be-told"
        assert await house.sql("SELECT FROM keys.exchange_key") == []
        assert await house.sql("SELECT FROM infohus.exchange") == []
