"""A small world with a row of every kind, made through the real API, and everybody who might look at it.

What they see is asked of row security and of the policies in asking_rows.py; nothing is judged here.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from house import (
    CLEARANCE,
    INSTITUTION,
    MUNICIPALITY,
    POLICE,
    PROBATION,
    CaseInHand,
    House,
    Person,
    now,
    open_house,
    told,
)
from house_keys import Addresses
from infohus.danish_calendar import danish_day
from policies.danger_rows import report_danger
from policies.lookers import INVITING, SCOPES, Looker, lookers, person
from policies.oracle import AREAS

CONTRIBUTION: Final[dict[str, Any]] = {
    "dimension": "family", "answer": "described", "text": "Moren holder kontakt.", "source": "skolen",
    "dated_on": "2026-10-01", "is_first_hand": False, "origin": "already_held",
}
RISK: Final = {**CONTRIBUTION, "dimension": "willingness_to_use_violence"}
CONCLUSION: Final = {
    "problems": "Isolation.", "resources": "Moren.", "overall_assessment": "Støtte.", "dimensions_to_work_on": [],
}


@dataclass(frozen=True, slots=True)
class StoredRow:
    """A row as it is stored. `place` is its `ctid`, which identifies it within its table."""

    table: str
    place: str
    columns: dict[str, Any]

    @property
    def case_id(self) -> UUID:
        """The case it belongs to."""
        return UUID(self.columns["id" if self.table == "case" else "case_id"])


@dataclass(frozen=True, slots=True)
class World:
    """All rows that there are, and everybody who looks at them."""

    infohus_id: UUID
    rows: tuple[StoredRow, ...]
    lookers: tuple[Looker, ...]
    tables: tuple[str, ...]


async def make_world(database: Addresses, folder: Path) -> World:
    """Make at least one row of every kind through the API, and read what is stored."""
    async with open_house(database, folder) as house:
        await _register_tovholdere(house, "left")
        # No act leaves a notice that its owner does not read; row security is asked about one anyhow.
        unread = "UPDATE infohus.disclosure SET withdrawn_at = now() WHERE case_id = $1 AND record_kind ~ '_notice$'"
        await house.sql(unread, await play_every_kind(house))
        await _register_tovholdere(house, "came later")
        await house.sql(
            "DELETE FROM infohus.coordinator WHERE person_id = ANY ($1)",
            [person(f"tovholder who left, {authority}") for authority in (MUNICIPALITY, POLICE)],
        )
        await house.assert_logs_are_whole()
        tables = await _case_tables(house)
        rows = [row for table in tables for row in await _rows_of(house, table)]
        return World(house.infohus_id, tuple(rows), tuple(lookers(now())), tables)


async def play_every_kind(house: House) -> UUID:
    """Make at least one row of every kind, one of each that is told withdrawn; give a case with a notice."""
    await report_danger(await taken_all_the_way(house))
    closed = await (await (await taken_all_the_way(house)).end_measures()).close("completed")
    await not_agreed_upon(house)
    taken_back = await not_agreed_upon(house)
    differing = (await taken_back.politi.get(f"{taken_back.path}/exchanges"))["items"][-1]["id"]
    withdrawal = {"recipient": MUNICIPALITY, "reason": "Givet ved en fejl."}
    await taken_back.politi.post(f"{taken_back.path}/exchanges/{differing}/withdrawals", withdrawal)
    await _proposed_to_a_third(house)
    await _recorded_by_the_police(house)
    await house.case(reporter_is_anonymous=True)
    return UUID(closed.id)


async def _register_tovholdere(house: House, when: str) -> None:
    for authority in (MUNICIPALITY, POLICE):
        await house.sql(
            "INSERT INTO infohus.coordinator VALUES ($1, $2, $3)", house.infohus_id, authority,
            person(f"tovholder who {when}, {authority}"),
        )


async def _case_tables(house: House) -> tuple[str, ...]:
    """Name every table that holds something of a case, or of a person's requests."""
    found = await house.sql(
        """
        SELECT c.relname FROM pg_class c
        WHERE c.relnamespace = 'infohus'::regnamespace AND c.relkind IN ('r', 'p')
          AND (c.relname IN ('case', 'answered_request') OR EXISTS (
            SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'case_id' AND NOT a.attisdropped
          ))
        ORDER BY 1
        """
    )
    return tuple(row["relname"] for row in found)


async def _rows_of(house: House, table: str) -> Iterator[StoredRow]:
    found = await house.sql(f'SELECT ctid::text AS place, to_jsonb(t)::text AS columns FROM infohus."{table}" t')  # noqa: S608
    return (StoredRow(table, row["place"], json.loads(row["columns"])) for row in found)


# --- the cases ------------------------------------------------------------------------------------------------------
async def taken_all_the_way(house: House) -> CaseInHand:
    """Take a case to its measures, each side keeping some of its records to itself on every step."""
    case = await house.case(
        subjects=[
            {"name": "Prøve", "cpr_number": "010104-1234", "address": "Et sted", "address_is_protected": True},
            {"name": "Barn", "is_under_18": True},
        ],
        reporter={"name": "Lærer Lærersen"},
    )
    kommune, politi = case.kommune, case.politi
    concern = await kommune.get(f"{case.path}/concerns/{case.concern_id}")
    child = concern["child_notifications"][0]["id"]
    handed = {"handed_over_at": now().isoformat(), "handed_over_to": "Familieafdelingen"}
    task = await kommune.post(f"{case.path}/child-notifications/{child}/hand-over", handed, status=200)
    for clock, stopped in (
        ("assessment", {"assessed_at": now().isoformat()}), ("receipt", {"receipt_given_on": str(danish_day(now()))}),
    ):
        await kommune.post(f"{case.path}/child-notifications/{child}/{clock}", stopped, status=200)
    stated = {"is_under_18": True, "reason": "Skolen siger det."}
    await kommune.post(f"{case.path}/subjects/{concern['subjects'][1]['id']}/ages", stated)
    await kommune.post(f"{case.path}/reporters/{concern['reporter_id']}/releases", {"reason": "Læreren vil det selv."})
    await _invite_all(case, [subject["id"] for subject in concern["subjects"]])
    await case.accept()
    check = (await house.sql("SELECT id FROM infohus.clearance_check WHERE case_id = $1", UUID(case.id)))[0]["id"]
    await _disclose(case, POLICE, MUNICIPALITY, kind="clearance_check", record_id=str(check))
    await _disclose(case, MUNICIPALITY, POLICE, kind="subject", record_id=concern["subjects"][0]["id"])
    await _disclose(case, MUNICIPALITY, POLICE, kind="child_notification", record_id=child)
    await _disclose(case, MUNICIPALITY, POLICE, kind="child_notification_step", record_id=task["steps"][0]["id"])
    for by, recipients in (
        (MUNICIPALITY, [POLICE]), (MUNICIPALITY, [PROBATION]), (MUNICIPALITY, [POLICE, PROBATION]), (MUNICIPALITY, []),
        (POLICE, [MUNICIPALITY]), (POLICE, [PROBATION]), (POLICE, []),
    ):
        writer = kommune if by == MUNICIPALITY else politi
        item = await writer.post(
            f"{case.path}/information", {"text": "Han kommer i klubben.", "source": "klubben"},
            headers={"Idempotency-Key": f"{by}-{'-'.join(recipients)}-{case.id}"},
        )
        if recipients:
            await _disclose(case, by, *recipients, kind="information", record_id=item["id"])
        if recipients in ([], [PROBATION]) and by == MUNICIPALITY:
            authority = PROBATION if recipients else MUNICIPALITY
            await _invite(case, f"invited for one item, {authority}", authority, ("information",), records=[item["id"]])
    await _ask_and_withdraw(case)
    content = {"considered": "Det, begge ved.", "reasons": "Billedet er uklart."}
    await case.decide("screenings", "qualify_further", content, purpose="screening")
    await _assess(case)
    await case.decide("recommendations", "recommended", {"recommendation": "En mentor."}, purpose="recommendation")
    await _measure(case)
    for tovholder in (kommune, politi):
        await case.look_back(tovholder)
    return case


async def _ask_and_withdraw(case: CaseInHand) -> None:
    """Ask each other, note a release on either side, and take back what was told: each side keeps some to itself."""
    kommune, politi, at = case.kommune, case.politi, now().isoformat()
    for writer, by in ((kommune, MUNICIPALITY), (politi, POLICE)):
        requests = f"{case.path}/information-requests"
        reader = politi if by == MUNICIPALITY else kommune
        asked = await writer.post(requests, {"question": "Kender I ham?", "disclosure": told(by)})
        await reader.post(f"{requests}/{asked['id']}/answer", {"answer": "declined"}, status=200)
        noted = await writer.post(requests, {"question": "Hvor bor han?", "received_from": PROBATION})
        await writer.post(f"{requests}/{noted['id']}/answer", {"answer": "declined"}, status=200)
        release = {"released_on": "2026-10-01", "judgement": "at_risk", "basis": "Kriminalforsorgens vurdering."}
        _, shared = [await writer.post(f"{case.path}/custody-releases", release) for _ in range(2)]
        other = POLICE if by == MUNICIPALITY else MUNICIPALITY
        await _disclose(case, by, other, kind="custody_release", record_id=shared["id"])
        written = [await writer.post(f"{case.path}/notes", {"happened_at": at, "text": "Ringede."}) for _ in range(2)]
        await _disclose(case, by, other, kind="note", record_id=written[1]["id"])
        # The other passes it on, of which the owner gets a notice.
        await _disclose(case, other, PROBATION, kind="note", record_id=written[1]["id"])
        await _keep_for_itself(case, writer, item_id=written[0]["id"])
        await _mark_as_kept(case, writer, reader)
        await writer.put(f"{case.path}/journal-reference", {"reference": "26/1234"})
        item = await writer.post(f"{case.path}/information", {"text": "En fejl.", "source": "klubben"})
        items = [{"kind": "information", "id": item["id"]}]
        given = await writer.post(f"{case.path}/exchanges", {**told(by), "items": items})
        path = f"{case.path}/exchanges/{given['id']}"
        await reader.post(f"{path}/receipts", {"manifest": given["manifest"]}, status=200)
        await writer.post(f"{path}/withdrawals", {"recipient": other, "reason": "Givet ved en fejl."})


async def _keep_for_itself(case: CaseInHand, writer: Person, *, item_id: str) -> None:
    """Let an authority be asked for access, restrict an item, release a person, and hold the case back."""
    today = danish_day(now())
    basis = "dbl-22-1" if writer.name == "kommune" else "rhl-16"
    await writer.post(f"{case.path}/access-requests", {"received_on": str(today), "asked": "Hvad har I om mig?"})
    await writer.post(f"{case.path}/restrictions", {
        "item": {"kind": "note", "id": item_id}, "basis": basis, "reason": "Kilden.",
        "review_on": str(today + timedelta(days=90)),
    })
    if writer.name == "kommune":
        concern = await writer.get(f"{case.path}/concerns/{case.concern_id}")
        item = {"kind": "subject", "id": concern["subjects"][0]["id"]}
        await writer.post(f"{case.path}/releases", {"item": item, "reason": "Det er ham, der spørger."})
    await writer.post(f"{case.path}/legal-holds", {"reason": "Verserende klagesag."})
    await writer.post(f"{case.path}/archive-clearances", {
        "decision": "to_be_delivered", "decided_on": str(today), "reference": "RA 26/1",
    })


async def _assess(case: CaseInHand) -> None:
    opening = {"users_are_trained": True, "disclosure": told(purpose="assessment")}
    opened = await case.kommune.post(f"{case.path}/assessments", opening)
    path = f"{case.path}/assessments/{opened['decision']['id']}"
    await case.kommune.post(f"{path}/contributions", {"contributions": [CONTRIBUTION]})
    both = told(purpose="assessment", recipients=[POLICE, PROBATION])
    shared = {"contributions": [CONTRIBUTION, RISK], "disclosure": both}
    await case.kommune.post(f"{path}/contributions", shared)
    await case.politi.post(f"{path}/contributions", {"contributions": [RISK]})
    draft = {"content": CONCLUSION, "disclosure": both}
    concluded = await case.kommune.put(f"{path}/conclusion", draft, headers={"If-Match": '"1"'})
    await case.politi.post(f"{path}/signatures", {"content_hash": concluded["decision"]["content_hash"]})


async def _measure(case: CaseInHand) -> None:
    participants = (await case.kommune.get(case.path))["participants"]
    deliverers = {(one["acts_for"], one["person_id"]): one["id"] for one in participants}
    for by, recipients, deliverer in (
        (MUNICIPALITY, [], None), (MUNICIPALITY, [POLICE, PROBATION], PROBATION), (POLICE, [], POLICE),
        (MUNICIPALITY, [POLICE, PROBATION], None), (MUNICIPALITY, [], MUNICIPALITY),
    ):
        writer = case.kommune if by == MUNICIPALITY else case.politi
        disclosure = {"disclosure": told(by, purpose="measure", recipients=recipients)} if recipients else {}
        measure = await writer.post(f"{case.path}/measures", {
            "level": "selective", "responsible_authority": by, "description": "Mentor hver uge.",
            "starts_on": "2026-11-24", "follow_up_on": "2099-01-01", **disclosure,
            "deliverer": deliverer and deliverers[deliverer, str(person(f"invited for measures, {deliverer}"))],
        })
        path = f"{case.path}/measures/{measure['id']}/follow-ups"
        await writer.post(path, {"text": "Det går bedre.", "next_follow_up_on": "2099-02-01", **disclosure})
        await writer.post(path, {"text": "Det går.", "next_follow_up_on": "2099-03-01"})


async def not_agreed_upon(house: House) -> CaseInHand:
    case = await (await house.case()).clear()
    await _see_first(case)
    await _invite(case, "invited for measures, kriminalforsorgen", PROBATION, ("measures",))
    proposal = await case.kommune.post(f"{case.path}/scope-decisions", {
        "outcome": "within", "content": {"reasons": "Ekstremisme."}, "disclosure": told(purpose="scope_decision"),
    })
    path = f"{case.path}/scope-decisions/{proposal['id']}/disagreement"
    await case.politi.post(path, {"reason": "Bekymring.", "disclosure": told(POLICE)})
    return case


async def _see_first(case: CaseInHand) -> None:
    """State both views; only the municipality's is revealed."""
    views = f"{case.path}/first-views"
    ours = await case.kommune.post(views, {"view": "within", "reasons": "Ekstremisme kan være på spil."})
    await case.politi.post(views, {"view": "outside", "reasons": "En familiesag."})
    await case.kommune.post(f"{views}/{ours['id']}/revelation", {"disclosure": told(purpose="scope_decision")})


async def _proposed_to_a_third(house: House) -> None:
    """Propose each joint decision also to an authority that does not sign it, and leave it unsigned."""
    reasons = {"considered": "Det, begge ved.", "reasons": "Billedet er uklart."}
    for path, outcome, content in (
        ("scope-decisions", "within", reasons), ("screenings", "recommend", reasons),
        ("recommendations", "recommended", {"recommendation": "En mentor."}),
        ("closures", "unfounded", {"reasons": "Grundløs."}),
    ):
        case = await (await house.case()).clear()
        await _invite(case, "invited for measures, kriminalforsorgen", PROBATION, ("measures",))
        if path != "scope-decisions":
            await case.decide("scope-decisions", "within", reasons, purpose="scope_decision")
        if path == "recommendations":
            await case.decide("screenings", "recommend", reasons, purpose="screening")
        both = told(recipients=[POLICE, PROBATION])
        proposal = {"outcome": outcome, "content": content, "disclosure": both}
        await case.kommune.post(f"{case.path}/{path}", proposal)


async def _recorded_by_the_police(house: House) -> None:
    await house.person("politi").post(f"/infohuse/{house.infohus_id}/concerns", {
        "channel": "hotline", "received_at": now().isoformat(), "reporter_kind": "citizen",
        "observation": "Set i byen.", "told_reporter": "Vi ser på det.", "reporter": {"name": "Vidne Vidnesen"},
        "subjects": [{"is_under_18": True}],
    })


async def _mark_as_kept(case: CaseInHand, writer: Person, reader: Person) -> None:
    """Disclose two notes, which the reader marks as kept, and withdraw one of them."""
    by = MUNICIPALITY if writer.name == "kommune" else POLICE
    for is_withdrawn in (True, False):
        note = await writer.post(f"{case.path}/notes", {"happened_at": now().isoformat(), "text": "Bevares."})
        items = [{"kind": "note", "id": note["id"]}]
        given = await writer.post(f"{case.path}/exchanges", {**told(by), "items": items})
        path = f"{case.path}/exchanges/{given['id']}"
        await reader.post(f"{path}/kept-marks", {"items": items, "because": "used", "reason": "Brugt i et tiltag."})
        if is_withdrawn:
            other = POLICE if by == MUNICIPALITY else MUNICIPALITY
            await writer.post(f"{path}/withdrawals", {"recipient": other, "reason": "Givet ved en fejl."})


async def _disclose(case: CaseInHand, by: str, *recipients: str, kind: str, record_id: str) -> None:
    writer = case.kommune if by == MUNICIPALITY else case.politi
    draft = {**CLEARANCE, "recipients": list(recipients), "items": [{"kind": kind, "id": record_id}]}
    await writer.post(f"{case.path}/exchanges", draft)


async def _invite_all(case: CaseInHand, persons: list[str]) -> None:
    """Draw in a person per authority and scope, one whose time lies ahead, and one whose time is ended."""
    for authority, (name, scope) in product(INVITING, SCOPES.items()):
        more = {"about": persons} if authority == MUNICIPALITY else {}
        await _invite(case, f"invited for {name}, {authority}", authority, scope, **more)
    await _invite(case, "invited for every area, vaerestedet", INSTITUTION, AREAS)
    ahead = {"begins_at": (now() + timedelta(days=50)).isoformat(), "ends_at": (now() + timedelta(days=90)).isoformat()}
    await _invite(case, "invited from a day ahead", PROBATION, AREAS, **ahead)
    ended = await _invite(case, "invited and ended", PROBATION, AREAS)
    await case.kommune.delete(f"{case.path}/participants/{ended['id']}")


async def _invite(case: CaseInHand, name: str, authority: str, scope: tuple[str, ...], **more: Any) -> dict[str, Any]:
    draft = {
        "person_id": str(person(name)), "authority_id": authority, "reason": "Kender den unge.", "scope": list(scope),
        "ends_at": (now() + timedelta(days=40)).isoformat(), "public_task_confirmed": True, **more,
    }
    inviter = case.politi if authority == POLICE else case.kommune
    invited: dict[str, Any] = await inviter.post(f"{case.path}/participants", draft)
    return invited
