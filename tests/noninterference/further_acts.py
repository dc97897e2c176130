"""Acts that few histories come to: ends of one side, what is revealed or released, and what one's DPO does."""

import hashlib
from datetime import timedelta
from typing import Any

from infohus.danish_calendar import danish_day
from infohus.oversight.log_checks.drawing import MOST_BY_LOT, MOST_BY_RULE
from infohus.web.api_examples import EXAMPLES
from noninterference.acts import DOINGS, Act, case_of, doing, filled, make, posting, told, written
from noninterference.installation import NothingThere, Run

DAYS_UNTIL_ONE_MAY_END_ALONE = 31
EXCUSED = {
    "ExportInstallationLog": "that log is the installation's, which all runs share",
    "AddNetworkMaterial": "the infohus' own: both sides see it",
    "RecordFulfilment": "the infohus' own: both sides see it",
    "ReleaseYearlyStatus": "the infohus' own: both sides see it",
}
"""Operations that no history has, and why."""

DOINGS.update({
    "take over": posting("takeover", "TakeOverCase"),
    "report danger": posting("danger-reports", "ReportDanger"),
    "record a release from custody": posting("custody-releases", "RecordCustodyRelease"),
})


@doing("look through what is told")
async def _look_through(run: Run, act: Act) -> None:
    """Ask whom a text would name; it makes nothing."""
    await run.send(act.side, "POST", f"{case_of(run, act)}/look-through", filled(run, act, "LookThrough"))


@doing("tell outside")
async def _tell_outside(run: Run, act: Act) -> None:
    """Tell a third authority something outside § 115, which is refused where it takes part."""
    body = {**EXAMPLES["DiscloseOutside"], "basis": None, "recipients": [run.third]}
    body["summary"] = written("Han bor der.", act.choice)
    await make(run, act, f"{case_of(run, act)}/disclosures-outside", body)


@doing("end the own side")
async def _end_own_side(run: Run, act: Act) -> None:
    await run.send(act.side, "POST", f"{_closure(run, act)}/own-end")


@doing("take back the signature")
async def _take_back(run: Run, act: Act) -> None:
    await run.send(act.side, "DELETE", f"{_closure(run, act)}/signature")


def _closure(run: Run, act: Act) -> str:
    return f"{case_of(run, act)}/closures/{run.made_by(act.about)['id']}"


@doing("answer by telling")
async def _answer(run: Run, act: Act) -> None:
    """Tell the other something, and answer its question with that."""
    asked, case = run.made_by(act.about), case_of(run, act)
    summary = written("Han er set.", act.choice)
    answer = await make(run, act, f"{case}/exchanges", {**told(run, act), "summary": summary})
    if answer.is_success:
        body = {"answer": "disclosed", "exchange_id": answer.json()["id"]}
        await run.send(act.side, "POST", f"{case}/information-requests/{asked['id']}/answer", body)


@doing("reveal")
async def _reveal(run: Run, act: Act) -> None:
    """Ask for numbers and protected addresses of the persons that the side knows, and who reported."""
    case = case_of(run, act)
    listed = (await run.send(act.side, "GET", f"{case}/concerns")).json()
    for concern in listed.get("items", ()):
        one = (await run.send(act.side, "GET", f"{case}/concerns/{concern['id']}")).json()
        for subject in one.get("subjects", ()):
            await run.send(act.side, "POST", f"{case}/subjects/{subject['id']}/cpr-number")
            if address := subject.get("protected_address_id"):
                await run.send(act.side, "POST", f"{case}/protected-addresses/{address}/reveal")
        if reporter := one.get("reporter_id"):
            body = {"reason": written("Læreren vil selv stå ved det.", act.choice)}
            await run.send(act.side, "POST", f"{case}/reporters/{reporter}/releases", body, role=act.role)


@doing("release what is withheld")
async def _release(run: Run, act: Act) -> None:
    """Release one of the persons whom the concern names that the act is about."""
    named = run.made_by(act.about).get("subjects", ())
    if not named:
        raise NothingThere
    item = {"kind": "subject", "id": named[act.choice % len(named)]["id"]}
    await make(run, act, f"{case_of(run, act)}/releases", filled(run, act, "ReleaseWithheld", item=item))


@doing("check the log")
async def _check_the_log(run: Run, act: Act) -> None:
    """Announce a check, draw, and review some, with a finding that is answered and ended.

    The lot depends on the log's root, which is another in each run. So where it is compared it looks at one day and
    falls on every entry, and it is drawn where no rule leaves one out either; else it is announced alone.
    """
    today, secret = danish_day(run.installation.clock()), f"{act.number:064x}"
    announced = await run.send(act.side, "POST", "/log/checks", {
        **EXAMPLES["AnnounceLogCheck"], "period_from": f"{today - timedelta(days=0 if act.shared else 30)}",
        "period_until": f"{today}", "leaves_gap": act.shared, "sample": MOST_BY_LOT if act.shared else 25,
        "commitment": hashlib.sha256(secret.encode()).hexdigest(),
    }, role="dpo")
    if announced.is_success and (not act.shared or _entries_of(announced.json()) <= MOST_BY_RULE):
        check = f"/log/checks/{announced.json()['id']}"
        await run.send(act.side, "GET", "/log", role="dpo")  # which signs a checkpoint, as the service does each minute
        await run.send(act.side, "POST", f"{check}/draw", {"secret": secret}, role="dpo")
        drawn = await run.send(act.side, "GET", check, role="dpo")
        finding = {
            "review": "finding", "text": written("Opslag om natten.", act.choice),
            "owner": str(run.person_id(act.side, "tovholder")), "answer_by": f"{today + timedelta(days=30)}",
        }
        others = [entry for entry in drawn.json().get("items", ()) if not entry["is_own"]]
        for place, entry in enumerate(others[:3]):
            path = f"{check}/entries/{entry['leaf_index']}/review"
            await run.send(act.side, "POST", path, {"review": "in_order"} if place else finding, role="dpo")
        for one in (await run.send(act.side, "GET", "/log/findings")).json()["items"]:
            path = f"/log/findings/{one['id']}"
            for version, (step, operation, role) in enumerate((
                ("answer", "AnswerLogFinding", "tovholder"), ("remedy", "EndLogFinding", "dpo"),
            ), start=one["version"]):
                read = {"if-match": f'"{version}"'}
                await run.send(act.side, "POST", f"{path}/{step}", EXAMPLES[operation], role=role, headers=read)


def _entries_of(check: dict[str, Any]) -> int:
    """Count the entries that a check looks at."""
    return int(check["last_index"]) - int(check["first_index"]) + 1


@doing("ask for content")
async def _ask_for_content(run: Run, act: Act) -> None:
    body = {"kind": "information", "record_id": run.made_by(act.about)["id"], "reason": written("Klage.", act.choice)}
    await run.send(act.side, "POST", f"/infohuse/{run.infohus_id}/content-requests", body, role="dpo")

