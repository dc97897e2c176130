"""Acts on what went to a third: the other side's own record passed on, both told at once, and what changes it.

Who passes on what the observing side owns does a shared act: the owner gets a notice. All else of it is hidden.
"""

from typing import Any

from noninterference.acts import DECISIONS, Act, case_of, decision, doing, filled, make, told, written
from noninterference.installation import Run, other


async def _noted(run: Run, act: Act) -> list[dict[str, str]]:
    """Note something of the side's own, to be disclosed."""
    noted = await run.send(act.side, "POST", f"{case_of(run, act)}/information", filled(run, act, "NoteInformation"))
    return [{"kind": "information", "id": noted.json()["id"]}] if noted.is_success else []


@doing("tell the third authority")
async def _tell_third(run: Run, act: Act) -> None:
    body = {**told(run, act, run.third), "summary": written("Han er set ved stationen.", act.choice)}
    if act.about is not None:
        body["items"] = [{"kind": "information", "id": run.made_by(act.about)["id"]}]
    await make(run, act, f"{case_of(run, act)}/exchanges", body)


@doing("ask the third authority")
async def _ask_third(run: Run, act: Act) -> None:
    body = {"question": written("Kender I ham?", act.choice), "disclosure": told(run, act, run.third)}
    await make(run, act, f"{case_of(run, act)}/information-requests", body)


@doing("tell both")
async def _tell_both(run: Run, act: Act) -> None:
    items = await _noted(run, act)
    if items:
        body = {**told(run, act, run.authorities[other(act.side)], run.third), "items": items}
        await make(run, act, f"{case_of(run, act)}/exchanges", body)


@doing("tell the third the same")
async def _tell_third_the_same(run: Run, act: Act) -> None:
    body = {**told(run, act, run.third), "items": run.made_by(act.about)["_items"]}
    await make(run, act, f"{case_of(run, act)}/exchanges", body)


@doing("pass on")
async def _pass_on(run: Run, act: Act) -> None:
    items, more = run.made_by(act.about)["_items"], {}
    if act.choice % 2:
        items = [*items, *await _noted(run, act)]
        more = {"summary": written("Sagt på mødet.", act.choice), "strict_necessity": written("Strengt.", act.choice)}
    body = {**told(run, act, run.third), **more, "items": items}
    await make(run, act, f"{case_of(run, act)}/exchanges", body)


@doing("correct past the other")
async def _correct_past(run: Run, act: Act) -> None:
    path = f"{case_of(run, act)}/exchanges/{run.made_by(act.about)['id']}/corrections"
    items = await _noted(run, act)
    body = {**told(run, act, run.third), "summary": written("Det var klubben.", act.choice), "items": items}
    await make(run, act, path, body)


@doing("withdraw from the third")
async def _withdraw_from_third(run: Run, act: Act) -> None:
    path = f"{case_of(run, act)}/exchanges/{run.made_by(act.about)['id']}/withdrawals"
    await run.send(act.side, "POST", path, {"recipient": run.third, "reason": written("En fejl.", act.choice)})


async def amended(run: Run, act: Act, *, recipients: list[str] | None = None) -> Any:
    """Change the proposal that the act is about; told to the other side, or to `recipients`."""
    made = run.made_by(act.about)
    kind = next(kind for kind, (path, _, _) in DECISIONS.items() if made["_path"].endswith(f"/{path}"))
    path = f"{case_of(run, act)}/{DECISIONS[kind][0]}/{made['id']}"
    read, body = await run.send(act.side, "GET", path), decision(run, act, kind)
    if recipients is not None:
        body["disclosure"]["recipients"] = recipients
    return await run.send(act.side, "PUT", path, body, headers={"if-match": dict(read.headers).get("etag", "*")})


@doing("amend a proposal")
async def _amend(run: Run, act: Act) -> None:
    answer = await amended(run, act)
    if answer.is_success and act.about is not None:
        run.remember(act.about, run.made_by(act.about)["_path"], answer)


@doing("change a proposal past the other")
async def _change_past(run: Run, act: Act) -> None:
    await amended(run, act, recipients=[run.third])


AFTER_TELLING_A_THIRD = {
    "tell the other": "tell the third the same", "pass on": "correct past the other",
    "tell the third the same": "correct past the other", "tell both": "withdraw from the third",
}
"""What the hiding side may do, unseen, about what it told before."""
