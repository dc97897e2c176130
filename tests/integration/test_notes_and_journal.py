"""Notes, documents, and each authority's own journal (rules 43, 68 and 69)."""

import hashlib
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from house import MUNICIPALITY, POLICE, CaseInHand, House, now, told


def note(**change: Any) -> dict[str, Any]:
    """Write that somebody rang."""
    return {"happened_at": now().isoformat(), "text": "Moren ringede.", **change}


class WhenANoteIsWritten:
    """Rule 68."""

    @pytest.mark.rule(68)
    async def test_it_holds_the_time_of_the_event_of_the_entry_and_the_author(self, house: House) -> None:
        case = await house.case()
        happened_at = (now() - timedelta(hours=2)).isoformat()
        written = await case.kommune.post(f"{case.path}/notes", note(happened_at=happened_at))
        assert {name: written[name] for name in ("owner", "kind", "is_late", "recorded_by", "text", "corrects")} == {
            "owner": MUNICIPALITY, "kind": "note", "is_late": False, "text": "Moren ringede.", "corrects": None,
            "recorded_by": str(case.kommune.person_id),
        }
        assert written["happened_at"] < written["recorded_at"]
        assert await case.kommune.get(f"{case.path}/notes/{written['id']}") == written

    @pytest.mark.rule(68)
    @pytest.mark.parametrize(("days", "is_late"), [(2, False), (4, True), (400, True)])
    async def test_it_shows_as_late_after_some_days(self, house: House, days: int, is_late: bool) -> None:  # noqa: FBT001
        case = await house.case()
        assert house.settings.note_late_after_days == 3
        draft = note(happened_at=(now() - timedelta(days=days)).isoformat())
        assert (await case.kommune.post(f"{case.path}/notes", draft))["is_late"] is is_late
        assert [one["is_late"] for one in (await case.kommune.get(f"{case.path}/notes"))["items"]] == [is_late]

    @pytest.mark.rule(68)
    async def test_what_has_not_happened_is_not_noted(self, house: House) -> None:
        case = await house.case()
        ahead = note(happened_at=(now() + timedelta(hours=1)).isoformat())
        refused = await case.kommune.call("POST", f"{case.path}/notes", json=ahead)
        assert (refused.status_code, refused.json()["type"]) == (422, "/problems/in-the-future")
        await case.kommune.post(f"{case.path}/notes", note(happened_at="2026-11-20T10:00:00"), status=400)
        assert (await case.kommune.get(f"{case.path}/notes"))["items"] == []

    async def test_nobody_changes_it_and_a_correction_points_to_it(self, house: House) -> None:
        case = await house.case()
        wrong = await case.kommune.post(f"{case.path}/notes", note())
        right = await case.kommune.post(f"{case.path}/notes", note(text="Faren ringede.", corrects=wrong["id"]))
        assert right["corrects"] == wrong["id"]
        listed = (await case.kommune.get(f"{case.path}/notes"))["items"]
        assert [one["text"] for one in listed] == ["Moren ringede.", "Faren ringede."]
        grants = await house.sql(
            "SELECT privilege_type FROM information_schema.column_privileges"
            " WHERE table_name = 'note' AND grantee = 'infohus_app' AND privilege_type = 'UPDATE'"
        )
        assert grants == []

    async def test_a_correction_is_of_an_own_note_in_the_same_case(self, house: House) -> None:
        case, other = await house.case(), await house.case()
        elsewhere = await other.kommune.post(f"{other.path}/notes", note())
        theirs = await case.politi.post(f"{case.path}/notes", note())
        for wrong in (elsewhere["id"], theirs["id"], str(UUID(int=5))):
            await case.kommune.post(f"{case.path}/notes", note(corrects=wrong), status=404)

    @pytest.mark.rule(44)
    async def test_the_other_side_reads_it_only_when_it_is_disclosed(self, house: House) -> None:
        case = await house.case()
        kept, shared = [await case.kommune.post(f"{case.path}/notes", note()) for _ in range(2)]
        items = {**told(), "items": [{"kind": "note", "id": shared["id"]}]}
        await case.kommune.post(f"{case.path}/exchanges", items)
        assert [one["id"] for one in (await case.politi.get(f"{case.path}/notes"))["items"]] == [shared["id"]]
        await case.politi.get(f"{case.path}/notes/{kept['id']}", status=404)
        assert (await case.politi.get(f"{case.path}/notes/{shared['id']}"))["text"] == "Moren ringede."

    async def test_sent_twice_it_is_written_once(self, house: House) -> None:
        case, key = await house.case(), {"Idempotency-Key": "note-written-once-1"}
        draft = note()
        first, again = [await case.kommune.post(f"{case.path}/notes", draft, headers=key) for _ in range(2)]
        assert first == again
        assert len((await case.kommune.get(f"{case.path}/notes"))["items"]) == 1


class WhenADocumentIsRegistered:
    """Rule 69."""

    @pytest.mark.rule(69)
    @pytest.mark.parametrize("kind", ["received", "sent", "internal_final"])
    async def test_it_has_a_date_and_a_short_subject(self, house: House, kind: str) -> None:
        case = await house.case()
        path = f"{case.path}/notes"
        for subject in ({}, {"subject": None}, {"subject": ""}):
            refused = await case.kommune.call("POST", path, json=note(kind=kind, **subject))
            assert refused.json()["type"] == "/problems/document-without-subject", subject
        await case.kommune.post(path, note(kind=kind, subject="x" * 201), status=400)
        dateless = {"kind": kind, "subject": "Brev fra skolen", "text": "Se bilag."}
        await case.kommune.post(path, dateless, status=400)
        kept = await case.kommune.post(path, note(kind=kind, subject="Brev fra skolen"))
        assert (kept["kind"], kept["subject"]) == (kind, "Brev fra skolen")

    @pytest.mark.rule(69)
    async def test_its_subject_is_sealed(self, house: House) -> None:
        case = await house.case()
        kept = await case.kommune.post(f"{case.path}/notes", note(kind="sent", subject="Om Prøve Prøvesen"))
        row = (await house.sql("SELECT subject, text FROM infohus.note WHERE id = $1", UUID(kept["id"])))[0]
        assert "Prøvesen".encode() not in row["subject"] + row["text"]


class WhenEachAuthorityKeepsItsJournal:
    """Rule 43."""

    @pytest.mark.rule(43)
    async def test_each_has_its_own_reference_and_never_sees_the_others(self, house: House) -> None:
        case = await house.case()
        path = f"{case.path}/journal-reference"
        unset = {"reference": None, "set_at": None}
        assert await case.kommune.get(path) == unset
        await case.kommune.put(path, {"reference": "26/1234"})
        assert await case.politi.get(path) == unset
        await case.politi.put(path, {"reference": "0100-70123-00001-26"})
        assert (await case.kommune.get(path))["reference"] == "26/1234"
        assert (await case.politi.get(path))["reference"] == "0100-70123-00001-26"

    @pytest.mark.rule(43)
    async def test_a_change_overwrites_nothing_unseen(self, house: House) -> None:
        case = await house.case()
        path = f"{case.path}/journal-reference"
        await case.kommune.put(path, {"reference": "26/1234"})
        await case.kommune.put(path, {"reference": "26/9999"}, status=428)
        await case.kommune.put(path, {"reference": "26/9999"}, status=412, headers={"If-Match": '"9"'})
        await case.kommune.put(path, {"reference": "26/5678"}, headers={"If-Match": '"1"'})
        changed = await case.kommune.call("GET", path)
        assert (changed.json()["reference"], changed.headers["ETag"]) == ("26/5678", '"2"')

    @pytest.mark.rule(43)
    async def test_a_reference_is_one_line(self, house: House) -> None:
        case = await house.case()
        for reference, status in (
            ("", 422), ("   ", 422), ("26/1\n# Nyt afsnit", 400), ("26/1\r", 400), (101 * "1", 400), ("26/1\n", 400),
        ):
            await case.kommune.put(f"{case.path}/journal-reference", {"reference": reference}, status=status)

    @pytest.mark.rule(43)
    async def test_each_keeps_the_case_by_its_own_rule_and_sees_that_alone(self, house: House) -> None:
        case = await (await house.case()).clear()
        assert await case.kommune.get(f"{case.path}/retention") == []
        await case.close("completed")
        kept = [await person.get(f"{case.path}/retention") for person in (case.kommune, case.politi)]
        assert [[(one["authority_id"], one["rule"]) for one in own] for own in kept] == [
            [(MUNICIPALITY, "ordinary")], [(POLICE, "police")],
        ]

    @pytest.mark.rule(43)
    @pytest.mark.rule(61)
    async def test_each_sees_its_own_part_of_the_log_and_that_is_logged(self, house: House) -> None:
        case = await (await house.case()).accept()
        await case.politi.post(f"{case.path}/notes", note())
        lines = (await case.kommune.get(f"{case.path}/log"))["items"]
        assert {"recordConcern", "recordExchange", "proposeScopeDecision"} <= {one["action"] for one in lines}
        assert "writeNote" not in {one["action"] for one in lines}, "what the police write for themselves is theirs"
        theirs = (await case.politi.get(f"{case.path}/log"))["items"]
        assert "writeNote" in {one["action"] for one in theirs}
        for own, by in ((lines, case.kommune), (theirs, case.politi)):
            assert {one["person"] for one in own} == {str(by.person_id)}
        assert "readCaseLog" in {entry.action for entry in await house.entries()}
        page = await case.kommune.get(f"{case.path}/log?limit=2")
        assert [one["index"] for one in page["items"]] == [one["index"] for one in lines[:2]]
        rest = await case.kommune.get(f"{case.path}/log?limit=1&after={page['next']}")
        assert rest["items"][0]["index"] == lines[2]["index"]


class WhenAJournalNoteIsTakenHome:
    """Decision and proof, never content."""

    async def settled(self, house: House) -> CaseInHand:
        """Bring a case to its end, with a text that must not leave it."""
        case = await (await house.case(observation="Han sagde HEMMELIGT.")).recommend()
        await case.disclose(await case.note("HEMMELIGT"))
        await case.kommune.put(f"{case.path}/journal-reference", {"reference": "26/1234"})
        return await case.close("completed")

    @pytest.mark.rule(43)
    async def test_it_names_what_was_decided_and_told_with_proof_and_no_content(self, house: House) -> None:
        case = await self.settled(house)
        taken = await case.kommune.post(f"{case.path}/journal-notes", status=200)
        assert [(one["kind"], one["outcome"]) for one in taken["decisions"]] == [
            ("scope_decision", "within"), ("screening", "recommend"), ("recommendation", "recommended"),
            ("closure", "completed"),
        ]
        assert all(
            {each["authority"] for each in one["signatures"]} == {MUNICIPALITY, POLICE} for one in taken["decisions"]
        )
        assert (taken["reference"], taken["stage"]) == ("26/1234", "closed")
        text = taken["text"]
        assert "HEMMELIGT" not in str(taken)
        assert "Prøvesen" not in str(taken)
        for fact in (taken["case_number"], "26/1234", "Afslutning: gennemført", taken["log_root"]):
            assert fact in text
        for one in (*taken["decisions"], *taken["exchanges"]):
            assert one.get("content_hash", one.get("manifest")) in text

    async def test_the_log_holds_its_fingerprint(self, house: House) -> None:
        case = await self.settled(house)
        taken = await case.politi.post(f"{case.path}/journal-notes", status=200)
        assert hashlib.sha256(taken["text"].encode()).hexdigest() == taken["digest"]
        assert taken["reference"] is None
        entry = next(one for one in await house.entries() if one.action == "exportJournalNote")
        assert (entry.justification, entry.purpose, entry.authority) == (
            f"sha256:{taken['digest']}", "journal", POLICE
        )
