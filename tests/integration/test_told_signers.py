"""A joint document, and that one differs from it, is told to the authority whose signature it needs (17, 70)."""

from typing import Any
from uuid import UUID

import pytest

from house import MUNICIPALITY, POLICE, PROBATION, CaseInHand, House, Person, told
from invitations import invitation

OTHER = {MUNICIPALITY: POLICE, POLICE: MUNICIPALITY}
CONTENTS = {
    "scope-decisions": ("within", {"reasons": "Hører til."}),
    "screenings": ("recommend", {"considered": "Alt.", "reasons": "Derfor."}),
    "recommendations": ("recommended", {"recommendation": "Hjælp.", "reasons": "Derfor."}),
    "closures": ("unfounded", {"reasons": "Intet."}),
}


def by_of(case: CaseInHand, by: str) -> Person:
    return case.kommune if by == MUNICIPALITY else case.politi


def proposal(path: str, by: str, *recipients: str) -> dict[str, Any]:
    outcome, content = CONTENTS[path]
    return {"outcome": outcome, "content": content, "disclosure": told(by, recipients=list(recipients))}


async def ready_for(case: CaseInHand, path: str) -> None:
    await case.kommune.post(f"{case.path}/participants", invitation(PROBATION))
    await case.clear()
    if path in {"screenings", "recommendations"}:
        await case.decide("scope-decisions", "within", {"reasons": "Hører til."}, purpose="scope_decision")
    if path == "recommendations":
        outcome, content = CONTENTS["screenings"]
        await case.decide("screenings", outcome, content, purpose="screening")
    if path == "closures":
        await case.settle_scope()
        for tovholder in (case.kommune, case.politi):
            await case.look_back(tovholder)


@pytest.mark.rule(17)
@pytest.mark.rule(70)
@pytest.mark.parametrize("by", [MUNICIPALITY, POLICE])
class WhenAJointDocumentIsNotToldToWhoseSignatureItNeeds:
    @pytest.mark.parametrize("path", CONTENTS)
    async def test_the_proposal_is_refused_and_the_answer_says_whom_to_add(
        self, house: House, path: str, by: str
    ) -> None:
        case = await house.case()
        await ready_for(case, path)
        refused = await by_of(case, by).post(f"{case.path}/{path}", proposal(path, by, PROBATION), status=422)
        assert refused["type"] == "/problems/not-shown-to-the-other"
        # Nothing was kept, so the other can propose, and so can the same.
        await by_of(case, by).post(f"{case.path}/{path}", proposal(path, by, OTHER[by], PROBATION))

    async def test_an_assessment_is_not_opened(self, house: House, by: str) -> None:
        case = await (await house.case()).qualify()
        await case.kommune.post(f"{case.path}/participants", invitation(PROBATION))
        opening = {"users_are_trained": True, "disclosure": told(by, recipients=[PROBATION])}
        refused = await by_of(case, by).post(f"{case.path}/assessments", opening, status=422)
        assert refused["type"] == "/problems/not-shown-to-the-other"

    async def test_a_disagreement_is_refused(self, house: House, by: str) -> None:
        case, other = await house.case(), OTHER[by]
        await ready_for(case, "scope-decisions")
        proposed = await by_of(case, by).post(
            f"{case.path}/scope-decisions", proposal("scope-decisions", by, other, PROBATION)
        )
        path = f"{case.path}/scope-decisions/{proposed['id']}"
        disagreement = {"reason": "Det er trivsel.", "disclosure": told(other, recipients=[PROBATION])}
        refused = await by_of(case, other).post(f"{path}/disagreement", disagreement, status=422)
        assert (refused["type"], await case.stage()) == ("/problems/not-shown-to-the-other", "cleared")
        disagreement["disclosure"] = told(other, recipients=[by])
        await by_of(case, other).post(f"{path}/disagreement", disagreement)


@pytest.mark.rule(17)
@pytest.mark.rule(18)
class WhenThereIsALaterVersionThanTheOneRead:
    async def test_no_act_counts_on_the_one_that_was_read(self, house: House) -> None:
        """No route leaves such a version; the key of one is put into the database here, and taken out again."""
        case = await (await house.case()).clear()
        proposed = await case.kommune.post(
            f"{case.path}/scope-decisions", proposal("scope-decisions", MUNICIPALITY, POLICE)
        )
        record_id, path = UUID(proposed["id"]), f"{case.path}/scope-decisions/{proposed['id']}"
        await house.sql(
            "INSERT INTO infohus.record_key SELECT (jsonb_populate_record(k, '{\"record_version\": 2}')).*"
            " FROM infohus.record_key k WHERE record_id = $1", record_id,
        )
        read = await case.politi.call("GET", path)
        signature = {"content_hash": read.json()["content_hash"]}
        disagreement = {"reason": "Det er trivsel.", "disclosure": told(POLICE, recipients=[MUNICIPALITY])}
        refused = [
            await case.politi.call("POST", f"{path}/signatures", json=signature),
            await case.politi.call("POST", f"{path}/disagreement", json=disagreement),
            await case.politi.call(
                "PUT", path, json=proposal("scope-decisions", POLICE, MUNICIPALITY),
                headers={"If-Match": read.headers["ETag"]},
            ),
        ]
        assert [answer.status_code for answer in refused] == [409, 412, 412]
        assert await case.stage() == "cleared"
        await house.sql("DELETE FROM infohus.record_key WHERE record_id = $1 AND record_version = 2", record_id)
