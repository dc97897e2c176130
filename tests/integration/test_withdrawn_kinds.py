"""A withdrawal closes everything that an exchange told, of whatever kind, but what the two sign (rule 16, promise 4).

The kinds are those that row security shows to whoever was told of a record, so a new one is among them at once.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from conftest import Database
from house import MUNICIPALITY, POLICE, House
from infohus.cases.joint_decisions.model import JointKind
from one_api import description_of
from policies.lookers import person
from policies.row_world import not_agreed_upon, taken_all_the_way

NAMES = {MUNICIPALITY: "kommune", POLICE: "politi"}
ROLES = {MUNICIPALITY: "municipal_coordinator", POLICE: "police_coordinator"}
STANDS = {"is_withdrawn": False, "is_corrected": False, "corrected_by": None}
"""What each record shows of how it was told, as long as nothing became of that (rules 13 and 16)."""
SIGNED = {kind.value for kind in JointKind}
CAN_BE_TOLD = (
    "SELECT tablename FROM pg_policies WHERE schemaname = 'infohus' AND cmd = 'SELECT' AND 'infohus_app' = ANY (roles)"
    " AND qual ~ 'was_told|newest_version'"
)
TOLD_ONCE = (
    "SELECT DISTINCT ON (record_kind, case_id, is_third) * FROM ("
    "  SELECT record_kind, record_id, recipient_id, discloser_id, d.case_id, recipient_id <> ALL ($1) AS is_third,"
    "    (array_agg(exchange_id))[1] AS exchange_id"
    "  FROM infohus.disclosure d JOIN infohus.exchange e ON e.id = exchange_id AND recipient_id = ANY (e.recipients)"
    "  WHERE NOT EXISTS (SELECT FROM infohus.kept_mark k WHERE record_id = ANY (k.records))"
    "  GROUP BY record_kind, record_id, recipient_id, discloser_id, d.case_id"
    "  HAVING bool_and(withdrawn_at IS NULL) AND (count(*) = 1 OR record_kind = ANY ($2) AND recipient_id = ANY ($1))"
    ") AS told ORDER BY record_kind, case_id, is_third, record_id"
)
"""Of each kind and case a record that one exchange told one of the two, and one that one told a third.

What the two sign may have been told several times.
"""
KEYS = (
    "SELECT k.record_id, k.recipient_id FROM keys.exchange_key e JOIN infohus.disclosed_key k"
    " ON (k.exchange_id, k.recipient_id, k.number) = (e.exchange_id, e.recipient_id, e.number)"
)


@dataclass(frozen=True)
class Told:
    """A record, to whom it was told, by whom, and by which exchange."""

    kind: str
    record: UUID
    recipient: str
    discloser: str
    case: UUID
    exchange: UUID

    @property
    def path(self) -> str:
        """The exchange's address."""
        return f"/cases/{self.case}/exchanges/{self.exchange}"

    @property
    def stays(self) -> bool:
        """Say whether it is a joint decision, and the recipient signs it."""
        return self.kind in SIGNED and self.recipient in NAMES


async def told_once(house: House) -> list[Told]:
    rows = await house.sql(TOLD_ONCE, list(NAMES), sorted(SIGNED))
    names = ("record_kind", "record_id", "recipient_id", "discloser_id", "case_id", "exchange_id")
    return [Told(*(row[name] for name in names)) for row in rows]


def addresses(house: House, case: UUID, told: list[Told]) -> Iterator[str]:
    """Give each address of a case that can be read: its lists, and what was told by the route of its kind.

    Not the side's own log, nor what names records, withdrawn or not: exchanges, and the marks of what the side keeps.
    """
    left_out = ("/log", "/kept-marks", "/exchanges", "/exchanges/{exchange_id}")
    for path, acts in description_of(house.app)["paths"].items():
        if "get" not in acts or not path.startswith("/cases/{case_id}") or path.endswith(left_out):
            continue
        begin, _, rest = path.replace("{case_id}", str(case)).partition("{")
        kind = begin.rstrip("/").rpartition("/")[2].replace("-", "_")
        if not rest:
            is_paged = any(one["name"] == "limit" for one in acts["get"].get("parameters", []))
            yield f"{begin}?limit=200" if is_paged else begin
        elif rest.endswith("}"):
            here = (one for one in told if one.case == case and kind in {one.kind, f"{one.kind}s"})
            yield from (f"{begin}{one.record}" for one in here)


async def read_by_the_two(house: House, told: list[Told]) -> dict[str, list[Any]]:
    """Let each tovholder read every list of these cases, and what was told to their own authority."""
    answers: dict[str, list[Any]] = {}
    for authority, name in NAMES.items():
        own = [one for one in told if one.recipient == authority]
        answers[authority] = [
            (await house.person(name).call("GET", address)).json()
            for case in {one.case for one in own} for address in addresses(house, case, own)
        ]
    return answers


def marks_in(answers: list[Any]) -> Iterator[tuple[str, Any]]:
    """Give each object with an id that says how the reader was told it."""
    for one in answers:
        if isinstance(one, dict) and one.get("told") is not None:
            yield one["id"], one["told"]
        if isinstance(one, dict | list):
            yield from marks_in(list(one.values()) if isinstance(one, dict) else one)


def without_own_about(answer: Any) -> Any:
    """Leave out whom the reader's own records are about: a person's id stays in what oneself wrote of them."""
    if isinstance(answer, list):
        return [without_own_about(one) for one in answer]
    if not isinstance(answer, dict):
        return answer
    is_own = "told" in answer and answer["told"] is None
    return {name: without_own_about(one) for name, one in answer.items() if not (is_own and name == "about")}


@asynccontextmanager
async def as_recipient(database: Database, house: House, authority: str) -> AsyncIterator[asyncpg.Connection]:
    """Ask the database as somebody of the recipient's who sees most."""
    connection = await asyncpg.connect(database.dsn("app"))
    known = house.person(NAMES[authority]).person_id if authority in NAMES else None
    try:
        async with connection.transaction():
            await connection.execute(
                "SELECT infohus.act_as($1, $2, $3, now())", authority,
                known or person(f"invited for every area, {authority}"), ROLES.get(authority, "invited_professional"),
            )
            yield connection
    finally:
        await connection.close()


@pytest.mark.rule(16)
@pytest.mark.rule(44)
@pytest.mark.fault("A10")
class WhenAnExchangeOfAnyKindIsWithdrawn:
    async def test_its_recipient_reads_nothing_of_it_but_what_the_two_sign(
        self, house: House, database: Database
    ) -> None:
        taken = await taken_all_the_way(house)
        await (await taken.end_measures()).close("completed")
        await not_agreed_upon(house)
        told = await told_once(house)
        # A notice goes to who owns what was passed on, and that is no recipient of the exchange; no exchange tells a
        # journal reference, of which its own authority sees the newest version.
        beside = {"onward_notice", "journal_reference"}
        can_be_told = {row["tablename"] for row in await house.sql(CAN_BE_TOLD)} - beside
        assert {one.kind for one in told if one.recipient in NAMES} == can_be_told
        assert {one.kind for one in told if one.recipient not in NAMES} > {"information", "contribution", "assessment"}
        before = await read_by_the_two(house, told)
        for one in (one for one in told if one.recipient in NAMES):
            assert one.kind == "exchange" or dict(marks_in(before[one.recipient]))[str(one.record)] == STANDS, one
        for discloser, path, recipient in {(one.discloser, one.path, one.recipient) for one in told}:
            body = {"recipient": recipient, "reason": "En fejl."}
            await house.person(NAMES[discloser]).post(f"{path}/withdrawals", body)
        after = without_own_about(await read_by_the_two(house, told))
        keys = {(row["record_id"], row["recipient_id"]) for row in await house.sql(KEYS)}
        for recipient in {one.recipient for one in told}:
            async with as_recipient(database, house, recipient) as app:
                wraps = {row["record_id"] for row in await app.fetch("SELECT record_id FROM infohus.disclosed_key")}
                for one in (one for one in told if one.recipient == recipient):
                    assert ((one.record, recipient) in keys, one.record in wraps) == (one.stays, one.stays), one
                    rows = await app.fetch(f'SELECT FROM infohus."{one.kind}" WHERE id = $1', one.record)
                    if one.kind != "exchange":  # that it was stays known, without its texts
                        assert bool(rows) is one.stays, one
                        assert (str(one.record) in str(after.get(recipient))) is one.stays, one

