"""Wherever a body names a record, it must be one of the kind that is meant, in this case, and seen by the caller."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import pytest
from msgspec import inspect

from about_nobody import about_nobody
from drafts import Spot, spots
from house import INSTITUTION, MUNICIPALITY, POLICE, PROBATION, CaseInHand, House, now, told
from infohus.web.api_examples import EXAMPLES
from invitations import invitation

PERSONS_OF_AN_AUTHORITY = {"InviteParticipant person_id", "ReviewLogEntry owner"}
"""What names a person who signs in, and no record of a case."""
REFUSED = {403, 404, 409, 422}
LATER = "2099-01-01"
SCOPE = {"outcome": "within", "disclosure": told(purpose="scope_decision")}
MEASURE = {
    "level": "selective", "responsible_authority": MUNICIPALITY, "description": "Samtaler.", "starts_on": "2026-12-01",
    "follow_up_on": LATER,
}
SUBJECTS = [
    {"name": "Prøve Prøvesen", "cpr_number": "010104-1234"}, {"name": "Bror Prøvesen", "birth_date": "1990-02-01"},
]
Body = Callable[[str], dict[str, Any]]


@dataclass(frozen=True)
class Named:
    """One place where a body names a record: at which address, of which kind, and the body for an id.

    `{request}` and the like in the address are records of the case. `by` is who names it.
    """

    path: str
    kind: str
    body: Body
    method: str = "POST"
    by: str = "kommune"


def residence(subject: str) -> dict[str, Any]:
    content = {"reasons": "Ja.", "residences": [{"subject_id": subject, "home_municipality": "Ishøj"}]}
    return {**SCOPE, "content": content}


def restriction(item: str) -> dict[str, Any]:
    named = {"kind": "note", "id": item}
    return {"item": named, "basis": "dbl-22-1", "reason": "Kilden.", "review_on": LATER}


def item_of(kind: str) -> Callable[[str], list[dict[str, str]]]:
    return lambda record: [{"kind": kind, "id": record}]


def about(path: str, body: dict[str, Any], *, by: str = "kommune") -> Named:
    return Named(path, "subject", lambda record: {**body, "about": [record]}, by=by)


OUTSIDE = {**EXAMPLES["DiscloseOutside"], "basis": None, "recipients": [INSTITUTION]}
CONCERN = {
    "channel": "mail", "received_at": "2026-01-02T10:00:00Z", "reporter_kind": "citizen", "observation": "Igen.",
    "told_reporter": "Tak.",
}
CONTRIBUTION = {
    "dimension": "family", "answer": "described", "text": "Moren holder kontakt.", "source": "skolen",
    "dated_on": "2026-10-01", "is_first_hand": False, "origin": "already_held",
}
WHILE_ACTING: dict[str, Named] = {
    "InviteParticipant records[0]": Named(
        "/participants", "information", lambda record: invitation(PROBATION, records=[record])
    ),
    "InviteParticipant about[0]": Named(
        "/participants", "subject", lambda record: invitation(PROBATION, about=[record])
    ),
    "RecordExchange items[0].id": Named(
        "/exchanges", "information", lambda record: {**told(), "items": item_of("information")(record)}
    ),
    "CorrectExchange items[0].id": Named(
        "/exchanges/{exchange}/corrections", "information",
        lambda record: {**told(), "summary": "Det var hans bror.", "items": item_of("information")(record)},
    ),
    "AnswerInformationRequest exchange_id": Named(
        "/information-requests/{asked}/answer", "exchange",
        lambda record: {"answer": "disclosed", "exchange_id": record},
    ),
    "KeepDisclosed items[0].id": Named(
        "/exchanges/{received_exchange}/kept-marks", "received",
        lambda record: {"items": item_of("information")(record), "because": "used", "reason": "Indgår i vurderingen."},
    ),
    "StartMeasure deliverer": Named("/measures", "participant", lambda record: {**MEASURE, "deliverer": record}),
    "WriteNote corrects": Named(
        "/notes", "note", lambda record: {"happened_at": now().isoformat(), "text": "Rettet.", "corrects": record}
    ),
    "RecordAccessRequest subject": Named(
        "/access-requests", "subject",
        lambda record: {"received_on": "2026-11-20", "asked": "Hvad har I om mig?", "subject": record},
    ),
    "ExportAccessPackage include[0].id": Named(
        "/access-requests/{request}/package", "subject", lambda record: {"include": item_of("subject")(record)}
    ),
    "RestrictAccess item.id": Named("/restrictions", "note", restriction),
    "ReleaseWithheld item.id": Named(
        "/releases", "brother", lambda record: {"item": item_of("subject")(record)[0], "reason": "Han vil det selv."}
    ),
    "LookThrough items[0].id": Named(
        "/look-through", "information",
        lambda record: {"recipients": [POLICE], "items": item_of("information")(record)},
    ),
    "DiscloseOutside items[0].id": Named(
        "/disclosures-outside", "information", lambda record: {**OUTSIDE, "items": item_of("information")(record)}
    ),
    "DiscloseOutside about[0]": about("/disclosures-outside", OUTSIDE),
    "NoteInformation about[0]": about("/information", {"text": "Noget.", "source": "klubben"}),
    "WriteNote about[0]": about("/notes", {"happened_at": "2026-01-02T10:00:00Z", "text": "Ringede."}),
    "RecordExchange about[0]": about("/exchanges", {**told(), "summary": "De blev omtalt."}),
    "CorrectExchange about[0]": about("/exchanges/{again}/corrections", {**told(), "summary": "Det var en anden."}),
    "RecordOralExchange about[0]": about("/oral-exchanges", EXAMPLES["RecordOralExchange"]),
    "RequestInformation about[0]": about("/information-requests", {"question": "Hvem?", "received_from": POLICE}),
    "RecordCustodyRelease about[0]": about("/custody-releases", EXAMPLES["RecordCustodyRelease"]),
    "StartMeasure about[0]": about("/measures", MEASURE),
    "AddConcern about[0]": about("/concerns", CONCERN),
    "RecordAccessRequest about[0]": about("/access-requests", {"received_on": "2026-11-20", "asked": "Hvad?"}),
    "ReportDanger about[0]": about("/danger-reports", EXAMPLES["ReportDanger"]),
    "SearchPerson case_id": Named(
        "/infohuse/{infohus}/searches", "case",
        lambda record: {"cpr_number": "010104-1234", "purpose": "casework", "case_id": record},
    ),
    "ReportSubjectLog subject": Named("/infohuse/{infohus}/log-reports", "subject", lambda record: {"subject": record}),
}
WHILE_PROPOSED: dict[str, Named] = {
    "AmendScopeDecision content.residences[0].subject_id": Named(
        "/scope-decisions/{scope_decision}", "subject", residence, method="PUT"
    ),
}
WHILE_QUALIFYING: dict[str, Named] = {
    "ContributeToAssessment contributions[0].about[0]": Named(
        "/assessments/{assessment}/contributions", "subject",
        lambda record: {
            "contributions": [{**CONTRIBUTION, "about": [record]}], "disclosure": told(purpose="assessment"),
        },
    ),
}
AT_LAST = {"TakeOverCase about[0]": about("/takeover", EXAMPLES["TakeOverCase"], by="politi")}
WHILE_CLEARED: dict[str, Named] = {
    "ProposeScopeDecision content.residences[0].subject_id": Named("/scope-decisions", "subject", residence),
}


@dataclass
class Records:
    """A case with a record of each kind, by the name of the kind; `hidden` are the police's, who told nobody."""

    case: CaseInHand
    ids: dict[str, str] = field(default_factory=dict)
    hidden: dict[str, str] = field(default_factory=dict)
    received_exchange: str = ""
    """The exchange by which the police told the municipality `received`."""
    again: str = ""
    """Another exchange, to be corrected once more."""
    assessment: str = ""

    @classmethod
    async def made(cls, case: CaseInHand) -> "Records":
        """Record what can be recorded at each stage."""
        concern = await case.kommune.get(f"{case.path}/concerns/{case.concern_id}")
        subject, brother = (one["id"] for one in concern["subjects"])
        it = cls(case, {"case": case.id, "concern": case.concern_id, "subject": subject, "brother": brother,
                        "reporter": concern["reporter_id"], "information": await case.note()})
        it.ids["exchange"] = (await case.disclose(it.ids["information"]))["id"]
        it.hidden["information"] = await case.note(by=POLICE)
        it.ids["received"] = await case.note(by=POLICE)
        it.received_exchange = (await case.disclose(it.ids["received"], by=POLICE))["id"]
        it.hidden["received"] = it.hidden["information"]
        it.again = (await case.disclose(it.ids["information"]))["id"]
        note = {"happened_at": now().isoformat(), "text": "Ringede."}
        it.ids["note"] = (await case.kommune.post(f"{case.path}/notes", note))["id"]
        it.hidden["note"] = (await case.politi.post(f"{case.path}/notes", note))["id"]
        guest = invitation(MUNICIPALITY, scope=["measures"])
        it.ids["participant"] = (await case.kommune.post(f"{case.path}/participants", guest))["id"]
        question = {"question": "Kender I ham?", "disclosure": told(POLICE)}
        it.ids["asked"] = (await case.politi.post(f"{case.path}/information-requests", question))["id"]
        asking = {"received_on": "2026-11-20", "asked": "Hvad har I om mig?", "subject": subject}
        it.ids["request"] = (await case.kommune.post(f"{case.path}/access-requests", asking))["id"]
        return it

    async def send(self, named: Named, record: str) -> tuple[int, str]:
        """Name a record at a place; give the status and what is said."""
        path = named.path.format(
            infohus=self.case.house.infohus_id, received_exchange=self.received_exchange, again=self.again,
            assessment=self.assessment, **self.ids,
        )
        path = path if path.startswith("/infohuse") else self.case.path + path
        headers = {"If-Match": "*"} if named.method == "PUT" else {}
        person = self.case.house.person(named.by)
        answer = await about_nobody(
            lambda said: person.call(named.method, path, json=said, headers=headers), named.body(record)
        )
        return answer.status_code, answer.text

    def others(self, named: Named, elsewhere: "Records") -> Iterator[tuple[str, str]]:
        """List records that are not meant: of other kinds, of another case, and of the other side."""
        alike = {named.kind, "brother"} if named.kind == "subject" else {named.kind}
        alike |= {"subject"} if named.kind == "brother" else set()
        alike |= {"received"} if named.kind == "information" else set()
        yield from ((kind, record) for kind, record in self.ids.items() if kind not in alike)
        if named.kind != "case" and "infohuse" not in named.path:
            yield f"{named.kind} of another case", elsewhere.ids[named.kind]
        if named.kind in self.hidden:
            yield f"{named.kind} of the other side", self.hidden[named.kind]


def places() -> list[Spot]:
    """List each place where a body holds an id."""
    return [spot for spot in spots() if isinstance(spot.kind, inspect.UUIDType)]


NOT_SAID_TO_BE_THERE = {"RequestContent record_id"}
"""Asked for without an answer to whether there is such a record: what is read of it, test_content_requests.py tries."""
NOBODY_YET = {"RecordConcern about[0]"}
"""A new case has nobody whom it could name."""


@pytest.mark.fault("A2")
class WhenABodyNamesARecord:
    def test_each_place_is_tried(self) -> None:
        tried = {
            *WHILE_ACTING, *WHILE_PROPOSED, *WHILE_CLEARED, *WHILE_QUALIFYING, *AT_LAST, *PERSONS_OF_AN_AUTHORITY,
            *NOT_SAID_TO_BE_THERE, *NOBODY_YET,
        }
        assert {f"{spot.operation} {spot.name}" for spot in places()} == tried

    @pytest.mark.rule(67)
    @pytest.mark.rule(44)
    async def test_only_one_of_the_kind_that_is_meant_in_this_case_and_seen_is_taken(self, house: House) -> None:
        first, second, third, elsewhere = [
            await Records.made(await house.case(subjects=SUBJECTS, reporter={"name": "Vera Vidne"})) for _ in range(4)
        ]
        await first.case.recommend()
        await second.case.clear()
        await second.case.disclose(items=item_of("subject")(second.ids["subject"]))
        wrong = await self._taken(first, elsewhere, WHILE_ACTING)
        wrong |= await self._taken(second, elsewhere, WHILE_CLEARED)
        proposal = await second.case.kommune.get(f"{second.case.path}/next-steps")
        second.ids["scope_decision"] = proposal["proposals"][0]["id"]
        wrong |= await self._taken(second, elsewhere, WHILE_PROPOSED)
        await third.case.qualify()
        opened = await third.case.kommune.post(f"{third.case.path}/assessments", EXAMPLES["OpenAssessment"])
        third.assessment = opened["decision"]["id"]
        wrong |= await self._taken(third, elsewhere, WHILE_QUALIFYING)
        await first.case.disclose(items=item_of("subject")(first.ids["subject"]))
        wrong |= await self._taken(first, elsewhere, AT_LAST)
        assert wrong == {}

    @pytest.mark.rule(79)
    async def test_a_new_case_has_nobody_to_name(self, house: House) -> None:
        it = await Records.made(await house.case(subjects=SUBJECTS, reporter={"name": "Vera Vidne"}))
        for record in (it.ids["subject"], it.ids["note"], "00000000-0000-4000-8000-000000000000"):
            draft = {**CONCERN, "about": [record]}
            refused = await it.case.kommune.post(f"/infohuse/{house.infohus_id}/concerns", draft, status=422)
            assert refused["type"] == "/problems/no-person-of-the-side"

    async def _taken(
        self, it: Records, elsewhere: Records, named: dict[str, Named]
    ) -> dict[str, tuple[int, str]]:
        """Give each that was taken and should not be, and each that was refused and should be taken."""
        wrong = {}
        for place, one in named.items():
            for kind, record in it.others(one, elsewhere):
                status, said = await it.send(one, record)
                unnamed = status == HTTPStatus.NOT_FOUND and "Kontrollér feltet" not in said
                if status not in REFUSED or "not-possible-now" in said or unnamed:
                    wrong[f"{place}: {kind}"] = (status, said)
            status, said = await it.send(one, it.ids[one.kind])
            # The exchange that the request would be answered by goes to somebody else; a package lacks the rest.
            if status not in {200, 201} and not {"answer-names-no-exchange", "items-not-considered"} & set(
                said.replace('"', "/").split("/")
            ):
                wrong[f"{place}: {one.kind}, which is meant"] = (status, said)
        return wrong


@pytest.mark.fault("A2")
class WhenSomebodyAsksForAccessAsAReporter:
    @pytest.mark.rule(67)
    async def test_the_reporter_is_withheld_whoever_the_request_names(self, house: House) -> None:
        it = await Records.made(await house.case(subjects=SUBJECTS, reporter={"name": "Vera Vidne"}))
        path = f"{it.case.path}/access-requests"
        asking = {"received_on": "2026-11-20", "asked": "Hvad har I om mig?", "subject": it.ids["reporter"]}
        refused = await it.case.kommune.post(path, asking, status=422)
        assert refused["type"] == "/problems/no-subject-of-this-case"
        # Not even where a row says so that was written past the application.
        await house.sql("ALTER TABLE infohus.access_request DROP CONSTRAINT fk_access_request_case_id_subject_id")
        await house.sql("UPDATE infohus.access_request SET subject_id = $1", it.ids["reporter"])
        package = {"include": [{"kind": "reporter", "id": it.ids["reporter"]}]}
        answer = await it.case.kommune.call("POST", f"{path}/{it.ids['request']}/package", json=package)
        assert answer.status_code == 422
        assert answer.json()["type"] == "/problems/withheld-unless-released"

    async def test_the_database_refuses_one_too(self, house: House) -> None:
        it = await Records.made(await house.case(subjects=SUBJECTS, reporter={"name": "Vera Vidne"}))
        with pytest.raises(Exception, match="fk_access_request_case_id_subject_id"):
            await house.sql("UPDATE infohus.access_request SET subject_id = $1", it.ids["reporter"])
