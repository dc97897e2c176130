"""A whole installation for tests: a migrated database, keys, two issuers, two tovholdere, and a client per person.

`House` is an installation with one infohus. Policies, keys, row security and the log are the real ones; the
application is called in this process instead of over the network.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast
from uuid import UUID, uuid4

import asyncpg
from litestar import Litestar
from litestar.di import Provide
from litestar.testing import AsyncTestClient

from about_nobody import about_nobody, send
from house_keys import Addresses, Furniture, issuer_keys, issuers_with_their_keys, make_intake_keys, make_keys
from house_rows import put_neighbour, put_rows
from infohus.danish.purposes import PURPOSES
from infohus.demo.issuer import DemoIssuers
from infohus.demo.people import DEMO_PEOPLE
from infohus.kernel.audit.formats.entry import Entry, decode
from infohus.kernel.audit.storage.log import log_of
from infohus.kernel.audit.verification.log_rows import verify_database
from infohus.kernel.audit.verification.stored_log import tally_faults_of
from infohus.kernel.sealing.keepers import FileKeyKeeper
from infohus.kernel.unit_of_work.begin import UnitsOfWork
from infohus.settings import Settings
from log_purposes import with_purpose
from one_api import app_of
from stopped_clock import StoppedClock, take_any_moment

MUNICIPALITY, POLICE, PROBATION = "ishoj-kommune", "kbh-vestegns-politi", "kriminalforsorgen"
INSTITUTION = "vaerestedet"
NEIGHBOUR = "nabo-kommune"
MUNICIPAL_LOG, POLICE_LOG = log_of(MUNICIPALITY), log_of(POLICE)
AUTHORITIES = (
    (MUNICIPALITY, "Ishøj Kommune", "municipality", "gdpr", None),
    (POLICE, "Københavns Vestegns Politi", "police", "led", None),
    (PROBATION, "Kriminalforsorgen", "probation", "led", None),
    (INSTITUTION, "Værestedet", "self_governing", "gdpr", "social"),
)
CLEARANCE = {
    "recipients": [POLICE], "purpose": "clearance_check", "categories": ["purely_private"],
    "necessity": "Politiet skal kunne tjekke, om noget hindrer behandling i infohuset.",
    "proportionality": "Kun det, der skal til for tjekket.", "subsidiarity": "Tjekket kan ikke ske anonymt.",
    "consent": "given", "for_criminal_investigation": False,
    "onward_reason": "De følger ham.",
}


def now() -> datetime:
    """Read the clock, aware UTC."""
    return datetime.now(UTC)  # noqa: TID251 - the tests' own clock


def told(by: str = MUNICIPALITY, **more: Any) -> dict[str, Any]:
    """Fill in the § 115 fields of a disclosure by one of the two authorities to the other."""
    other = POLICE if by == MUNICIPALITY else MUNICIPALITY
    return {
        "recipients": [other], "purpose": "screening", "categories": ["purely_private"],
        "necessity": "Nødvendigt for den fælles vurdering.", "proportionality": "Kun det, vurderingen kræver.",
        "subsidiarity": "Formålet kan ikke nås med mindre.",
        "consent": "given", "for_criminal_investigation": False, "onward_reason": "De følger ham.", **more,
    }


@dataclass
class Person:
    """A demo user who is signed in; each call fails the test unless it is answered with the expected status."""

    name: str
    client: AsyncTestClient[Litestar]
    token: str
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def person_id(self) -> UUID:
        """The person's id in the token."""
        return DEMO_PEOPLE[self.name].person_id

    async def call(self, method: str, path: str, **more: Any) -> Any:
        """Send a request with the token and the person's own headers; what reads a log says that it is lawfulness."""
        path = with_purpose(path)
        headers = {"Authorization": f"Bearer {self.token}", **self.headers, **more.pop("headers", {})}
        return await self.client.request(method, path, headers=headers, **more)

    async def get(self, path: str, *, status: int = 200, **more: Any) -> Any:
        """Get JSON, or fail."""
        return await self._expect(await self.call("GET", path, **more), status)

    async def post(self, path: str, body: Any = None, *, status: int = 201, **more: Any) -> Any:
        """Post JSON and get JSON, or fail; where it is asked whom that is about, it is about nobody."""
        ask = about_nobody if status in {200, 201} else send
        return await self._expect(await ask(lambda said: self.call("POST", path, json=said, **more), body), status)

    async def put(self, path: str, body: Any, *, status: int = 200, **more: Any) -> Any:
        """Put JSON and get JSON, or fail."""
        return await self._expect(await self.call("PUT", path, json=body, **more), status)

    async def delete(self, path: str, *, status: int = 200, **more: Any) -> Any:
        """Delete and get JSON, or fail."""
        return await self._expect(await self.call("DELETE", path, **more), status)

    async def _expect(self, response: Any, status: int) -> Any:
        assert response.status_code == status, f"{response.status_code}: {response.text}"
        return response.json() if response.content else None


@dataclass
class House:
    """An installation with one infohus, as the fixture `house` opens it; `superuser` and `verifier` are addresses."""

    app: Litestar
    client: AsyncTestClient[Litestar]
    issuers: DemoIssuers
    infohus_id: UUID
    superuser: str
    verifier: str
    folder: Path
    settings: Settings
    has_written: bool = False  # past the application, so that rows and logs need not agree

    def append_counts(self) -> None:
        """Append to the installation's log what was refused and counted, as the application does every minute."""
        units = cast("Provide", self.app.dependencies["units"]).dependency()
        assert isinstance(units, UnitsOfWork)
        self.client.blocking_portal.call(units.append_refusal_counts)

    def person(self, name: str) -> Person:
        """Give a demo user: kommune, politi, raadgiver, dpo, jurist, admin, politi-dpo."""
        return Person(name, self.client, self.issuers.token(name))

    async def sql(self, statement: str, *values: object) -> list[asyncpg.Record]:
        """Run a statement as the database's superuser, whom row security does not bind."""
        self.has_written |= not statement.lstrip().upper().startswith("SELECT")
        connection = await asyncpg.connect(self.superuser)
        try:
            return await connection.fetch(statement, *values)
        finally:
            await connection.close()

    async def entries(self, log_id: UUID | None = None) -> list[Entry]:
        """Read a log's entries; without one, those of every authority by time, but for sign-ins."""
        if log_id is None:
            return [entry for entry in await self.all_entries() if entry.action != "signIn"]
        rows = await self.sql("SELECT entry FROM audit.leaf WHERE log_id = $1 ORDER BY index", log_id)
        return [decode(row["entry"]) for row in rows]

    async def all_entries(self) -> list[Entry]:
        """Read the entries of every log by time, but for those that were emptied."""
        rows = await self.sql("SELECT entry FROM audit.leaf WHERE entry IS NOT NULL ORDER BY log_id, index")
        return sorted((decode(row["entry"]) for row in rows), key=lambda entry: entry.at)

    async def neighbour(self, *, police_coordinator: UUID) -> "House":
        """Set up a second infohus in the same installation, with another municipality and the same police; give it."""
        infohus_id = uuid4()
        await asyncio.to_thread(FileKeyKeeper.create, self.settings.keys_folder, [], [infohus_id])
        self.has_written = True
        await put_neighbour(self.superuser, infohus_id, {NEIGHBOUR: uuid4(), POLICE: police_coordinator})
        await make_intake_keys(self.superuser, self.folder, infohus_id, [NEIGHBOUR, POLICE])
        return replace(self, infohus_id=infohus_id)

    async def assert_logs_are_whole(self) -> None:
        """Verify every row of each log, and the numbers that entries count their persons by."""
        connection = await asyncpg.connect(self.verifier)
        try:
            for row in await connection.fetch("SELECT id FROM audit.log"):
                verification = await verify_database(connection, row["id"])
                assert verification.is_whole, [str(fault) for fault in verification.faults]
                assert await tally_faults_of(connection, row["id"]) == []
            if not self.has_written:
                without = [one for one in await self.all_entries() if one.caller and one.purpose not in PURPOSES]
                assert without == [], "an entry of somebody's act has no purpose that can be read (rule 57)"
        finally:
            await connection.close()

    async def case(self, *, subjects: list[dict[str, Any]] | None = None, **more: Any) -> "CaseInHand":
        """Let the municipal tovholder record a concern, which opens a case."""
        kommune = self.person("kommune")
        draft = {
            "channel": "phone", "received_at": now().isoformat(), "reporter_kind": "professional",
            "observation": "Han taler om våben i klassen.", "told_reporter": "Vi ser på det sammen med politiet.",
            "subjects": [{"name": "Prøve Prøvesen", "birth_date": "2004-02-01"}] if subjects is None else subjects,
            **more,
        }
        recorded = await kommune.post(f"/infohuse/{self.infohus_id}/concerns", draft)
        return CaseInHand(self, recorded["case_id"], recorded["id"])


@dataclass
class CaseInHand:
    """A case, with methods that bring it to a stage through the API."""

    house: House
    id: str
    concern_id: str

    @property
    def path(self) -> str:
        """The case's address."""
        return f"/cases/{self.id}"

    @property
    def kommune(self) -> Person:
        """The municipal tovholder."""
        return self.house.person("kommune")

    @property
    def politi(self) -> Person:
        """The police tovholder."""
        return self.house.person("politi")

    async def stage(self) -> str:
        """Read the case's stage."""
        stage: str = (await self.kommune.get(self.path))["case"]["stage"]
        return stage

    async def clear(self) -> "CaseInHand":
        """Disclose the concern to the police, who find that nothing hinders."""
        await self.kommune.post(
            f"{self.path}/exchanges", {**CLEARANCE, "items": [{"kind": "concern", "id": self.concern_id}]}
        )
        await self.politi.post(f"{self.path}/clearance-checks", {"outcome": "nothing_hinders"})
        return self

    async def decide(self, path: str, outcome: str, content: Mapping[str, Any], *, purpose: str) -> dict[str, Any]:
        """Propose as the municipality and sign as the police."""
        draft = {"outcome": outcome, "content": content, "disclosure": told(purpose=purpose)}
        proposal = await self.kommune.post(f"{self.path}/{path}", draft)
        signed: dict[str, Any] = await self.politi.post(
            f"{self.path}/{path}/{proposal['id']}/signatures", {"content_hash": proposal["content_hash"]}
        )
        return signed

    async def accept(self) -> "CaseInHand":
        """Bring the case to `accepted`."""
        await self.clear()
        return await self.settle_scope()

    async def settle_scope(self) -> "CaseInHand":
        """Decide that a checked case is within scope."""
        content = {"reasons": "Ekstremisme kan være på spil."}
        await self.decide("scope-decisions", "within", content, purpose="scope_decision")
        return self

    async def qualify(self) -> "CaseInHand":
        """Bring the case to `qualifying`."""
        await self.accept()
        content = {"considered": "Det, begge ved.", "reasons": "Billedet er uklart."}
        await self.decide("screenings", "qualify_further", content, purpose="screening")
        return self

    async def recommend(self) -> "CaseInHand":
        """Bring the case to `acting`."""
        await self.accept()
        content = {"considered": "Det, begge ved.", "reasons": "Der er brug for støtte."}
        await self.decide("screenings", "recommend", content, purpose="screening")
        await self.decide("recommendations", "recommended", {"recommendation": "En mentor."},
                          purpose="recommendation")
        return self

    async def note(self, text: str = "Moren er bekymret.", *, by: str = MUNICIPALITY, **more: Any) -> str:
        """Note an item for one authority; give its id. In a case about several persons it says whom it is `about`."""
        item = await self._of(by).post(f"{self.path}/information", {"text": text, "source": "samtale", **more})
        return str(item["id"])

    async def disclose(self, *items: str, by: str = MUNICIPALITY, **more: Any) -> dict[str, Any]:
        """Disclose items to the other authority."""
        body = {**told(by), "items": [{"kind": "information", "id": one} for one in items], **more}
        exchange: dict[str, Any] = await self._of(by).post(f"{self.path}/exchanges", body)
        return exchange

    def _of(self, authority: str) -> Person:
        return self.kommune if authority == MUNICIPALITY else self.politi

    async def end_measures(self) -> "CaseInHand":
        """Let the responsible authority end each of its measures."""
        measures = await self.house.sql(
            "SELECT id, authority_id FROM infohus.measure m WHERE case_id = $1 AND NOT EXISTS ("
            "  SELECT FROM infohus.follow_up f WHERE f.measure_id = m.id AND f.outcome IS NOT NULL)", UUID(self.id)
        )
        for row in measures:
            path = f"{self.path}/measures/{row['id']}/follow-ups"
            await self._of(row["authority_id"]).post(path, {"text": "Målet er nået.", "outcome": "goal_reached"})
        return self

    async def look_back(self, by: Person) -> dict[str, Any]:
        """Let a tovholder read the earlier concerns and confirm them; give the timeline."""
        path = f"{self.path}/earlier-concerns"
        timeline: dict[str, Any] = await by.get(path)
        await by.post(f"{path}/confirmations", {"shown": timeline["shown"]}, status=200)
        return timeline

    async def close(self, outcome: str = "unfounded") -> "CaseInHand":
        """Close the case, checked and within scope: the municipality proposes and the police sign."""
        stage = (await self.house.sql('SELECT stage FROM infohus."case" WHERE id = $1', UUID(self.id)))[0]["stage"]
        if stage == "received":
            await self.clear()
        if stage in {"received", "cleared"}:
            await self.settle_scope()
        await self.decide("closures", outcome, {"reasons": "Bekymringen har vist sig grundløs."}, purpose="closure")
        return self


async def furnish(database: Addresses, folder: Path, more_keys_of: Iterable[str] = ()) -> Furniture:
    """Insert the rows of an infohus into an empty, migrated database, and make its keys below `folder`."""
    infohus_id = uuid4()
    superuser = database.dsn("superuser")
    tovholdere = [DEMO_PEOPLE[name] for name in ("kommune", "politi")]
    await put_rows(superuser, infohus_id, AUTHORITIES, [(one.authority_id, one.person_id) for one in tovholdere])
    await asyncio.to_thread(make_keys, folder, [*(row[0] for row in AUTHORITIES), NEIGHBOUR, *more_keys_of], infohus_id)
    await make_intake_keys(superuser, folder, infohus_id, [row[0] for row in AUTHORITIES])
    return Furniture(infohus_id, folder)


@asynccontextmanager
async def open_house(
    database: Addresses, folder: Path, *, app_dsn: str | None = None, more_keys_of: Iterable[str] = (),
) -> AsyncIterator[House]:
    """Set up an installation with keys below `folder`, unless `database` is furnished already; start its application.

    The application connects by `app_dsn`, if it is given. Keys are made of `more_keys_of`, too: those of an authority
    that comes later must be there when the application starts, or its signatures do not count.
    """
    furniture = database.furniture
    if furniture is None:
        furniture = await furnish(database, folder, more_keys_of)
    else:
        await asyncio.to_thread(furniture.copy_keys, folder)
    issuers = DemoIssuers(issuer_keys(), now, url="http://127.0.0.1:9")
    (folder / "issuers.toml").write_text(issuers_with_their_keys(issuers, folder), encoding="utf-8")
    settings = Settings(
        database_url=app_dsn or database.dsn("app"), signer_database_url=database.dsn("signer"),
        keys_database_url=database.dsn("keys"), keys_folder=folder / "keys", signers_file=folder / "signers.toml",
        issuers_file=folder / "issuers.toml", log_format="json", pool_size=4, log_check_least_sample=2,
    )
    if isinstance(now, StoppedClock):
        await take_any_moment(database.dsn("superuser"))
    with app_of(settings) as app:
        async with AsyncTestClient(app) as client:
            yield House(
                app, client, issuers, furniture.infohus_id, database.dsn("superuser"), database.dsn("verifier"), folder,
                settings,
            )
