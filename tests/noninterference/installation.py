"""One installation for many histories: each run of one gets an infohus, its authorities and their people of its own.

So nothing of one run can reach another but through what is wrong, and the set-up costs milliseconds. The application is
called in this process, without a client's own work.
"""

import asyncio
import json
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any
from uuid import UUID, uuid4

import asyncpg
from litestar import Litestar

import house
from house import House
from house_keys import issuer_keys
from house_rows import origin_of
from infohus.clock import now
from infohus.kernel.access.intake_keys import store_intake_keys
from infohus.kernel.audit.storage.log import log_of
from infohus.kernel.identity.caller import AuthorityKind, Role
from infohus.kernel.identity.tokens import sign_token
from infohus.kernel.sealing.keepers import FileKeyKeeper
from infohus.kernel.sealing.signatures import Signers
from log_purposes import with_purpose
from noninterference.shuffling import SHUFFLED_BY
from stopped_clock import StoppedClock

MUNICIPALITY, POLICE = "municipality", "police"
SIDES = (MUNICIPALITY, POLICE)
INSTITUTION = "institution"
"""A self-governing institution that is drawn in: it has a side, sees what it was told, and does what it may."""
PARTIES = (*SIDES, INSTITUTION)
THIRDS = (house.PROBATION, INSTITUTION)
"""Who can be drawn in; nobody of the first is asked what they see, and all runs share it."""
PET = "pet"
"""The security service, which asks and takes no part."""
_LONGEST_HISTORY = 60
LONGEST_TOKEN_SECONDS = 12 * 60 * 60
ROLES = {
    "dpo": Role.DATA_PROTECTION_OFFICER, "legal": Role.LEGAL, "guest": Role.INVITED_PROFESSIONAL,
    "admin": Role.ADMINISTRATOR,
}
_PEOPLE = ("tovholder", *ROLES, "third")
CASEWORKERS = {
    MUNICIPALITY: Role.MUNICIPAL_COORDINATOR, POLICE: Role.POLICE_COORDINATOR, INSTITUTION: Role.INVITED_PROFESSIONAL,
}
"""What a party's "tovholder" is."""
KINDS = {
    MUNICIPALITY: AuthorityKind.MUNICIPALITY, POLICE: AuthorityKind.POLICE, INSTITUTION: AuthorityKind.SELF_GOVERNING,
}
_ROWS = {
    MUNICIPALITY: ("Ishøj Kommune", "gdpr", None), POLICE: ("Københavns Vestegns Politi", "led", None),
    INSTITUTION: ("Værestedet", "gdpr", "social"),
}
"""Name, regime and sector."""
_NAMES = {MUNICIPALITY: "kommune", POLICE: "politi", INSTITUTION: "vaerested"}
ISSUERS = {MUNICIPALITY: "kommune", POLICE: "politi", INSTITUTION: "kommune"}
"""Whose keys each party's issuer has."""


def other(side: str) -> str:
    """Give the other side; to the institution that is the municipality."""
    return POLICE if side == MUNICIPALITY else MUNICIPALITY


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request was answered with."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def is_success(self) -> bool:
        """Say whether it was done."""
        return self.status < 300

    def json(self) -> Any:
        """Read the body; `None` where it is no JSON."""
        kind = dict(self.headers).get("content-type", "")
        return json.loads(self.body) if "json" in kind and self.body else None


@dataclass
class Installation:
    """An application with many issuers, each of an authority that a run may use; `sequence` numbers the cases."""

    house: House
    clock: StoppedClock
    connection: "asyncpg.Connection[asyncpg.Record]"
    signers: Signers
    """Whose signatures count: thousands, so they are read once and not for each run."""
    places: int
    used: int = 0
    alterations: list["Alteration"] = field(default_factory=list)
    """What changes answers before they are given out, for leaks that are put in on purpose."""
    altering: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while an answer is altered: both runs are looked at side by side, and share the connection."""

    @property
    def app(self) -> Litestar:
        """The application."""
        return self.house.app

    @property
    def is_used_up(self) -> bool:
        """Say whether there may be no place for one more history; each act that is struck takes two places more."""
        return self.used + _LONGEST_HISTORY > self.places

    async def run(self) -> "Run":
        """Make an infohus with authorities that nobody else has, and their people."""
        place, self.used = self.used, self.used + 1
        run = Run(self, place, uuid4(), {one: authority_id(one, place) for one in PARTIES})
        FileKeyKeeper.create(self.house.settings.keys_folder, [], [run.infohus_id])
        await self.connection.executemany("INSERT INTO infohus.authority VALUES ($1, $2, $3, $4, $5)", [
            (authority, _ROWS[one][0], KINDS[one].value, *_ROWS[one][1:]) for one, authority in run.authorities.items()
        ])
        await self.connection.execute(
            "INSERT INTO infohus.infohus VALUES ($1, $2, $3, $4, 'rpl-115-1-1')", run.infohus_id,
            f"Infohus {run.mark}", run.authorities[MUNICIPALITY], run.authorities[POLICE],
        )
        await self.connection.executemany(
            "INSERT INTO infohus.infohus_authority VALUES ($1, $2)",
            [(run.infohus_id, authority) for authority in (*run.authorities.values(), house.PROBATION, PET)],
        )
        await self.connection.executemany("INSERT INTO infohus.coordinator VALUES ($1, $2, $3)", [
            (run.infohus_id, run.authorities[side], run.person_id(side, "tovholder")) for side in SIDES
        ])
        await self.connection.executemany("SELECT audit.open_log($1, $2, $3)", [
            (log_of(authority), origin_of(authority), authority) for authority in run.authorities.values()
        ])
        taking_part = [*run.authorities.values(), house.PROBATION]
        async with self.connection.transaction():
            await store_intake_keys(
                self.connection, FileKeyKeeper(self.house.settings.keys_folder), self.signers,
                infohus_id=run.infohus_id, authority_ids=taking_part, at=now(),
            )
        return run

    async def call(
        self, method: str, path: str, *, token: str | None = None, body: Any = None, headers: Mapping[str, str]
    ) -> Answer:
        """Send a request to the application.

        Raises:
            RequestFailed: it answers that it has failed, or that it cannot answer at present.
        """
        content = b"" if body is None else json.dumps(body).encode()
        raw = [(b"host", b"infohus.test"), *((name.encode(), value.encode()) for name, value in headers.items())]
        if token is not None:
            raw.append((b"authorization", f"Bearer {token}".encode()))
        if body is not None:
            raw += [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
        address, _, query = path.partition("?")
        scope: Any = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "https",
            "path": address, "raw_path": address.encode(), "query_string": query.encode(), "root_path": "",
            "headers": raw, "client": ("127.0.0.1", 1), "server": ("infohus.test", 443), "state": {},
        }
        sent: list[Any] = []

        requests = iter([{"type": "http.request", "body": content, "more_body": False}])
        over = asyncio.Event()

        async def receive() -> Any:
            for request in requests:
                return request
            await over.wait()  # what is given piece by piece waits meanwhile for the client to go
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)
            if message["type"] == "http.response.body" and not message.get("more_body"):
                over.set()

        await self.app(scope, receive, send)
        start, *parts = sent
        answer = Answer(
            start["status"], tuple((name.decode().lower(), value.decode()) for name, value in start["headers"]),
            b"".join(part.get("body", b"") for part in parts),
        )
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            message = f"{method} {path} is answered {answer.status}: {answer.body.decode('utf-8', 'replace')}"
            raise RequestFailed(message)
        return answer


@dataclass
class Run:
    """One play of a history: its infohus, who is who, what was made, and the answers of the act that is played."""

    installation: Installation
    place: int
    infohus_id: UUID
    authorities: dict[str, str]
    people: dict[tuple[str, str], UUID] = field(default_factory=dict)
    made: dict[int, Any] = field(default_factory=dict)
    """What each act, by its number, was answered with when it made something."""
    answers: list[tuple[str, Answer]] = field(default_factory=list)
    third: str = house.PROBATION
    shuffled_by: random.Random | None = None
    """What draws the order of rows where a statement leaves it open, for nothing that is answered may show it."""
    _tokens: dict[tuple[str, str], tuple[datetime, str]] = field(default_factory=dict)
    _unknown: dict[object, str] = field(default_factory=dict)

    @property
    def mark(self) -> str:
        """Give the sign that tells this run's names from another's; all are equally long."""
        return _mark(self.place)

    def person_id(self, side: str, role: str) -> UUID:
        """Give the id of one of a side's people; ids are in the same order in every run, and so are lists by them."""
        place = PARTIES.index(side) * len(_PEOPLE) + _PEOPLE.index(role)
        return self.people.setdefault((side, role), UUID(bytes=bytes([place]) + uuid4().bytes[1:]))

    def drawn_in_by(self, side: str) -> UUID:
        """Give the id of whom of the third authority a side draws in: each another, of the institution the same."""
        if self.third == self.authorities[INSTITUTION]:
            return self.person_id(INSTITUTION, "tovholder")
        return self.person_id(side, "third")

    def unknown(self, what: object) -> str:
        """Give the id of nothing, the same one for the same `what`."""
        return self._unknown.setdefault(what, str(uuid4()))

    def remember(self, number: int, path: str, answer: Answer) -> None:
        """Keep what an act made; an assessment has its id and hash one level further down."""
        made = answer.json()
        if not isinstance(made, dict):
            made = {}
        inner = made.get("decision")
        self.made[number] = {**made, **(inner if isinstance(inner, dict) else {}), "_path": path}

    def made_by(self, number: int | None) -> Any:
        """Give what an act made.

        Raises:
            NothingThere: it made nothing.
        """
        if number is None or number not in self.made:
            raise NothingThere
        return self.made[number]

    async def send(
        self, side: str, method: str, path: str, body: Any = None, *, role: str = "tovholder",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send a request as one of a side's people, and keep the answer; what reads a log says what for."""
        path = with_purpose(path)
        SHUFFLED_BY.set(self.shuffled_by)
        answer = await self.installation.call(
            method, path, token=self.token(side, role), body=body, headers=headers or {}
        )
        for alter in self.installation.alterations:
            async with self.installation.altering:
                answer = await alter(self, f"{method} {path}", answer)
        self.answers.append((f"{method} {path}", answer))
        return answer

    def token(self, side: str, role: str, *, again: bool = False) -> str:
        """Give a token that holds at the present time of the clock."""
        now = self.installation.clock()
        minted = self._tokens.get((side, role))
        if minted is None or again or not minted[0] <= now < minted[0] + timedelta(hours=10):
            minted = self._tokens[side, role] = (now, self._minted(side, role, int(now.timestamp())))
        return minted[1]

    def _minted(self, side: str, role: str, now: int) -> str:
        name = ISSUERS[side]
        key = issuer_keys()[name]
        claims = {
            "iss": address_of(side, self.place), "sub": str(self.person_id(side, role)), "aud": "infohus", "iat": now,
            "nbf": now, "exp": now + LONGEST_TOKEN_SECONDS, "auth_time": now, "jti": str(uuid4()), "loa": "High",
            "role": ROLES.get(role, CASEWORKERS[side]).value, "name": f"{role} {side}",
        }
        return sign_token(key.private_pem, claims, kid=key.kid)


Alteration = Callable[[Run, str, Answer], Awaitable[Answer]]


class RequestFailed(AssertionError):  # noqa: N818 - names the situation
    """The service failed: two runs that both fail show each other nothing, so that no leak behind it would be seen."""


class NothingThere(Exception):  # noqa: N818 - names the situation
    """An act is on something that an earlier act did not make."""


def authority_id(side: str, place: int) -> str:
    """Name the authority of a side in one run; all names have the same length."""
    return f"{_NAMES[side]}-{_mark(place)}"


def _mark(place: int) -> str:
    return f"nr{place:05}"


def address_of(side: str, place: int) -> str:
    return f"http://127.0.0.1:9/{authority_id(side, place)}"
