"""An institution's log as a municipality's DPO sees it, played with and without what the police do with its people."""

import hashlib
import json
from datetime import timedelta
from typing import Any

from house import told
from noninterference.acts import Act, play
from noninterference.canonical import Numbering
from noninterference.history import BEGINNING
from noninterference.installation import INSTITUTION, MUNICIPALITY, POLICE, Run

SEEN = [
    "signIn", "readCase", "readCase", "readCase", "readCase", "listExchanges", "readInformation", "readExchange",
    "acknowledgeExchange", "noteInformation", "searchPersons", "signIn",
]
"""What the DPO is shown of what is done, in both plays; the second person's sign-in is anybody's to check."""
_PLAN = (
    "INSERT INTO infohus.plan (infohus_id, version, document, digest, loaded_at)"
    " VALUES ($1, 1, $2::text::jsonb, '\\x00', now())"
)


class Played:
    """A case in which both sides draw people of the institution in, and the municipality's DPO looks."""

    def __init__(self, run: Run, *, is_told: bool) -> None:
        """Play it with what the police tell the institution and draw its people in for, or without."""
        self.run, self.is_told, self.institution = run, is_told, run.authorities[INSTITUTION]
        self.case, self.numbering, self.looks = "", Numbering(run.mark), list[tuple[str, ...]]()
        self.found = list[bool]()
        """Whether the institution's people found what the police alone can have shown them."""

    async def play(self) -> list[str]:
        """Let everybody act, and the DPO look twice; give the actions that are shown."""
        clock, run = self.run.installation.clock, self.run
        clock.at = BEGINNING
        for number, kind, side in ((0, "open a case", MUNICIPALITY), (1, "check", POLICE)):
            await play(run, Act(number, kind, side, 0, case=0))
        self.case = f"/cases/{run.made[0]['case_id']}"
        concern = await self._send(POLICE, "POST", "/concerns", {
            "channel": "hotline", "received_at": clock.moment(), "reporter_kind": "citizen",
            "observation": "Set i byen.", "told_reporter": "Vi ser på det.", "subjects": [{"name": "Bo"}],
        })
        document = {"possible_participant": [{"id": self.institution, "has_own_dpo": False}]}
        await run.installation.connection.execute(_PLAN, run.infohus_id, json.dumps(document))
        await self._ask("nobody drawn in")
        guest = await self._draw_in(MUNICIPALITY, "tovholder")
        own, theirs = await self._note(MUNICIPALITY), await self._note(POLICE)
        got = run.unknown("exchange")
        if self.is_told:
            got = (await self._tell(POLICE, theirs, self.institution))["id"]
            about = (await self._send(POLICE, "GET", f"/concerns/{concern['id']}"))["subjects"][0]["id"]
            await self._tell(POLICE, concern["id"], self.institution, kind="concern")
            await self._tell(POLICE, about, self.institution, kind="subject")
            await self._draw_in(POLICE, "guest")
        for below in ("/information", "/concerns"):
            await self._send(INSTITUTION, "GET", below)
        clock.move(minutes=1)
        given = await self._tell(MUNICIPALITY, own, self.institution)
        await self._act(own, given)
        await self._act_on(theirs, got)
        clock.move(minutes=1)
        await self._look()
        await self._send(MUNICIPALITY, "DELETE", f"/participants/{guest['id']}")
        clock.move(minutes=1)
        if self.is_told:
            await self._draw_in(POLICE, "tovholder")
        for below in ("", "/information"):
            await self._try(below)
        await self._tell(POLICE, theirs, run.authorities[MUNICIPALITY])
        clock.move(minutes=1)
        return await self._look()

    async def _act(self, own: str, given: dict[str, Any]) -> None:
        """Do in both plays the same, as whom the municipality drew in."""
        exchange = f"/exchanges/{given['id']}"
        for below in ("", "/information", "/exchanges", f"/information/{own}", exchange):
            await self._send(INSTITUTION, "GET", below)
        await self._send(INSTITUTION, "POST", f"{exchange}/receipts", {"manifest": given["manifest"]})
        note = (await self._send(INSTITUTION, "POST", "/information", {"text": "Vores.", "source": "samtale"}))
        await self._tell(INSTITUTION, note["id"], self.run.authorities[POLICE])

    async def _act_on(self, theirs: str, got: str) -> None:
        """Try the same at what the police have: whether that is allowed is not to be seen."""
        search = {"cpr_number": "140390-1237", "purpose": "casework"}
        await self.run.send(INSTITUTION, "POST", f"/infohuse/{self.run.infohus_id}/searches", search)
        exchange = f"/exchanges/{got}"
        for below in (f"/information/{theirs}", f"{exchange}/receipts"):
            await self._try(below)
        await self._tell(INSTITUTION, theirs, self.run.authorities[POLICE])
        await self._try("", role="guest")

    async def _try(self, below: str, role: str = "tovholder") -> None:
        self.found.append((await self.run.send(INSTITUTION, "GET", f"{self.case}{below}", role=role)).is_success)

    async def _look(self) -> list[str]:
        listed = await self._ask("entries", "GET", f"/institutions/{self.institution}/log-entries?limit=200")
        await self._ask("verified", "GET", f"/institutions/{self.institution}/log-verification")
        for place in range(len(listed["items"]) + 1):
            await self._ask("proved", "GET", f"/institutions/{self.institution}/log-proofs/{place}")
        day = self.run.installation.clock.day()
        await self._ask("announced", "POST", "/log/checks", {
            "log_of": self.institution, "sample": 25, "period_from": str(day), "period_until": str(day),
            "commitment": hashlib.sha256(f"{len(self.looks)}".encode()).hexdigest(),
        })
        await self._ask("checks", "GET", f"/log/checks?log_of={self.institution}")
        return [one["entry"]["action"] for one in listed["items"]]

    async def _ask(self, what: str, method: str = "GET", path: str = "", body: Any = None) -> Any:
        path = path or f"/institutions/{self.institution}/log-entries"
        answer = await self.run.send(MUNICIPALITY, method, path, body, role="dpo")
        self.looks.append((what, *self.numbering.answer(path, answer)))
        return answer.json()

    async def _draw_in(self, side: str, who: str) -> Any:
        ends_at = self.run.installation.clock() + timedelta(days=20)
        return await self._send(side, "POST", "/participants", {
            "person_id": str(self.run.person_id(INSTITUTION, who)), "authority_id": self.institution,
            "reason": "Kender ham.", "scope": ["exchange", "information"], "ends_at": ends_at.isoformat(),
            "public_task_confirmed": True,
        })

    async def _note(self, side: str) -> str:
        return str((await self._send(side, "POST", "/information", {"text": "En ting.", "source": "samtale"}))["id"])

    async def _tell(self, side: str, item: str, recipient: str, *, kind: str = "information") -> Any:
        items = [{"kind": kind, "id": item}]
        return await self._send(side, "POST", "/exchanges", {**told(recipients=[recipient]), "items": items})

    async def _send(self, side: str, method: str, below: str, body: Any = None) -> Any:
        answer = await self.run.send(side, method, f"{self.case}{below}", body)
        assert answer.is_success or side == INSTITUTION, answer
        return answer.json()
