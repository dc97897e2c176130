"""A new version has keys of its own: exactly the recipients of the exchange that carried it can read it (rule 88).

Asked of every kind of record that is written anew, in both directions.
"""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from conftest import Database
from house import MUNICIPALITY, POLICE, PROBATION, CaseInHand, House, Person, now, told
from infohus.kernel.database.statements import table_of
from infohus.kernel.database.tables import Record, Row, VersionedRecord

FIRST, SECOND, THIRD = "Det første ord.", "Det andet ord.", "Det tredje ord."
GUEST = UUID("01a20000-0000-7000-8000-00000000000f")
OTHER = {MUNICIPALITY: POLICE, POLICE: MUNICIPALITY}
REGIME = {MUNICIPALITY: "gdpr", POLICE: "led"}
DIMENSION = {
    "answer": "described", "text": "Set.", "source": "skolen", "dated_on": "2026-10-01", "is_first_hand": True,
    "origin": "already_held",
}


@dataclass(frozen=True)
class Kind:
    """A kind of joint decision: where it is proposed and amended, and what is said in it."""

    path: str
    table: str
    outcome: str
    said_in: str
    prepare: Callable[[CaseInHand], Awaitable[object]]

    def draft(self, text: str, recipients: list[str], *, outcome: str | None = None) -> dict[str, Any]:
        """Write a proposal that says `text`; each text goes to these recipients."""
        content = {self.said_in: text}
        if self.table == "screening":
            content["considered"] = "Det, begge ved."
        if self.table == "assessment":
            content |= {"problems": "Isolation.", "resources": "Moren."}
        disclosure = told(recipients=recipients)
        return {"outcome": outcome or self.outcome, "content": content, "disclosure": disclosure}


async def _qualified(case: CaseInHand) -> None:
    await case.qualify()


async def _recommending(case: CaseInHand) -> None:
    await case.accept()
    content = {"considered": "Det, begge ved.", "reasons": "Der er brug for støtte."}
    await case.decide("screenings", "recommend", content, purpose="screening")


async def _seen(case: CaseInHand) -> None:
    await case.accept()
    for tovholder in (case.kommune, case.politi):
        await case.look_back(tovholder)


KINDS = (
    Kind("scope-decisions", "scope_decision", "within", "reasons", CaseInHand.clear),
    Kind("screenings", "screening", "recommend", "reasons", CaseInHand.accept),
    Kind("assessments", "assessment", "concluded", "overall_assessment", _qualified),
    Kind("recommendations", "recommendation", "recommended", "recommendation", _recommending),
    Kind("closures", "closure", "unfounded", "reasons", _seen),
)


@pytest.fixture(params=KINDS, ids=lambda kind: kind.table)
def kind(request: pytest.FixtureRequest) -> Kind:
    found: Kind = request.param
    return found


def tovholder(case: CaseInHand, authority: str) -> Person:
    return case.kommune if authority == MUNICIPALITY else case.politi


@dataclass
class Proposed:
    """A proposal of one tovholder's authority, with the probation service drawn in beside the two."""

    case: CaseInHand
    kind: Kind
    by: str
    path: str

    @classmethod
    async def by_authority(cls, case: CaseInHand, kind: Kind, by: str) -> "Proposed":
        """Propose it to the other tovholder's authority and to the probation service."""
        await kind.prepare(case)
        await case.kommune.post(f"{case.path}/participants", {
            "person_id": str(GUEST), "authority_id": PROBATION, "scope": ["assessment"],
            "reason": "Kender ham.", "ends_at": "2029-01-01T00:00:00Z",
        })
        writer, recipients = tovholder(case, by), [OTHER[by], PROBATION]
        if kind.table == "assessment":
            opening = {"users_are_trained": True, "disclosure": told(recipients=recipients)}
            opened = (await writer.post(f"{case.path}/assessments", opening))["decision"]
            told_both = {"disclosure": told(recipients=[OTHER[by]])}
            sides = [{**DIMENSION, "dimension": one} for one in ("family", "willingness_to_use_violence")]
            path = f"{case.path}/assessments/{opened['id']}"
            await writer.post(f"{path}/contributions", {"contributions": sides, **told_both})
            await writer.put(
                f"{path}/conclusion", kind.draft(FIRST, recipients), headers={"If-Match": await _etag(writer, path)}
            )
            return cls(case, kind, by, path)
        proposal = await writer.post(f"{case.path}/{kind.path}", kind.draft(FIRST, recipients))
        return cls(case, kind, by, f"{case.path}/{kind.path}/{proposal['id']}")

    async def amend(self, by: str, text: str, recipients: list[str]) -> None:
        """Write the next version."""
        writer = tovholder(self.case, by)
        path = self.path + ("/conclusion" if self.kind.table == "assessment" else "")
        headers = {"If-Match": await _etag(writer, self.path)}
        await writer.put(path, self.kind.draft(text, recipients), headers=headers)

    async def read(self, by: str) -> dict[str, Any]:
        """Read it for an authority: who proposed it, what it says, its hash and its ETag."""
        answer = await tovholder(self.case, by).call("GET", self.path)
        assert answer.status_code == 200, answer.text
        body = answer.json()
        decision: dict[str, Any] = body.get("decision", body)
        return {**decision, "said": decision["content"][self.kind.said_in], "etag": answer.headers["ETag"]}

    async def rows_for_the_guest(self) -> list[str]:
        """Read what the database shows of it to the probation service's professional."""
        connection = await asyncpg.connect(self.case.house.superuser)
        try:
            async with connection.transaction():
                await connection.execute("SET LOCAL ROLE infohus_app")
                await connection.execute(
                    "SELECT infohus.act_as($1, $2, 'invited_professional', now())", PROBATION, GUEST
                )
                rows = await connection.fetch(
                    f"SELECT to_jsonb(t)::text AS row FROM infohus.{self.kind.table} t WHERE id = $1",  # noqa: S608
                    UUID(self.path.rsplit("/", 1)[1]),
                )
                return [row["row"] for row in rows]
        finally:
            await connection.close()

    async def holders(self) -> dict[str, set[str]]:
        """Say who has a key of the version with each text, by the time it was written."""
        rows = await self.case.house.sql(
            "SELECT record_version, authority_id AS reader FROM infohus.record_key WHERE record_id = $1"
            " UNION ALL SELECT record_version, recipient_id FROM infohus.disclosed_key WHERE record_id = $1"
            " ORDER BY 1", UUID(self.path.rsplit("/", 1)[1]),
        )
        versions = sorted({row["record_version"] for row in rows})
        texts = [FIRST, SECOND, THIRD]
        if self.kind.table == "assessment":
            texts = ["", *texts]
        return {
            texts[versions.index(version)]: {row["reader"] for row in rows if row["record_version"] == version}
            for version in versions
        }


async def _etag(person: Person, path: str) -> str:
    etag: str = (await person.call("GET", path)).headers["ETag"]
    return etag


@pytest.mark.rule(88)
@pytest.mark.fault("A1")
@pytest.mark.parametrize("by", [MUNICIPALITY, POLICE])
class WhenAJointDecisionIsAmended:
    async def test_exactly_the_recipients_of_the_new_version_have_its_key(
        self, house: House, kind: Kind, by: str
    ) -> None:
        proposed = await Proposed.by_authority(await house.case(), kind, by)
        everybody = {by, OTHER[by], PROBATION}
        await proposed.amend(by, SECOND, [OTHER[by]])
        holders = await proposed.holders()
        assert (holders[FIRST], holders[SECOND]) == (everybody, {by, OTHER[by]})
        assert (await proposed.read(by))["said"] == (await proposed.read(OTHER[by]))["said"] == SECOND

    async def test_who_was_not_told_reads_the_version_before_with_no_word_of_the_later(
        self, house: House, kind: Kind, by: str
    ) -> None:
        proposed = await Proposed.by_authority(await house.case(), kind, by)
        before = await proposed.rows_for_the_guest()
        await proposed.amend(by, SECOND, [OTHER[by]])
        assert (await proposed.holders())[SECOND] == {by, OTHER[by]}
        assert await proposed.rows_for_the_guest() == before
        assert bool(before) is (kind.table == "assessment")

    @pytest.mark.rule(44)
    @pytest.mark.rule(70)
    async def test_no_version_is_kept_from_the_other_tovholder(self, house: House, kind: Kind, by: str) -> None:
        """Who signs in vain would learn of a version that was kept from them."""
        proposed = await Proposed.by_authority(await house.case(), kind, by)
        writer, other = tovholder(proposed.case, by), tovholder(proposed.case, OTHER[by])
        before, holders = await proposed.read(OTHER[by]), await proposed.holders()
        path = proposed.path + ("/conclusion" if kind.table == "assessment" else "")
        headers = {"If-Match": await _etag(writer, proposed.path)}
        refused = await writer.put(path, kind.draft(SECOND, [PROBATION]), headers=headers, status=422)
        assert refused["type"] == "/problems/not-shown-to-the-other"
        assert (await proposed.holders(), await proposed.read(OTHER[by])) == (holders, before)
        signature = {"content_hash": before["content_hash"]}
        await other.post(f"{proposed.path}/signatures", signature)
        assert (await proposed.read(by))["decided_at"]

    @pytest.mark.rule(18)
    @pytest.mark.rule(42)
    @pytest.mark.fault("A12")
    async def test_who_wrote_a_version_is_its_author_under_its_own_law(
        self, house: House, kind: Kind, by: str
    ) -> None:
        proposed = await Proposed.by_authority(await house.case(), kind, by)
        other = OTHER[by]
        await proposed.amend(other, SECOND, [by])
        for read in [await proposed.read(reader) for reader in (by, other)]:
            assert (read["proposed_by"], read["said"]) == (other, SECOND)
            assert [one["authority_id"] for one in read["signatures"]] == [other]
        versions = await house.sql(
            f"SELECT authority_id, regime FROM infohus.{kind.table} WHERE id = $1 ORDER BY record_version DESC",  # noqa: S608
            UUID(proposed.path.rsplit("/", 1)[1]),
        )
        assert [tuple(row) for row in versions[:2]] == [(other, REGIME[other]), (by, REGIME[by])]
        await proposed.amend(by, THIRD, [other])
        assert (await proposed.read(other))["proposed_by"] == by

    async def test_it_is_decided_with_both_signatures_on_the_last_version(
        self, house: House, kind: Kind, by: str
    ) -> None:
        proposed = await Proposed.by_authority(await house.case(), kind, by)
        other = OTHER[by]
        await proposed.amend(other, SECOND, [by])
        content = {"content_hash": (await proposed.read(by))["content_hash"]}
        await tovholder(proposed.case, by).post(f"{proposed.path}/signatures", content)
        read = [await proposed.read(reader) for reader in (by, other)]
        assert all(one["decided_at"] and one["outcome"] == kind.outcome for one in read)


@pytest.mark.rule(18)
@pytest.mark.fault("A7")
class WhenSomebodyChangesTheRowBetweenTwoSignatures:
    @pytest.mark.parametrize("change", [
        "outcome = 'outside'", "outcome = 'police_alone', content_hash = sha256('x')", "content_hash = sha256('x')",
        "regime = 'led', authority_id = 'kbh-vestegns-politi'", "recorded_by = gen_random_uuid()",
        "recorded_at = recorded_at - interval '1 second'",
    ])
    async def test_the_second_is_refused_and_nothing_is_decided(self, house: House, change: str) -> None:
        case = await (await house.case()).clear()
        draft = KINDS[0].draft(FIRST, [POLICE])
        proposal = await case.kommune.post(f"{case.path}/scope-decisions", draft)
        path = f"{case.path}/scope-decisions/{proposal['id']}"
        await house.sql(f"UPDATE infohus.scope_decision SET {change} WHERE id = $1", UUID(proposal["id"]))  # noqa: S608
        for content_hash in (proposal["content_hash"], hashlib.sha256(b"x").hexdigest()):
            signed = await case.politi.call("POST", f"{path}/signatures", json={"content_hash": content_hash})
            assert signed.status_code in {404, 409, 500}
        assert await case.stage() == "cleared"
        assert await house.sql("SELECT FROM infohus.signature WHERE authority_id = $1", POLICE) == []

    async def test_the_application_s_role_may_not_even_try(self, database: Database) -> None:
        connection = await asyncpg.connect(database.dsn("app"))
        try:
            for table in (kind.table for kind in KINDS):
                for column in ("outcome", "content", "content_hash", "authority_id", "record_version"):
                    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied"):
                        await connection.execute(f"UPDATE infohus.{table} SET {column} = {column}")  # noqa: S608
        finally:
            await connection.close()

    @pytest.mark.rule(18)
    async def test_a_signed_decision_cannot_become_another_s(self, house: House) -> None:
        """Move the signed document to another record, or give it another kind's place: it does not open."""
        case = await (await house.case()).clear()
        proposal = await case.kommune.post(f"{case.path}/scope-decisions", KINDS[0].draft(FIRST, [POLICE]))
        other = await (await house.case()).clear()
        twin = await other.kommune.post(f"{other.path}/scope-decisions", KINDS[0].draft(SECOND, [POLICE]))
        await house.sql(
            "UPDATE infohus.scope_decision t SET content = s.content, content_hash = s.content_hash"
            " FROM infohus.scope_decision s WHERE s.id = $1 AND t.id = $2", UUID(proposal["id"]), UUID(twin["id"]),
        )
        signed = await other.politi.call(
            "POST", f"{other.path}/scope-decisions/{twin['id']}/signatures",
            json={"content_hash": proposal["content_hash"]},
        )
        assert signed.status_code == 500
        assert await other.stage() == "cleared"


class WhenAnAuthorityWritesItsOwnAnew:
    @pytest.mark.rule(88)
    @pytest.mark.parametrize("who", ["kommune", "politi"])
    async def test_its_journal_reference_has_new_keys_and_shows_the_last(self, house: House, who: str) -> None:
        case = await house.case()
        writer, path = house.person(who), f"{case.path}/journal-reference"
        await writer.put(path, {"reference": "26/1"})
        for version in (1, 2):
            await writer.put(path, {"reference": f"26/{version + 1}"}, headers={"If-Match": f'"{version}"'})
        assert (await writer.get(path))["reference"] == "26/3"
        keys = await house.sql(
            "SELECT k.key_id FROM infohus.record_key k JOIN infohus.journal_reference j ON j.id = k.record_id"
            " AND j.record_version = k.record_version"
        )
        assert len({row["key_id"] for row in keys}) == len(keys) == 3

    @pytest.mark.rule(88)
    @pytest.mark.rule(32)
    async def test_whoever_was_told_of_an_underretning_is_not_told_what_was_done_about_it(self, house: House) -> None:
        case = await house.case(subjects=[{"name": "Barn", "is_under_18": True}])
        concern = await case.kommune.get(f"{case.path}/concerns/{case.concern_id}")
        (child,) = concern["child_notifications"]
        items = [{"kind": "child_notification", "id": child["id"]}, {"kind": "concern", "id": case.concern_id}]
        given = await case.kommune.post(f"{case.path}/exchanges", {**told(), "items": items})
        assert given["id"]
        handed = {"handed_over_at": now().isoformat(), "handed_over_to": "Familieafdelingen"}
        await case.kommune.post(f"{case.path}/child-notifications/{child['id']}/hand-over", handed, status=200)
        seen = (await case.politi.get(f"{case.path}/concerns/{case.concern_id}"))["child_notifications"]
        assert [{**one, "told": None} for one in seen] == [child]
        own = (await case.kommune.get(f"{case.path}/concerns/{case.concern_id}"))["child_notifications"]
        assert own[0]["handed_over_at"]


class WhenARecordIsDeclared:
    def test_only_these_are_written_anew(self) -> None:
        versioned = {
            str(mapper.class_.__tablename__) for mapper in Row.registry.mappers
            if issubclass(mapper.class_, VersionedRecord)
        }
        assert versioned == {*(kind.table for kind in KINDS), "journal_reference"}

    def test_what_changes_later_is_a_column_that_holds_no_text(self) -> None:
        for mapper in Row.registry.mappers:
            if issubclass(mapper.class_, Record):
                columns = table_of(mapper.class_).columns
                assert mapper.class_.changes_later <= set(columns.keys())
                assert not mapper.class_.changes_later & {"id", "case_id", "authority_id", "regime", "outcome"}
