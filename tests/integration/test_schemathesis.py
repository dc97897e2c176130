"""schemathesis sends what the description allows, and what it forbids, to a real server, and finds nothing.

`INFOHUS_SCHEMATHESIS_EXAMPLES=200` looks longer; `INFOHUS_SCHEMATHESIS_SEED` repeats what a failure printed.
"""

import asyncio
import json
import os
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import httpx

from checked_log import announced, drawn, found_at, signed
from house import CaseInHand, House, now
from house_keys import environment_of
from infohus.danish_calendar import danish_day
from infohus.plan.reading import read_plan
from infohus.settings import REPOSITORY
from infohus.web.api_examples import EXAMPLES
from one_api import description_of

MANY = os.environ.get("INFOHUS_SCHEMATHESIS_EXAMPLES", "5")
SEED = os.environ.get("INFOHUS_SCHEMATHESIS_SEED", "115")
BIN = Path(sys.executable).parent

# Every check runs. What a valid request may be answered with besides success: not for this role (403), unknown or
# forbidden (404), not possible at this stage (409), changed meanwhile (412), against a rule (422). A 400 is a fault in
# the description. What is sent again under an Idempotency-Key without its If-Match is another request under that key
# (422).
CHECKS = """
[checks]
positive_data_acceptance.expected-statuses = ["2xx", 403, 404, 409, 412, 422]
missing_required_header.expected-statuses = [401, 422, 428]
"""

NEVER_ACCEPTED = {
    "SignScopeDecision", "SignScreening", "SignAssessment", "SignRecommendation", "SignClosure", "AcknowledgeExchange",
    "RestrictAccess", "ReleaseWithheld", "ExportAccessPackage", "EraseCase", "AnnounceLogCheck", "KeepDisclosed",
    "ListInstitutionLogEntries", "VerifyInstitutionLog", "ProveInstitutionLogEntry",
}
"""Nobody guesses the hash of a content or the ids of records in a body; the story and test_rights.py send every kind.
Nobody guesses on which days something was logged. Nothing is erased yet: test_erasure.py says what is answered.
No plan here says that an institution has no DPO of its own: test_log_of_institution.py has one."""
HANDED_ON = {"ConfirmEarlierConcerns"}
"""What is answered may be sent on as it is, where a digest stands in an answer; whether it is, is chance."""
BY_CHANCE = {"ProposeScreening"}
"""Refused while a child of a generated concern waits for its underretning; whether one does, is chance."""


@dataclass(frozen=True, slots=True)
class Target:
    """Who calls an operation, and about which rows."""

    user: str
    ids: Mapping[str, str | int]


async def _note_that_is_asked_for(house: House, case: CaseInHand) -> dict[str, str]:
    """Write a note, and ask for its content as DPO."""
    note: dict[str, str] = await case.kommune.post(f"{case.path}/notes", EXAMPLES["WriteNote"])
    body = {**EXAMPLES["RequestContent"], "record_id": note["id"]}
    await house.person("dpo").post(f"/infohuse/{house.infohus_id}/content-requests?purpose=lawfulness", body)
    return note


async def _targets(house: House) -> dict[str, Target]:
    """Bring cases to where each path can be reached; an operation is found by the longest path it begins with."""
    kommune = house.person("kommune")

    async def propose(case: CaseInHand, operation: str, path: str) -> Target:
        made = await kommune.post(f"{case.path}/{path}", EXAMPLES[operation])
        return Target("kommune", {"case_id": case.id, "decision_id": made["id"]})

    fresh = await house.case(
        received_at=EXAMPLES["RecordConcern"]["received_at"],
        reporter={"name": "Vera Vidne"},
        subjects=[
            {
                "name": "Prøve Prøvesen", "birth_date": "2014-02-01", "address": "Et sted",
                "address_is_protected": True,
            },
        ],
    )
    concern = await kommune.get(f"{fresh.path}/concerns/{fresh.concern_id}")
    noted = await kommune.post(f"{fresh.path}/information", EXAMPLES["NoteInformation"])
    exchange = await kommune.post(f"{fresh.path}/exchanges", EXAMPLES["RecordExchange"])
    asked = await kommune.post(
        f"{fresh.path}/information-requests", {"question": "Hvor bor han?", "received_from": "kriminalforsorgen"}
    )
    release = await kommune.post(f"{fresh.path}/custody-releases", EXAMPLES["RecordCustodyRelease"])
    note = await _note_that_is_asked_for(house, fresh)
    wanted = await kommune.post(f"{fresh.path}/access-requests", EXAMPLES["RecordAccessRequest"])
    restriction = await kommune.post(
        f"{fresh.path}/restrictions", {**EXAMPLES["RestrictAccess"], "item": {"kind": "note", "id": note["id"]}}
    )
    hold = await kommune.post(f"{fresh.path}/legal-holds", EXAMPLES["SetLegalHold"])
    await kommune.put(f"{fresh.path}/journal-reference", EXAMPLES["SetJournalReference"])
    checked = await (await house.case()).clear()
    check = await house.sql("SELECT id FROM infohus.clearance_check WHERE case_id = $1", checked.id)
    scope = await propose(await (await house.case()).clear(), "ProposeScopeDecision", "scope-decisions")
    differing = await propose(await (await house.case()).clear(), "ProposeScopeDecision", "scope-decisions")
    differed = await propose(await (await house.case()).clear(), "ProposeScopeDecision", "scope-decisions")
    address = "/cases/{case_id}/scope-decisions/{decision_id}/disagreement".format(**differed.ids)
    differs = await house.person("politi").post(address, EXAMPLES["DifferOnScopeDecision"])
    accepted = await (await house.case()).accept()
    guest = await kommune.post(
        f"{accepted.path}/participants",
        {**EXAMPLES["InviteParticipant"], "person_id": str(house.person("raadgiver").person_id)},
    )
    leaving, seeing = await (await house.case()).accept(), await (await house.case()).clear()
    goes_on, _ = [
        await kommune.post(f"{leaving.path}/participants", {**EXAMPLES["InviteParticipant"], "person_id": str(person)})
        for person in (uuid4(), house.person("raadgiver").person_id)
    ]
    unseen = await (await house.case()).clear()
    view = await kommune.post(f"{seeing.path}/first-views", EXAMPLES["StateFirstView"])
    await house.person("politi").post(f"{seeing.path}/first-views", EXAMPLES["StateFirstView"])
    advised, advising = await (await house.case()).accept(), await (await house.case()).accept()
    for case in (advised, advising):
        await case.decide("screenings", "recommend", EXAMPLES["ProposeScreening"]["content"], purpose="screening")
    qualifying, unopened = await (await house.case()).qualify(), await (await house.case()).qualify()
    tool = (await kommune.post(f"{qualifying.path}/assessments", EXAMPLES["OpenAssessment"]))["decision"]
    assessing = {"case_id": qualifying.id, "assessment_id": tool["id"]}
    await kommune.post(
        f"{qualifying.path}/assessments/{tool['id']}/contributions", EXAMPLES["ContributeToAssessment"]
    )
    acting, added = await (await house.case()).recommend(), await house.case()
    unanswered = await propose(await (await house.case()).recommend(), "ProposeClosure", "closures")
    await house.sql(
        "UPDATE infohus.signature SET signed_at = signed_at - interval '30 days 1 minute' WHERE record_id = $1",
        unanswered.ids["decision_id"],
    )
    measure = await kommune.post(f"{acting.path}/measures", EXAMPLES["StartMeasure"])
    infohus, one, decision = {"infohus_id": str(house.infohus_id)}, "/cases/{case_id}", "{decision_id}"
    undrawn = await announced(house)  # with the secret of the example
    for _ in range(2):
        await found_at(house)
    found = await house.person("dpo").get("/log/findings")
    answered, ended = (str(one["id"]) for one in found["items"])
    reviewed = await drawn(house, sample=200)
    await signed(house)
    another = next(one["leaf_index"] for one in reviewed["items"] if not one["is_own"])
    to_review = {"check_id": reviewed["check"]["id"], "leaf_index": another}
    await house.client.get("/cases")  # without a token, so that the installation's log has an entry
    house.append_counts()
    return {
        "/": Target("kommune", {"slug": "not-signed-in"}),
        "/infohuse/{infohus_id}": Target("kommune", infohus),
        "/infohuse/{infohus_id}/plan-versions": Target("kommune", {**infohus, "version": 1}),
        "/infohuse/{infohus_id}/obligations": Target("kommune", {**infohus, "obligation_id": await _obligation(house)}),
        "/infohuse/{infohus_id}/exchanges": Target("dpo", infohus),
        "/infohuse/{infohus_id}/onward-notices": Target("dpo", infohus),
        "/infohuse/{infohus_id}/pet-requests": Target("dpo", infohus),
        "/infohuse/{infohus_id}/content-requests": Target("dpo", infohus),
        "/institutions": Target("dpo", {"authority_id": "vaerkstedet-aahuset"}),
        "/cases/{case_id}/content-on-request": Target(
            "dpo", {"case_id": fresh.id, "kind": "note", "record_id": note["id"]}
        ),
        "/log": Target(
            "dpo", {"leaf_index": 3, "person_id": str(kommune.person_id), "level": "entries", "place": "000.p/1"}
        ),
        "/installation-log": Target("dpo", {"leaf_index": 0}),
        "/infohuse/{infohus_id}/log-reports": Target("kommune", infohus),
        "/log/checks": Target("dpo", to_review),
        "/log/checks/{check_id}/draw": Target("dpo", {"check_id": undrawn["id"]}),
        "/log/findings": Target("dpo", {"finding_id": ended}),
        "/log/findings/{finding_id}/answer": Target("kommune", {"finding_id": answered}),
        "/cases/{case_id}/exchanges/{exchange_id}/answers": Target(
            "dpo", {"case_id": fresh.id, "exchange_id": exchange["id"]}
        ),
        "/infohuse/{infohus_id}/yearly-status": Target("kommune", {**infohus, "year": 2025}),
        one: Target("kommune", {
            "case_id": fresh.id, "concern_id": fresh.concern_id, "reporter_id": concern["reporter_id"],
            "subject_id": concern["subjects"][0]["id"], "information_id": noted["id"], "exchange_id": exchange["id"],
            "notification_id": concern["child_notifications"][0]["id"], "request_id": asked["id"],
            "release_id": release["id"], "note_id": note["id"],
            "restriction_id": restriction["id"], "hold_id": hold["id"],
            "address_id": concern["subjects"][0]["protected_address_id"],
        }),
        # What is generated adds persons, so that whoever writes there would have to say whom it is about.
        f"{one}/concerns": Target("kommune", {"case_id": added.id, "concern_id": added.concern_id}),
        f"{one}/access-requests": Target("kommune", {"case_id": fresh.id, "request_id": wanted["id"]}),
        f"{one}/clearance-checks": Target("politi", {"case_id": fresh.id}),
        f"{one}/clearance-checks/{{check_id}}": Target(
            "politi", {"case_id": checked.id, "check_id": str(check[0]["id"])}
        ),
        f"{one}/participants": Target("kommune", {"case_id": accepted.id, "participant_id": guest["id"]}),
        f"{one}/participants/{{participant_id}}/extension": Target(
            "kommune", {"case_id": leaving.id, "participant_id": goes_on["id"]}
        ),
        f"{one}/takeover": Target("politi", {"case_id": (await house.case()).id}),
        f"{one}/participation": Target("raadgiver", {"case_id": leaving.id}),
        f"{one}/first-views": Target("kommune", {"case_id": unseen.id}),
        f"{one}/first-views/{{first_view_id}}": Target(
            "kommune", {"case_id": seeing.id, "first_view_id": view["id"]}
        ),
        f"{one}/scope-decisions": Target("kommune", {"case_id": checked.id}),
        f"{one}/scope-decisions/{decision}": scope,
        f"{one}/scope-decisions/{decision}/disagreement": Target("politi", differing.ids),
        f"{one}/scope-disagreements": Target("kommune", {**differed.ids, "disagreement_id": differs["id"]}),
        f"{one}/screenings": Target("kommune", {"case_id": accepted.id}),
        f"{one}/screenings/{decision}": await propose(
            await (await house.case()).accept(), "ProposeScreening", "screenings"
        ),
        f"{one}/assessments": Target("kommune", {"case_id": unopened.id}),
        f"{one}/assessments/{{assessment_id}}": Target("kommune", assessing),
        f"{one}/recommendations": Target("kommune", {"case_id": advised.id}),
        f"{one}/recommendations/{decision}": await propose(advising, "ProposeRecommendation", "recommendations"),
        f"{one}/measures": Target("kommune", {"case_id": acting.id, "measure_id": measure["id"]}),
        f"{one}/closures": Target("kommune", {"case_id": accepted.id}),
        f"{one}/closures/{decision}": await propose(
            await (await house.case()).accept(), "ProposeClosure", "closures"
        ),
        f"{one}/closures/{decision}/own-end": unanswered,
    }


async def _obligation(house: House) -> str:
    """Let the plan promise something."""
    document = read_plan(REPOSITORY / "plans" / "ishoj.toml")
    await house.sql(
        "INSERT INTO infohus.plan VALUES ($1, 1, $2::text::jsonb, $3, $4)", house.infohus_id,
        document.encoded().decode(), document.digest(), now(),
    )
    promised = await house.sql(
        "INSERT INTO infohus.obligation VALUES ($1, $2, 'status', 'Status', 'direktionen', 'P1Y', NULL, $3, NULL, 1,"
        " true) RETURNING id", uuid4(), house.infohus_id, danish_day(now()),
    )
    return str(promised[0]["id"])


async def _configuration(house: House) -> str:
    """Write schemathesis' configuration: for each path, the caller's token and the ids of rows that exist."""
    targets, parts = await _targets(house), [CHECKS]
    tokens = {user: house.person(user).token for user in ("kommune", "politi", "dpo", "raadgiver")}
    for path in description_of(house.app)["paths"]:
        target = targets[max((prefix for prefix in targets if path.startswith(prefix)), key=len)]
        ids = {f"path.{name}": value for name, value in target.ids.items() if f"{{{name}}}" in path}
        # A tile's place has slashes, which a description cannot say of a path: encoded they are 400.
        more = 'checks.positive_data_acceptance.expected-statuses = ["2xx", 400]\n' if "{place}" in path else ""
        entry = f'[[operations]]\ninclude-path = "{path}"\n{more}'
        entry += f'headers.Authorization = "Bearer {tokens[target.user]}"\n'
        parts.append(entry + "".join(f'parameters."{name}" = {json.dumps(value)}\n' for name, value in ids.items()))
    return "\n".join(parts)


@asynccontextmanager
async def _server(house: House, log: Path) -> AsyncIterator[str]:
    """Serve the installation of `house` on a free port of loopback, as production does."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("INFOHUS_")},
        **environment_of(house.settings), "INFOHUS_LOG_FORMAT": "json",
    }
    with log.open("wb") as output:
        server = await asyncio.create_subprocess_exec(
            BIN / "granian", "--factory", "infohus.app:application", "--interface", "asgi", "--host", "127.0.0.1",
            "--port", str(port), "--no-ws", "--http", "1", env=environment, stdout=output, stderr=output,
        )
        address = f"http://127.0.0.1:{port}"
        try:
            async with httpx.AsyncClient(trust_env=False) as client:
                for _ in range(300):
                    await asyncio.sleep(0.1)
                    try:
                        await client.get(f"{address}/ready")
                        break
                    except httpx.TransportError:
                        assert server.returncode is None, log.read_text()  # noqa: ASYNC240
            yield address
        finally:
            server.send_signal(signal.SIGTERM)
            await server.wait()


async def _schemathesis(address: str, configuration: Path, folder: Path) -> tuple[int, str]:
    """Run it; give its exit status and what it printed."""
    run = await asyncio.create_subprocess_exec(
        BIN / "schemathesis", "--config-file", configuration, "run", f"{address}/docs/openapi.json",
        "--checks", "all", "--phases", "examples,coverage,fuzzing,stateful", "--max-examples", MANY,
        "--seed", SEED, "--generation-database", "none", "--continue-on-failure", "--no-color",
        cwd=folder, env={**os.environ, "NO_PROXY": "*"}, stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )
    printed, _ = await run.communicate()
    assert run.returncode is not None
    return run.returncode, printed.decode()


def _accepted(log: Path) -> set[tuple[str, str]]:
    """List (method, path) of every request that succeeded, from the server's own log."""
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    return {(one["method"], one["route"]) for one in lines if one["event"] == "request" and 200 <= one["status"] < 300}


class WhenEverythingTheDescriptionAllowsAndForbidsIsSent:
    async def test_nothing_is_found_and_every_operation_was_reached(self, house: House, tmp_path: Path) -> None:
        configuration, log = tmp_path / "schemathesis.toml", tmp_path / "server.log"
        configuration.write_text(await _configuration(house), encoding="utf-8")
        async with _server(house, log) as address:
            status, printed = await _schemathesis(address, configuration, tmp_path)
        shown = re.sub(r"Bearer [\w.-]+", "Bearer …", printed)
        assert status == 0, f"INFOHUS_SCHEMATHESIS_SEED={SEED} INFOHUS_SCHEMATHESIS_EXAMPLES={MANY}\n{shown}"
        accepted = _accepted(log)
        never: set[str] = {
            operation["operationId"]
            for path, methods in description_of(house.app)["paths"].items()
            for method, operation in methods.items()
            if (method.upper(), path) not in accepted
        }
        assert sorted(never - HANDED_ON - BY_CHANCE) == sorted(NEVER_ACCEPTED), f"{sorted(never)}\n{shown}"
