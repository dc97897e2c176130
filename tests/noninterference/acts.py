"""The acts of a history: what each sends, as whom, about what an earlier act made.

An act is data: a history can be printed, and played again without one. What differs between two follows from `choice`.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from about_nobody import about_somebody
from infohus.web.api_examples import EXAMPLES
from noninterference.dates import dated
from noninterference.installation import PET, NothingThere, Run, other
from noninterference.persons import persons_of


@dataclass(frozen=True, slots=True)
class Act:
    """One act of a history; `number` is its own, `case` and `about` are those of earlier acts.

    A shared act is played in both runs, with the same choice unless `choice_elsewhere` says what the second run has
    instead, which the other side may not see. One that is not shared is played in the runs named by `runs`.
    """

    number: int
    kind: str
    side: str
    at_minute: float
    choice: int = 0
    role: str = "tovholder"
    case: int | None = None
    about: int | None = None
    shared: bool = True
    is_looked_at: bool = True
    """Whether the observing side looks around afterwards; the acts that only bring a case to a stage are not."""
    runs: str = "AB"
    choice_elsewhere: int | None = None

    def __str__(self) -> str:
        """Write it in a line."""
        who = self.side if self.role == "tovholder" else f"{self.side}'s {self.role}"
        where = "" if self.case is None or self.kind == "open a case" else f" in case {self.case}"
        what = "" if self.about is None else f" about {self.about}"
        runs = "both runs" if self.shared else f"hidden, run {' and '.join(self.runs)}"
        twice = "" if self.choice_elsewhere is None else f" and {self.choice_elsewhere} in run B"
        return (
            f"{self.number:3} at minute {self.at_minute:8.1f}  {who}: {self.kind}{where}{what}"
            f" (choice {self.choice}{twice}; {runs})"
        )


Doing = Callable[[Run, Act], Awaitable[None]]
DOINGS: dict[str, Doing] = {}


def doing(kind: str) -> Callable[[Doing], Doing]:
    """Register what an act of this kind does."""

    def register(function: Doing) -> Doing:
        DOINGS[kind] = function
        return function

    return register


async def play(run: Run, act: Act) -> bool:
    """Play an act; its answers stand in `run.answers`. False when there is nothing that it could be about."""
    run.answers.clear()
    try:
        await DOINGS[act.kind](run, act)
    except NothingThere:
        return False
    return True


def with_choice(act: Act, choice: int) -> Act:
    """Give the same act with another choice."""
    return replace(act, choice=choice)


def case_of(run: Run, act: Act) -> str:
    """Give the address of the act's case."""
    return f"/cases/{run.made_by(act.case)['case_id']}"


def written(text: str, choice: int) -> str:
    """Vary a text in its length, too."""
    return f"{text} {'Mere. ' * (choice % 7)}({choice})"


def filled(run: Run, act: Act, operation: str, **more: Any) -> dict[str, Any]:
    """Write the body of an operation from the API's example, from the act's side to the other."""
    own, others = run.authorities[act.side], run.authorities[other(act.side)]

    def exchanged(value: Any, name: str = "") -> Any:
        if name == "recipients":
            return [others]
        if isinstance(value, dict):
            return {key: exchanged(part, key) for key, part in value.items()}
        if isinstance(value, list):
            return [exchanged(part) for part in value]
        if isinstance(value, str) and value in EXAMPLE_AUTHORITIES:
            return own if value == "ishoj-kommune" else others
        if name in TEXTS:
            return written(value, act.choice)
        return dated(run, value)

    body: dict[str, Any] = {**exchanged(EXAMPLES[operation]), **more}
    return body


EXAMPLE_AUTHORITIES = ("ishoj-kommune", "kbh-vestegns-politi")
TEXTS = frozenset({
    "text", "reason", "reasons", "observation", "asked", "question", "summary", "necessity", "considered", "danger",
})


async def make(run: Run, act: Act, path: str, body: Any, *, role: str | None = None, method: str = "POST") -> Any:
    """Send what makes something, and remember what it made."""
    by = role or act.role

    async def whom() -> list[str]:
        return await persons_of(run, act.side, case_of(run, act), role=by, only_first=act.choice % 2 > 0)

    answer = await about_somebody(lambda said: run.send(act.side, method, path, said, role=by), body, whom)
    if answer.is_success:
        run.remember(act.number, path, answer)
    return answer


def posting(path: str, operation: str, **more: Any) -> Doing:
    """Make the doing that posts an example to an address below the case."""

    async def post(run: Run, act: Act) -> None:
        await make(run, act, f"{case_of(run, act)}/{path}", filled(run, act, operation, **more))

    return post


def posting_about(path: str, operation: str | None, *, method: str = "POST", **more: Any) -> Doing:
    """Make the doing that posts an example about what an earlier act made; `path` has its id as `{id}`."""

    async def post(run: Run, act: Act) -> None:
        address = f"{case_of(run, act)}/{path.format(id=run.made_by(act.about)['id'])}"
        body = None if operation is None else filled(run, act, operation, **more)
        await make(run, act, address, body, method=method)

    return post


def told(run: Run, act: Act, *recipients: str, purpose: str = "screening", **more: Any) -> dict[str, Any]:
    """Write the § 115 fields."""
    return {
        "recipients": list(recipients) or [run.authorities[other(act.side)]], "purpose": purpose,
        "categories": ["purely_private"], "necessity": written("Nødvendigt.", act.choice),
        "proportionality": "Kun det.", "subsidiarity": "Kan ikke nås med mindre.",
        "consent": "given", "for_criminal_investigation": False,
        "onward_reason": "De følger ham.", **more,
    }


def until(run: Run, days: int) -> str:
    """Write a moment some days ahead."""
    return (run.installation.clock() + timedelta(days=days)).isoformat()


PERSONS: tuple[Mapping[str, Any], ...] = (
    {"name": "Prøve Prøvesen", "cpr_number": "010104-1234"},
    {"name": "Anden Andersen", "cpr_number": "020390-1235"},
    {"name": "Tredje Tredjesen", "birth_date": "1990-02-01"},
    {"name": "Barn Barnesen", "is_under_18": True},
    {"name": "Gemt Gemtesen", "birth_date": "1985-05-05", "address": "Vejen 1", "address_is_protected": True},
)
CHILD = 3


def subjects(choice: int) -> list[Mapping[str, Any]]:
    """Choose whom a concern is about: each bit of the choice is a person."""
    return [person for place, person in enumerate(PERSONS) if choice >> place & 1]


def has_child(choice: int) -> bool:
    """Say whether a concern of this choice is about a child."""
    return bool(choice >> CHILD & 1)


def concern(run: Run, act: Act) -> dict[str, Any]:
    """Write a concern of the act's choice; without signs, for these infohuse have no plan that names any."""
    return filled(run, act, "RecordConcern", subjects=subjects(act.choice), signs=[])


@doing("open a case")
async def _open(run: Run, act: Act) -> None:
    await make(run, act, f"/infohuse/{run.infohus_id}/concerns", concern(run, act))


@doing("invite")
async def _invite(run: Run, act: Act) -> None:
    own = act.choice % 3 != 2
    scopes = (["information", "exchange"], ["information", "exchange", "assessment", "measures"], ["assessment"])
    await make(run, act, f"{case_of(run, act)}/participants", {
        "person_id": str(run.person_id(act.side, "guest") if own else run.drawn_in_by(act.side)),
        "authority_id": run.authorities[act.side] if own else run.third, "reason": written("Kender ham.", act.choice),
        "scope": scopes[act.choice // 3 % 3], "ends_at": until(run, 30), "public_task_confirmed": not own,
    })


@doing("be asked from outside")
async def _asked(run: Run, act: Act) -> None:
    body = {"question": written("Kender I ham?", act.choice), "received_from": run.third}
    await make(run, act, f"{case_of(run, act)}/information-requests", body)


@doing("be asked by PET")
async def _asked_by_pet(run: Run, act: Act) -> None:
    body = {"question": written("Hvor er han?", act.choice), "received_from": PET, "states_chapters_12_13": True}
    await make(run, act, f"{case_of(run, act)}/information-requests", body)


@doing("tell PET")
async def _tell_pet(run: Run, act: Act) -> None:
    """Answer PET with what was said, and with what the sides told each other, whoever of them owns it."""
    await _asked_by_pet(run, act)
    body = {**told(run, act, PET), "requested_by_pet": True, "summary": written("Han er set.", act.choice)}
    if act.about is not None:
        body["items"] = run.made_by(act.about)["_items"]
    await make(run, act, f"{case_of(run, act)}/exchanges", body)


@doing("tell the other")
async def _tell(run: Run, act: Act) -> None:
    case = case_of(run, act)
    note = filled(run, act, "NoteInformation")
    noted = [await run.send(act.side, "POST", f"{case}/information", note) for _ in range(1 + act.choice % 2)]
    items = [{"kind": "information", "id": one.json()["id"]} for one in noted if one.is_success]
    if items:
        answer = await make(run, act, f"{case}/exchanges", {**told(run, act), "items": items})
        if answer.is_success:
            run.made[act.number]["_items"] = items


@doing("tell of a concern")
async def _tell_concern(run: Run, act: Act) -> None:
    made = run.made_by(act.about)
    items = [{"kind": "concern", "id": made["id"]}]
    items += [{"kind": "subject", "id": one["id"]} for one in made.get("subjects", ()) if isinstance(one, dict)]
    body = {**told(run, act, purpose="clearance_check"), "items": items}
    await make(run, act, f"{case_of(run, act)}/exchanges", body)


@doing("correct an exchange")
async def _correct(run: Run, act: Act) -> None:
    path = f"{case_of(run, act)}/exchanges/{run.made_by(act.about)['id']}/corrections"
    await make(run, act, path, {**told(run, act), "summary": written("Det var klubben.", act.choice)})


@doing("withdraw an exchange")
async def _withdraw(run: Run, act: Act) -> None:
    path = f"{case_of(run, act)}/exchanges/{run.made_by(act.about)['id']}/withdrawals"
    body = {"recipient": run.authorities[other(act.side)], "reason": written("En fejl.", act.choice)}
    await run.send(act.side, "POST", path, body)


@doing("acknowledge an exchange")
async def _acknowledge(run: Run, act: Act) -> None:
    path = f"{case_of(run, act)}/exchanges/{run.made_by(act.about)['id']}"
    read = await run.send(act.side, "GET", path)
    if read.is_success:
        manifest = read.json().get("manifest", "0" * 64)
        await run.send(act.side, "POST", f"{path}/receipts", {"manifest": manifest})


@doing("conclude")
async def _conclude(run: Run, act: Act) -> None:
    path = f"{case_of(run, act)}/assessments/{run.made_by(act.about)['id']}"
    read = await run.send(act.side, "GET", path)
    headers = {"if-match": dict(read.headers).get("etag", "*")}
    body = filled(run, act, "ConcludeAssessment")
    answer = await run.send(act.side, "PUT", f"{path}/conclusion", body, headers=headers)
    if answer.is_success and act.about is not None:
        run.remember(act.about, path.rpartition("/")[0], answer)


@doing("sign a proposal")
async def _sign(run: Run, act: Act) -> None:
    made = run.made_by(act.about)
    if made["_path"].endswith("/closures"):
        await look_back(run, act)
    address = f"{case_of(run, act)}/{made['_path'].rsplit('/', 1)[-1]}/{made['id']}/signatures"
    await run.send(act.side, "POST", address, {"content_hash": made["content_hash"]})


@doing("differ on the scope")
async def _differ(run: Run, act: Act) -> None:
    path = f"{case_of(run, act)}/scope-decisions/{run.made_by(act.about)['id']}/disagreement"
    await make(run, act, path, {"reason": "En familiesag.", "disclosure": told(run, act, purpose="scope_decision")})


@doing("look back")
async def look_back(run: Run, act: Act) -> None:
    """Read the earlier concerns, and confirm them."""
    path = f"{case_of(run, act)}/earlier-concerns"
    timeline = await run.send(act.side, "GET", path)
    if timeline.is_success:
        await run.send(act.side, "POST", f"{path}/confirmations", {"shown": timeline.json()["shown"]})


DECISIONS = {
    "scope": ("scope-decisions", "ProposeScopeDecision", ("within", "within", "within", "outside", "police_alone")),
    "screening": ("screenings", "ProposeScreening", ("recommend", "qualify_further", "nothing_further")),
    "recommendation": ("recommendations", "ProposeRecommendation", ("recommended",)),
    "closure": ("closures", "ProposeClosure", ("unfounded", "completed")),
}


def decision(run: Run, act: Act, kind: str) -> dict[str, Any]:
    """Write a proposal of the act's choice."""
    _, operation, outcomes = DECISIONS[kind]
    return filled(run, act, operation, outcome=outcomes[act.choice % len(outcomes)])


def _proposing(kind: str) -> Doing:
    async def propose(run: Run, act: Act) -> None:
        if kind == "closure":
            await look_back(run, act)
        await make(run, act, f"{case_of(run, act)}/{DECISIONS[kind][0]}", decision(run, act, kind))

    return propose


for _kind in DECISIONS:
    DOINGS[f"propose a {_kind}"] = _proposing(_kind)
DOINGS.update({
    "check": posting("clearance-checks", "RecordClearanceCheck"),
    "open an assessment": posting("assessments", "OpenAssessment"),
    "contribute": posting_about("assessments/{id}/contributions", "ContributeToAssessment"),
    "measure, told": posting("measures", "StartMeasure"),
    "follow up, told": posting_about("measures/{id}/follow-ups", "RecordFollowUp"),
    "ask the other": posting("information-requests", "RequestInformation"),
    "decline": posting_about("information-requests/{id}/answer", "AnswerInformationRequest"),
    "end a participation": posting_about("participants/{id}", None, method="DELETE"),
    "extend a participation": posting_about("participants/{id}/extension", "ExtendParticipation"),
    "tell by phone": posting("oral-exchanges", "RecordOralExchange"),
    "reveal a first view": posting_about("first-views/{id}/revelation", "RevealFirstView"),
})
