"""Reading a log says which of four purposes it has, and leaves what was read (rules 56, 57, 61 and 104)."""

import re
from typing import Any
from uuid import UUID, uuid4

import pytest

from every_route import ROUTES, Route, request_for
from house import CLEARANCE, MUNICIPAL_LOG, MUNICIPALITY, CaseInHand, House
from infohus.app import guarded_handlers
from infohus.cases.procedure.purposes import LogReadingPurpose
from infohus.kernel.audit.formats.entry import MOST_RANGES, Entry, Track, ranges_of
from infohus.kernel.authorization.action import Action
from infohus.web.attempts import acts_of
from one_api import description_of

ELSEWHERE = {
    "superviseExchanges", "reviewAnswers", "readCaseLog", "reportSubjectLog", "requestContent", "listContentRequests",
    "openOnRequest", "listInstitutionLogEntries", "verifyInstitutionLog", "proveInstitutionLogEntry",
}
"""What reads of the log, or of exchanges as supervision does, at other addresses than the log's own."""
ASKED_BY_PET = {**CLEARANCE, "recipients": ["pet"], "requested_by_pet": True, "summary": "Han er set ved stationen."}
NO_ENTRY = {"ReadLogNotice", "AcknowledgeLogNotice"}
"""What reads no entry, and nothing that one said, at the log's addresses."""


def routes_of_logs() -> list[Route]:
    return [route for route in ROUTES if re.match(r"/(installation-)?log(/|$)", route.path)]


def reading_routes() -> list[Route]:
    acts, of_logs = acts_of(guarded_handlers()), routes_of_logs()
    return [
        route for route in ROUTES
        if acts[route.operation_id].value in ELSEWHERE or (route in of_logs and route.operation_id not in NO_ENTRY)
    ]


async def newest(house: House) -> Entry:
    return (await house.entries(MUNICIPAL_LOG))[-1]


@pytest.mark.rule(104)
class WhenALogIsToBeRead:
    @pytest.mark.rule(56)
    def test_each_route_of_a_log_is_an_act_of_its_own(self) -> None:
        acts = acts_of(guarded_handlers())
        for route in routes_of_logs():
            assert acts[route.operation_id].value.lower() == route.operation_id.lower()
        assert len(routes_of_logs()) > 20

    async def test_every_route_that_does_takes_the_purpose_and_no_other_does(self, house: House) -> None:
        takes = {
            operation["operationId"]
            for methods in description_of(house.app)["paths"].values() for operation in methods.values()
            if any(one["name"] == "purpose" and one["required"] for one in operation.get("parameters", ()))
        }
        assert takes == {route.operation_id for route in reading_routes()}
        assert len(takes) > 15

    async def test_without_one_each_is_refused_and_the_attempt_is_logged(self, house: House) -> None:
        dpo = house.person("dpo")
        await dpo.call("GET", "/log/notice")
        headers = {"Authorization": f"Bearer {dpo.token}"}
        for route in reading_routes():
            request = request_for(house, route)
            path, _, query = request["path"].partition("?")
            assert query == "purpose=self_monitoring"
            operation = description_of(house.app)["paths"][route.path][route.method.lower()]
            can = "data_protection_officer" in operation["x-roles"]
            refused = 422 if can else 403
            for wrong, status in (("", refused), ("?purpose=nysgerrighed", 400), ("?purpose=010104-1234", 400)):
                before = len(await house.entries(MUNICIPAL_LOG))
                answer = await house.client.request(
                    route.method, path + wrong, json=request.get("json"), headers=headers
                )
                assert answer.status_code == status, f"{route.operation_id}: {answer.text}"
                (entry,) = (await house.entries(MUNICIPAL_LOG))[before:]
                assert entry.outcome.value == ("refused" if can or wrong else "denied")
                without = "log-read-without-purpose" if can else "role-may-not"
                assert entry.reason == ("request-not-understood" if wrong else without)
                assert "010104-1234" not in str(entry)

    @pytest.mark.parametrize("purpose", list(LogReadingPurpose))
    async def test_the_entry_says_which(self, house: House, purpose: LogReadingPurpose) -> None:
        await house.person("dpo").get(f"/log/entries?purpose={purpose.value}")
        assert (await newest(house)).purpose == purpose.value

    async def test_so_does_that_of_whoever_may_not(self, house: House) -> None:
        await house.person("kommune").get("/log/entries?purpose=criminal_proceedings", status=403)
        entry = await newest(house)
        assert (entry.outcome.value, entry.purpose) == ("denied", "criminal_proceedings")

    @pytest.mark.rule(47)
    async def test_whoever_may_not_is_told_so_and_not_to_say_what_for(self, house: House) -> None:
        kommune = house.person("kommune")
        headers = {"Authorization": f"Bearer {kommune.token}"}
        answer = await house.client.get("/log/entries", headers=headers)
        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/role-may-not")
        assert "myndighedens jurist eller databeskyttelsesrådgiveren" in answer.json()["detail"]
        entry = await newest(house)
        assert (entry.action, entry.outcome.value, entry.reason) == ("listLogEntries", "denied", "role-may-not")


@pytest.mark.rule(56)
@pytest.mark.rule(61)
class WhenALogWasRead:
    async def test_the_entry_says_which_entries_were_given_out(self, house: House) -> None:
        await house.case()
        dpo = house.person("dpo")
        page = await dpo.get("/log/entries?limit=2")
        assert (await newest(house)).read == [(page["items"][0]["index"], page["items"][1]["index"])]
        await dpo.get("/log/proofs/1")
        entry = await newest(house)
        assert (entry.read, entry.asked) == ([(1, 1)], {"leaf_index": ["1"]})
        await dpo.call("POST", "/log/export")
        entry = await newest(house)
        assert isinstance(entry.read, list)
        assert entry.read[0][0] == 0
        await dpo.call("GET", "/log/checkpoint")
        assert not isinstance((await newest(house)).read, list)
        await dpo.call("GET", "/log/tile/entries/000.p/3")
        assert (await newest(house)).read == [(0, 2)]

    async def test_it_says_the_case_and_the_persons_that_were_asked_for(self, house: House) -> None:
        case = await house.case()
        await case.kommune.get(case.path)
        known = (await newest(house)).persons
        assert known
        dpo = house.person("dpo")
        await dpo.get(f"/log/entries?case={case.id}")
        entry = await newest(house)
        assert (str(entry.case), entry.persons) == (case.id, known)
        await dpo.get(f"/log/entries?subject={case.id}")
        entry = await newest(house)
        assert (entry.asked, entry.persons) == ({"subject": [case.id]}, known)

    async def test_of_a_case_without_a_side_of_its_own_the_id_alone(self, house: House) -> None:
        unknown = uuid4()
        await house.person("dpo").get(f"/log/entries?case={unknown}")
        entry = await newest(house)
        assert (entry.case, entry.persons, entry.asked) == (None, [], {"case": [str(unknown)]})

    @pytest.mark.parametrize("one", [False, True])
    async def test_supervision_names_the_exchange_and_the_persons_of_its_case(
        self, house: House, *, one: bool
    ) -> None:
        case = await (await house.case()).clear()
        known = (await newest(house)).persons
        dpo, listed = house.person("dpo"), f"/infohuse/{house.infohus_id}/exchanges"
        (exchange,) = (await dpo.get(listed))["items"]
        if one:
            await dpo.get(f"{listed}/{exchange['id']}")
        entry = await newest(house)
        assert (str(entry.case), entry.persons) == (case.id, known)
        assert entry.asked == ({"exchange_id": [exchange["id"]]} if one else entry.asked)

    async def test_whose_name_was_looked_up_stands_there_also_when_it_was_refused(self, house: House) -> None:
        wanted = str(house.person("kommune").person_id)
        for who, status in (("dpo", 200), ("kommune", 403)):
            await house.case()
            await house.person(who).get(f"/log/actors/{wanted}", status=status)
            assert (await newest(house)).asked == {"person_id": [wanted]}

    async def test_a_look_of_supervision_is_in_the_persons_report(self, house: House) -> None:
        case = await (await house.case(subjects=[{"name": "Prøve Prøvesen", "cpr_number": "010104-1234"}])).clear()
        reports = f"/infohuse/{house.infohus_id}/log-reports"
        before = (await case.kommune.post(reports, {"cpr_number": "010104-1234"}, status=200))["reports"][0]
        await house.person("dpo").get(f"/infohuse/{house.infohus_id}/exchanges")
        after = (await case.kommune.post(reports, {"cpr_number": "010104-1234"}, status=200))["reports"][0]
        new: list[dict[str, Any]] = after["lines"][len(before["lines"]) :]
        assert "Tilsyn med loggen og videregivelserne" in [line["purpose"] for line in new]


class WhenManyEntriesAreRead:
    @pytest.mark.parametrize(("indexes", "ranges"), [
        ([], []), ([4], [(4, 4)]), ([3, 1, 2, 7], [(1, 3), (7, 7)]),
        (range(0, 2 * MOST_RANGES + 2, 2), [(0, 2 * MOST_RANGES)]),
    ])
    def test_they_are_written_as_ranges(self, indexes: Any, ranges: list[tuple[int, int]]) -> None:
        assert ranges_of(indexes) == ranges


async def log_ids_of(house: House, case: CaseInHand) -> set[str]:
    """Give the log ids of the persons that the municipality knows in a case."""
    query = "SELECT log_id FROM infohus.side_person WHERE case_id = $1 AND authority_id = $2"
    return {row["log_id"] for row in await house.sql(query, UUID(case.id), MUNICIPALITY)}


class WhenSupervisionLooksAtWhatPetGot:
    @pytest.mark.rule(64)
    @pytest.mark.rule(85)
    async def test_no_letter_tells_that_supervision_looked_at_it(self, house: House) -> None:
        """One case has PET's exchange alone, the other an ordinary one: each list names each on its own track."""
        for_pet, ordinary = await house.case(), await (await house.case()).clear()
        await house.sql("INSERT INTO infohus.authority VALUES ('pet', 'PET', 'security_service', 'pet', NULL)")
        await house.sql("INSERT INTO infohus.infohus_authority VALUES ($1, 'pet')", house.infohus_id)
        await for_pet.kommune.post(f"{for_pet.path}/information-requests", {
            "question": "Hvor bor han?", "received_from": "pet", "states_chapters_12_13": True,
        })
        exchange = await for_pet.kommune.post(f"{for_pet.path}/exchanges", ASKED_BY_PET)
        await for_pet.kommune.get(f"{for_pet.path}/exchanges/{exchange['id']}")
        await ordinary.disclose(await ordinary.note())
        persons = {
            Track.PET: await log_ids_of(house, for_pet), Track.ORDINARY: await log_ids_of(house, ordinary),
        }
        dpo, why = house.person("dpo"), "purpose=lawfulness"
        own = await house.entries(MUNICIPAL_LOG)
        place = next(at for at, one in enumerate(own) if one.track is Track.PET)
        listed = f"/infohuse/{house.infohus_id}/exchanges?{why}"
        shown = await dpo.get(listed)
        assert exchange["id"] in {one["id"] for one in shown["items"]}
        of_pets = f"&subject={exchange['id']}"
        for path in (f"{listed}&paragraph=pet-loven-4", f"/log/entries?{why}{of_pets}", f"/log/proofs/{place}?{why}"):
            await dpo.get(path)
        entries = [one for one in (await house.entries(MUNICIPAL_LOG))[len(own) :] if one.action != Action.SIGN_IN]
        assert [(one.track, set(one.persons)) for one in entries if one.persons] == [
            (Track.ORDINARY, persons[Track.ORDINARY]), *[(Track.PET, persons[Track.PET])] * 4
        ]
        assert [one.case for one in entries if one.persons][:3] == [
            UUID(ordinary.id), UUID(for_pet.id), UUID(for_pet.id)
        ]
