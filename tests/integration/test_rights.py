"""Access within one regime, restrictions item by item, and releases with a reason (rules 65, 66 and 67)."""

import io
import json
import tarfile
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest

from house import MUNICIPALITY, POLICE, CaseInHand, House, Person, now, told
from infohus.danish_calendar import danish_day
from infohus.kernel.database.tables import Regime
from infohus.whole_case.rights.operations import answer_by
from stopped_clock import StoppedClock

SUBJECT = {"name": "Prøve Prøvesen", "cpr_number": "010104-1234"}
ASKING: dict[str, Any] = {"received_on": "2026-11-20", "asked": "Hvad har I om mig?"}


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> StoppedClock:
    """Give `house`, which opens after this, a clock that is set by hand."""
    return StoppedClock.installed(monkeypatch)


def later(days: int = 90) -> str:
    """Give a day to look again."""
    return str(danish_day(now()) + timedelta(days=days))


async def asked_for(person: Person, case: CaseInHand, **change: Any) -> str:
    """Record that somebody asks; give the package's address."""
    request = await person.post(f"{case.path}/access-requests", {**ASKING, **change})
    return f"{case.path}/access-requests/{request['id']}/package"


async def recorded(house: House, subject: dict[str, str]) -> tuple[CaseInHand, str]:
    """Give a case about one person, and the person's id."""
    case = await house.case(subjects=[subject])
    concern = await case.kommune.get(f"{case.path}/concerns/{case.concern_id}")
    return case, concern["subjects"][0]["id"]


async def unpacked(person: Person, path: str, *items: dict[str, str]) -> dict[str, Any]:
    """Make a package and read what it holds."""
    answer = await person.call("POST", path, json={"include": list(items)})
    assert answer.status_code == 200, answer.text
    with tarfile.open(fileobj=io.BytesIO(answer.content)) as archive:
        files = {member.name: archive.extractfile(member) for member in archive.getmembers()}
        texts = {name: file.read().decode() for name, file in files.items() if file is not None}
    assert texts.keys() == {"følgebrev.md", "oplysninger.json"}
    return {**json.loads(texts["oplysninger.json"]), "letter": texts["følgebrev.md"]}


async def refused(person: Person, path: str, *items: dict[str, str]) -> str:
    """Try to make a package; give the problem."""
    answer = await person.call("POST", path, json={"include": list(items)})
    assert answer.status_code in {403, 404, 409, 422}
    return f"{answer.json()['type'].removeprefix('/problems/')} {answer.json()['detail']}"


class World:
    """A case with a subject, a reporter and something on each side."""

    def __init__(self, case: CaseInHand, concern: dict[str, Any]) -> None:
        self.case, self.kommune, self.politi = case, case.kommune, case.politi
        self.concern = {"kind": "concern", "id": case.concern_id}
        self.reporter = {"kind": "reporter", "id": concern["reporter_id"]}
        self.subject, self.brother = [{"kind": "subject", "id": one["id"]} for one in concern["subjects"]]


async def world(house: House) -> World:
    """Record a concern on two brothers by a named reporter."""
    case = await house.case(
        subjects=[SUBJECT, {"name": "Bror Prøvesen", "birth_date": "1990-02-01"}],
        reporter={"name": "Vera Vidne", "contact": "Gaden 1"},
    )
    return World(case, await case.kommune.get(f"{case.path}/concerns/{case.concern_id}"))


class WhenSomebodyAsksForAccess:
    @pytest.mark.parametrize(("received", "regime", "until"), [
        (date(2026, 11, 20), Regime.GDPR, date(2026, 12, 20)), (date(2026, 12, 31), Regime.GDPR, date(2027, 1, 31)),
        (date(2027, 1, 31), Regime.GDPR, date(2027, 2, 28)), (date(2028, 1, 30), Regime.GDPR, date(2028, 2, 29)),
        (date(2026, 11, 20), Regime.LED, date(2026, 12, 18)),
    ])
    def test_it_is_answered_within_the_regimes_time(self, received: date, regime: Regime, until: date) -> None:
        assert answer_by(received, regime) == until

    async def test_a_late_answer_shows(self, house: House) -> None:
        case = await house.case()
        await asked_for(case.kommune, case, received_on="2026-01-05")
        await asked_for(case.kommune, case, received_on=str(danish_day(now())))
        listed = (await case.kommune.get(f"{case.path}/access-requests"))["items"]
        assert [one["is_overdue"] for one in listed] == [True, False]
        ahead = {**ASKING, "received_on": later(1)}
        assert (await case.kommune.post(f"{case.path}/access-requests", ahead, status=422))["type"].endswith("future")

    @pytest.mark.rule(43)
    async def test_each_authority_handles_its_own(self, house: House) -> None:
        case = await house.case()
        path = await asked_for(case.kommune, case)
        assert (await case.politi.get(f"{case.path}/access-requests"))["items"] == []
        await case.politi.post(path, {"include": []}, status=404)

    @pytest.mark.rule(16)
    @pytest.mark.rule(64)
    @pytest.mark.rule(96)
    @pytest.mark.parametrize("subject", [{"name": "Uden Nummer"}, SUBJECT])
    async def test_one_whom_the_side_knew_is_answered_also_when_what_told_of_them_was_withdrawn(
        self, house: House, subject: dict[str, str]
    ) -> None:
        case, person = await recorded(house, subject)
        told_by = await case.disclose(items=[{"kind": "subject", "id": person}])
        reports = f"/infohuse/{house.infohus_id}/log-reports"
        await asked_for(case.politi, case, subject=person)
        [before] = (await case.politi.post(reports, {"subject": person}, status=200))["reports"]
        withdrawal = {"recipient": POLICE, "reason": "Sendt ved en fejl."}
        await case.kommune.post(f"{case.path}/exchanges/{told_by['id']}/withdrawals", withdrawal)
        [after] = (await case.politi.post(reports, {"subject": person}, status=200))["reports"]
        assert (after["person"], after["lines"][: len(before["lines"])]) == (before["person"], before["lines"])
        assert (await unpacked(case.politi, await asked_for(case.politi, case, subject=person)))["items"] == []
        # Nothing of the record is read by it, and one whom the side never met is as unknown as before.
        await case.politi.get(f"{case.path}/concerns/{case.concern_id}", status=404)
        other, unmet = await recorded(house, subject)
        await other.politi.post(reports, {"subject": unmet}, status=404)
        await other.politi.post(f"{other.path}/access-requests", {**ASKING, "subject": unmet}, status=422)


class WhenAPackageIsMade:
    @pytest.mark.rule(66)
    async def test_a_municipalitys_never_holds_what_the_police_hold_told_or_not(self, house: House) -> None:
        it = await world(house)
        told_by_police = {"kind": "information", "id": await it.case.note("Fra politiet.", by=POLICE)}
        await it.case.disclose(told_by_police["id"], by=POLICE)
        own = {"kind": "information", "id": await it.case.note("Fra kommunen.", about=[it.subject["id"]])}
        path = await asked_for(it.kommune, it.case, subject=it.subject["id"])
        assert (await refused(it.kommune, path, it.concern, it.subject, own, told_by_police)).startswith("not-avail")
        package = await unpacked(it.kommune, path, it.concern, it.subject, own)
        assert (package["authority"], package["regime"]) == (MUNICIPALITY, "gdpr")
        assert [one["kind"] for one in package["items"]] == ["concern", "information", "subject"]
        assert "Fra kommunen." in str(package)
        assert "Fra politiet." not in str(package)

    @pytest.mark.rule(66)
    async def test_a_polices_never_holds_what_the_municipality_told(self, house: House) -> None:
        it = await world(house)
        own = {"kind": "information", "id": await it.case.note("Fra politiet.", by=POLICE)}
        theirs = await it.case.note("Fra kommunen.", about=[it.subject["id"]])
        await it.case.disclose(theirs)
        path = await asked_for(it.politi, it.case)
        assert (await refused(it.politi, path, own, {"kind": "information", "id": theirs})).startswith("not-avail")
        package = await unpacked(it.politi, path, own)
        assert (package["regime"], len(package["items"])) == ("led", 1)
        assert "retshåndhævelseslovens § 15" in package["letter"]
        assert "Fra kommunen." not in str(package)

    @pytest.mark.rule(67)
    async def test_reporter_and_third_parties_are_not_in_it_until_an_act_releases_them(self, house: House) -> None:
        it = await world(house)
        path = await asked_for(it.kommune, it.case, subject=it.subject["id"])
        for withheld in (it.reporter, it.brother):
            problem = await refused(it.kommune, path, it.concern, it.subject, withheld)
            assert problem.startswith("withheld-unless-released")
        package = await unpacked(it.kommune, path, it.concern, it.subject)
        assert "Vera Vidne" not in str(package)
        assert "Bror Prøvesen" not in str(package)
        assert SUBJECT["cpr_number"].replace("-", "") in str(package).replace("-", "")
        release = f"{it.case.path}/reporters/{it.reporter['id']}/releases"
        await it.kommune.post(release, {"reason": "Vera har bedt om det."})
        released = await unpacked(it.kommune, path, it.concern, it.subject, it.reporter)
        assert "Vera Vidne" in str(released)
        assert "Bror Prøvesen" not in str(released)

    @pytest.mark.rule(67)
    @pytest.mark.rule(48)
    async def test_releasing_needs_a_reason_and_a_fresh_sign_in(
        self, house: House, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        it = await world(house)
        path = f"{it.case.path}/releases"
        draft = {"item": it.brother, "reason": "Broderen har bedt om det."}
        await it.kommune.post(path, {**draft, "reason": ""}, status=422)
        with monkeypatch.context() as an_hour_ago:
            an_hour_ago.setattr(house.issuers, "_clock", lambda: now() - timedelta(hours=1))
            stale = house.person("kommune")
        await stale.post(path, draft, status=403)
        await it.kommune.post(path, {**draft, "item": it.concern}, status=422)
        await it.politi.post(path, draft, status=404)
        await it.kommune.post(path, draft)
        await it.kommune.post(path, draft, status=409)
        asked = await asked_for(it.kommune, it.case, subject=it.subject["id"])
        assert "Bror Prøvesen" in str(await unpacked(it.kommune, asked, it.concern, it.subject, it.brother))
        tried = [entry.outcome.value for entry in await house.entries() if entry.action == "releaseWithheld"]
        assert (tried.count("allowed"), tried.count("denied")) == (1, 2)

    async def test_what_nobody_looked_at_stops_it(self, house: House) -> None:
        it = await world(house)
        await it.case.note(about=[it.subject["id"]])
        path = await asked_for(it.kommune, it.case, subject=it.subject["id"])
        problem = await refused(it.kommune, path, it.subject)
        assert problem.startswith("items-not-considered")
        assert f"henvendelse: 1, oplysning: 1. De første er: henvendelse {it.concern['id']}, oplysning " in problem

    async def test_making_it_is_an_export_in_the_log_and_answers_the_request(self, house: House) -> None:
        it = await world(house)
        path = await asked_for(it.kommune, it.case, subject=it.subject["id"])
        await unpacked(it.kommune, path, it.concern, it.subject)
        entry = next(one for one in await house.entries() if one.action == "exportAccessPackage")
        assert entry.purpose == "subject_access"
        assert str(entry.justification).startswith("sha256:")
        assert {one.table for one in entry.opened} >= {"concern", "subject"}
        assert (await it.kommune.get(f"{it.case.path}/access-requests"))["items"][0]["answered_at"] is not None

    async def test_a_signed_document_is_in_it_without_its_salt(self, house: House) -> None:
        case = await (await house.case(subjects=[])).accept()
        everything = await _own_items(case)
        package = await unpacked(case.kommune, await asked_for(case.kommune, case), *everything)
        scope = next(one for one in package["items"] if one["kind"] == "scope_decision")
        assert scope["texts"]["content"]["reasons"] == "Ekstremisme kan være på spil."
        assert "salt" not in str(package)


async def _own_items(case: CaseInHand) -> list[dict[str, str]]:
    found = [{"kind": "concern", "id": case.concern_id}]
    for kind in ("exchange", "scope_decision"):
        rows = await case.house.sql(
            f"SELECT id FROM infohus.{kind} WHERE case_id = $1 AND authority_id = $2",  # noqa: S608
            case.id, MUNICIPALITY,
        )
        found += [{"kind": kind, "id": str(row["id"])} for row in rows]
    return found


class WhenARestrictedRecordStandsInAnother:
    @pytest.mark.rule(64)
    @pytest.mark.rule(65)
    async def test_a_package_holds_no_exchange_of_it_alone_and_no_word_that_it_is(self, house: House) -> None:
        it = await world(house)
        path = await asked_for(it.kommune, it.case, subject=it.subject["id"])
        record = await it.case.note(about=[it.subject["id"]])
        of_it = await it.case.disclose(record)
        correction = {**told(), "items": [], "summary": "Det var en anden skole."}
        of_it_too = await it.kommune.post(f"{it.case.path}/exchanges/{of_it['id']}/corrections", correction)
        rest = [it.subject, it.concern]
        of_both = [{"kind": "exchange", "id": one["id"]} for one in (of_it, of_it_too)]
        everything = [*rest, *of_both, {"kind": "information", "id": record}]
        assert len((await unpacked(it.kommune, path, *everything))["items"]) == len(everything)
        why = {"basis": "dbl-22-1", "reason": "Ro om sagen.", "review_on": later()}
        await it.kommune.post(
            f"{it.case.path}/restrictions", {"item": {"kind": "information", "id": record}, **why}
        )
        for of_one in of_both:
            assert (await refused(it.kommune, path, *rest, of_one)).startswith("item-is-restricted")
        given = json.dumps(await unpacked(it.kommune, path, *rest))
        assert (of_it["id"] in given, record in given, "anden skole" in given) == (False, False, False)


class WhenAccessIsRestricted:
    """Rule 65."""

    @pytest.mark.rule(65)
    async def test_it_has_a_basis_a_reason_a_decider_and_a_date_for_looking_again(self, house: House) -> None:
        it = await world(house)
        draft = {"item": it.concern, "basis": "dbl-22-1", "reason": "Kilden kan genkendes.", "review_on": later()}
        made = await it.kommune.post(f"{it.case.path}/restrictions", draft)
        assert {name: made[name] for name in draft} == draft
        assert (made["decided_by"], made["review_is_overdue"]) == (str(it.kommune.person_id), False)
        path = await asked_for(it.kommune, it.case, subject=it.subject["id"])
        assert (await refused(it.kommune, path, it.subject, it.concern)).startswith("item-is-restricted")
        package = await unpacked(it.kommune, path, it.subject)
        assert package["restricted"] == {"dbl-22-1": 1}
        assert "1 oplysning er undtaget efter databeskyttelseslovens § 22, stk. 1" in package["letter"]
        assert "Vedlagt er 1 oplysning, som Ishøj Kommune er ansvarlig for" in package["letter"]
        lifted = await it.kommune.post(f"{it.case.path}/restrictions/{made['id']}/lift", status=200)
        assert lifted["lifted_at"] is not None
        assert len((await unpacked(it.kommune, path, it.subject, it.concern))["items"]) == 2

    @pytest.mark.rule(65)
    @pytest.mark.parametrize(("change", "status", "problem"), [
        ({"item": None}, 422, "blanket-restriction"), ({"basis": "rhl-16"}, 422, "restriction-of-another-regime"),
        ({"review_on": "2026-01-01"}, 422, "review-in-the-past"), ({"reason": ""}, 422, "reason-without-words"),
        ({"basis": "fordi"}, 400, "request-not-understood"),
        ({"item": {"kind": "note", "id": str(uuid4())}}, 404, "not-available"),
    ])
    async def test_a_blanket_one_or_one_without_ground_is_refused(
        self, house: House, change: dict[str, Any], status: int, problem: str
    ) -> None:
        it = await world(house)
        draft = {"item": it.concern, "basis": "dbl-22-2", "reason": "Kilden.", "review_on": later(), **change}
        answer = await it.kommune.call("POST", f"{it.case.path}/restrictions", json=draft)
        assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{problem}")
        assert (await it.kommune.get(f"{it.case.path}/restrictions"))["items"] == []

    @pytest.mark.rule(65)
    async def test_nobody_restricts_what_is_anothers(self, house: House) -> None:
        it = await world(house)
        theirs = await it.case.note(about=[it.subject["id"]])
        await it.case.disclose(theirs)
        draft = {
            "item": {"kind": "information", "id": theirs}, "basis": "rhl-14", "reason": "Nej.", "review_on": later()
        }
        await it.politi.post(f"{it.case.path}/restrictions", draft, status=404)

    @pytest.mark.rule(65)
    async def test_an_overdue_review_shows_to_its_own_authority(self, clock: StoppedClock, house: House) -> None:
        it = await world(house)
        draft = {"item": it.concern, "basis": "dbl-22-1", "reason": "Kilden.", "review_on": str(clock.day(90))}
        made = await it.kommune.post(f"{it.case.path}/restrictions", draft)
        path = f"/infohuse/{house.infohus_id}/overdue-reviews"
        assert (await it.kommune.get(path))["items"] == []
        clock.move(days=91)
        kommune, politi = house.person("kommune"), house.person("politi")
        overdue = (await kommune.get(path))["items"]
        assert [(one["restriction_id"], one["basis"]) for one in overdue] == [(made["id"], "dbl-22-1")]
        assert (await politi.get(path))["items"] == []
        assert (await kommune.get(f"{it.case.path}/restrictions"))["items"][0]["review_is_overdue"]
        await kommune.post(f"{it.case.path}/restrictions/{made['id']}/lift", status=200)
        assert (await kommune.get(path))["items"] == []
        assert told()["recipients"] == [POLICE]
