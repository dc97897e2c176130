"""The acts of one side that concern nobody else: they change nothing that the other can see."""

from datetime import timedelta
from typing import Any

from infohus.danish_calendar import danish_day
from infohus.web.api_examples import EXAMPLES
from noninterference.acts import (
    DOINGS,
    Act,
    case_of,
    concern,
    doing,
    filled,
    make,
    posting,
    posting_about,
    written,
)
from noninterference.installation import MUNICIPALITY, NothingThere, Run

LISTS = (
    "", "/concerns", "/information", "/exchanges", "/notes", "/next-steps", "/closing", "/information-requests",
    "/earlier-concerns", "/access-requests", "/restrictions", "/legal-holds", "/journal-reference", "/retention",
    "/assessments", "/first-views", "/kept-marks",
)

DOINGS.update({
    "note": posting("information", "NoteInformation"),
    "state a first view": posting("first-views", "StateFirstView"),
    "write a note": posting("notes", "WriteNote"),
    "record a request for access": posting("access-requests", "RecordAccessRequest"),
    "hold": posting("legal-holds", "SetLegalHold"),
    "lift a hold": posting_about("legal-holds/{id}/lift", None),
    "lift a restriction": posting_about("restrictions/{id}/lift", None),
    "clear with the archive": posting("archive-clearances", "RecordArchiveClearance"),
})


@doing("set the journal reference")
async def _reference(run: Run, act: Act) -> None:
    path = f"{case_of(run, act)}/journal-reference"
    read = await run.send(act.side, "GET", path)
    headers = {"if-match": tag} if (tag := dict(read.headers).get("etag")) else {}
    await run.send(act.side, "PUT", path, {"reference": f"26/{1000 + act.choice}"}, headers=headers)


@doing("export the journal note")
async def _journal_note(run: Run, act: Act) -> None:
    await run.send(act.side, "POST", f"{case_of(run, act)}/journal-notes")


@doing("erase")
async def _erase(run: Run, act: Act) -> None:
    await run.send(act.side, "POST", f"{case_of(run, act)}/erasure")


@doing("add a concern")
async def _add(run: Run, act: Act) -> None:
    await make(run, act, f"{case_of(run, act)}/concerns", concern(run, act))


@doing("hand over the child")
async def _hand_over(run: Run, act: Act) -> None:
    concern_id = run.made_by(act.about)["id"]
    read = await run.send(act.side, "GET", f"{case_of(run, act)}/concerns/{concern_id}")
    for notification in _children(read.json()):
        path, now = f"{case_of(run, act)}/child-notifications/{notification}", run.installation.clock().isoformat()
        handed = {"handed_over_at": now, "handed_over_to": "Familieafdelingen", "text": "Et barn."}
        await run.send(act.side, "POST", f"{path}/hand-over", handed)
        if act.choice % 2:
            await run.send(act.side, "POST", f"{path}/assessment", {"assessed_at": now})
            today = danish_day(run.installation.clock()).isoformat()
            await run.send(act.side, "POST", f"{path}/receipt", {"receipt_given_on": today})


@doing("state an age")
async def _state_age(run: Run, act: Act) -> None:
    concern_id = run.made_by(act.about)["id"]
    read = (await run.send(act.side, "GET", f"{case_of(run, act)}/concerns/{concern_id}")).json()
    said: tuple[dict[str, Any], ...] = (
        {"is_under_18": True}, {"birth_date": "1991-05-05", "earlier_is_wrong": True},
        {"age": {"at_least": 16, "at_most": 19}}, {"earlier_is_wrong": True},
    )
    for subject in read.get("subjects", ()):
        body = {**said[act.choice % 4], "reason": written("Skolen siger det.", act.choice)}
        await run.send(act.side, "POST", f"{case_of(run, act)}/subjects/{subject['id']}/ages", body)


def _children(made: Any) -> list[str]:
    found = [one["id"] for one in made.get("child_notifications", ())]
    if not found:
        raise NothingThere
    return found


@doing("restrict")
async def _restrict(run: Run, act: Act) -> None:
    item = {"kind": "information", "id": run.made_by(act.about)["id"]}
    basis = "dbl-22-1" if act.side == MUNICIPALITY else "rhl-14"
    body = filled(run, act, "RestrictAccess", item=item, basis=basis)
    await make(run, act, f"{case_of(run, act)}/restrictions", body)


@doing("make the package")
async def _package(run: Run, act: Act) -> None:
    path = f"{case_of(run, act)}/access-requests/{run.made_by(act.about)['id']}/package"
    lists = (("information", "information"), ("note", "notes"), ("concern", "concerns"), ("exchange", "exchanges"))
    include = []
    for kind, segment in lists:
        answer = await run.send(act.side, "GET", f"{case_of(run, act)}/{segment}")
        include += [{"kind": kind, "id": one["id"]} for one in _items(answer.json())]
    for concern_id in [one["id"] for one in include if one["kind"] == "concern"]:
        read = (await run.send(act.side, "GET", f"{case_of(run, act)}/concerns/{concern_id}")).json()
        for child in read.get("child_notifications", ()):
            include.append({"kind": "child_notification", "id": child["id"]})
            include += [{"kind": "child_notification_step", "id": step["id"]} for step in child["steps"]]
    await run.send(act.side, "POST", path, {"include": include})


def _items(listed: Any) -> list[Any]:
    """Take the items of a list or of a page; of a refusal, none."""
    items: list[Any] = listed if isinstance(listed, list) else listed.get("items", [])
    return items


@doing("mark as kept")
async def _keep(run: Run, act: Act) -> None:
    path, own = case_of(run, act), run.authorities[act.side]
    held, exchanges = [
        _items((await run.send(act.side, "GET", f"{path}/{segment}")).json())
        for segment in ("information", "exchanges")
    ]
    told = [one for one in held if one["owner"] != own]
    given = [one for one in exchanges if one["discloser"] != own]
    for one in told[-2:]:
        body = {"items": [{"kind": "information", "id": one["id"]}], "because": "used", "reason": "Brugt."}
        for exchange in given[-3:]:
            await run.send(act.side, "POST", f"{path}/exchanges/{exchange['id']}/kept-marks", body)


@doing("measure, untold")
async def _measure(run: Run, act: Act) -> None:
    body = filled(run, act, "StartMeasure", responsible_authority=run.authorities[act.side])
    body.pop("disclosure")
    await make(run, act, f"{case_of(run, act)}/measures", body)


@doing("follow up, untold")
async def _follow_up(run: Run, act: Act) -> None:
    body = {"text": "Målet er nået.", "outcome": "goal_reached"} if act.choice % 2 else {
        "text": "Godt i gang.", "next_follow_up_on": "2099-02-01"
    }
    path = f"{case_of(run, act)}/measures/{run.made_by(act.about)['id']}/follow-ups"
    await run.send(act.side, "POST", path, body)


@doing("search")
async def _search(run: Run, act: Act) -> None:
    number = ("010104-1234", "020390-1235", "030385-1236")[act.choice % 3]
    body = {"cpr_number": number, "purpose": "subject_access"}
    await run.send(act.side, "POST", f"/infohuse/{run.infohus_id}/searches", body)


@doing("report the log to a person")
async def _report(run: Run, act: Act) -> None:
    body = {"cpr_number": "010104-1234"}
    await run.send(act.side, "POST", f"/infohuse/{run.infohus_id}/log-reports", body)


@doing("read")
async def _read(run: Run, act: Act) -> None:
    for place in range(1 + act.choice % 3):
        await run.send(act.side, "GET", case_of(run, act) + LISTS[(act.choice + place) % len(LISTS)], role=act.role)


@doing("say that nothing is held")
async def _nothing_held(run: Run, act: Act) -> None:
    path = f"{case_of(run, act)}/information-requests/{run.made_by(act.about)['id']}/answer"
    await make(run, act, path, {"answer": "nothing_to_disclose"})


@doing("read again")
async def _read_again(run: Run, act: Act) -> None:
    """Read what has a tag or a hash, which may not have changed meanwhile."""
    for path in ("", "/exchanges"):
        await run.send(act.side, "GET", f"{case_of(run, act)}{path}", role=act.role)


@doing("leave")
async def _leave(run: Run, act: Act) -> None:
    await run.send(act.side, "DELETE", f"{case_of(run, act)}/participation", role=act.role)


@doing("supervise")
async def _supervise(run: Run, act: Act) -> None:
    role = ("dpo", "legal")[act.choice % 2]
    for path in ("/exchanges", "/exchanges/counts", "/onward-notices", "/pet-requests"):
        await run.send(act.side, "GET", f"/infohuse/{run.infohus_id}{path}", role=role)
    for path in ("/log", "/log/entries", "/log/notice"):
        await run.send(act.side, "GET", path, role=role)
    await run.send(act.side, "POST", "/log/notice/acknowledgement", role="tovholder")
    await run.send(act.side, "POST", "/log/export", role=role)


@doing("announce a log check")
async def _announce(run: Run, act: Act) -> None:
    today = run.installation.clock().date()
    period = {"period_from": f"{today - timedelta(days=30)}", "period_until": f"{today}"}
    await make(run, act, "/log/checks", {**EXAMPLES["AnnounceLogCheck"], **period}, role="dpo")


@doing("try what is refused")
async def _refused(run: Run, act: Act) -> None:
    match act.choice % 5:
        case 0:
            await run.send(act.side, "GET", case_of(run, act), role="admin")
        case 1:
            await run.send(act.side, "POST", f"{case_of(run, act)}/information", {"text": "", "unknown": 1})
        case 2:
            await run.send(act.side, "GET", f"/cases/{run.unknown(act.number)}")
        case 3:
            draft = {**concern(run, act), "reporter_is_anonymous": True}
            await run.send(act.side, "POST", f"/infohuse/{run.infohus_id}/concerns", draft)
        case _:
            await run.installation.call("GET", case_of(run, act), headers={})


@doing("sign in again")
async def _sign_in(run: Run, act: Act) -> None:
    run.token(act.side, act.role, again=True)
    await run.send(act.side, "GET", "/cases", role=act.role)


ON_A_CASE = (
    "note", "note", "write a note", "add a concern", "set the journal reference", "record a request for access", "hold",
    "clear with the archive", "state a first view", "look back", "read", "export the journal note",
    "be asked from outside", "be asked by PET", "tell PET", "try what is refused", "erase", "mark as kept",
    "look through what is told", "record a release from custody", "reveal", "tell outside",
)
"""Kinds that need nothing but the case."""
OF_THE_DRAWN_IN = (
    "note", "note", "read", "read again", "mark as kept", "supervise", "announce a log check", "sign in again",
    "try what is refused",
)
"""Kinds of an authority that is drawn in, which need nothing but the case."""
ON_AN_INFOHUS = (
    "search", "supervise", "report the log to a person", "announce a log check", "check the log", "sign in again",
)
"""Kinds that need no case."""
AFTER = {
    "note": ("restrict", "tell the third authority", "ask for content"),
    "record a request for access": ("make the package",),
    "hold": ("lift a hold",), "restrict": ("lift a restriction",), "measure, untold": ("follow up, untold",),
    "add a concern": ("state an age", "release what is withheld"),
    "open a case": ("state an age", "release what is withheld"),
    "be asked from outside": ("decline",), "be asked by PET": ("say that nothing is held",),
}
"""For each kind, what may be done about what it made."""
