"""The attacked log with its archive, its signer and three witnesses; made anew for each run, in milliseconds."""

import random
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import asyncpg
import httpx
from litestar import Litestar

from infohus.clock import now
from infohus.kernel.audit.formats.checkpoint import Checkpoint, SigningKey
from infohus.kernel.audit.formats.entry import Entry, Outcome, Track, decode, encode
from infohus.kernel.audit.formats.merkle import Frontier, leaf_hash
from infohus.kernel.audit.signing.signer import Signer
from infohus.kernel.audit.storage.archive import holding
from infohus.kernel.audit.storage.checkpoint_store import CheckpointStore
from infohus.kernel.audit.storage.log import APPEND
from infohus.kernel.audit.verification.tally import NOTHING, Tallies, core_hash, extend_chain
from infohus.kernel.audit.witness.cosigning import Witnesses, WitnessPolicy
from infohus.kernel.audit.witness.server import create_witness_app
from infohus.kernel.audit.witness.witness import Witness

LOG, ORIGIN = UUID(int=11), "infohus.attack/log"
KEY = SigningKey(b"attack-log-signing-key-invented!")
NAMES = ("kommune.example", "politi.example", "dpo.example")
LONGEST, SHORTEST = 300, 40
PERSONS = 7
AT = datetime(2026, 11, 23, 12, tzinfo=UTC)

Leaf = tuple[bytes, bytes]
"""An entry's bytes, and the hashes that its row stores."""


def person(number: int) -> str:
    """Write one of seven persons' log ids."""
    return f"person-{number % PERSONS}".ljust(22, "_")


def entry(number: int, text: str = "read", *, at: datetime = AT) -> bytes:
    """Make an entry of about the usual size, on one of seven persons, as the application writes it."""
    return encode(Entry(
        at=at, log=LOG, caller=UUID(int=number), authority="kommune", role=None, assurance=None, action=text,
        subject_kind="case", subject=None, case=UUID(int=number), outcome=Outcome.ALLOWED, reason=None, policies=[],
        policy_set="", justification="x" * 100, purpose=None, recipients=[], persons=[person(number)], opened=[],
        wrote=[], correlation="", nonce=str(number),
    ))


def counted(entries: list[bytes]) -> list[bytes]:
    """Add to each entry on a person its tally, as `audit.append` does."""
    tallies, with_tallies = Tallies(), list[bytes]()
    for core in entries:
        persons = decode(core).persons
        if not persons:
            with_tallies.append(core)
            continue
        (whom,) = persons
        number, chain = tallies.so_far.get(("kommune", whom, Track.ORDINARY), (0, NOTHING))
        tally = b',"tally":[[%d,"%s"]]}' % (number + 1, extend_chain(chain, core_hash(core)).hex().encode())
        with_tallies.append(core[:-1] + tally)
        tallies.see(with_tallies[-1])
    return with_tallies


def tree(entries: list[bytes]) -> tuple[list[Leaf], Frontier]:
    """Compute the rows and the frontier of a log with these entries, each with its tally."""
    frontier = Frontier()
    return [(one, frontier.append(leaf_hash(one))) for one in counted(entries)], frontier


@dataclass
class Run:
    """One log to attack: `size` entries, the first `signed` of them cosigned; `earlier` are other cosigned sizes."""

    dice: random.Random
    size: int
    signed: int
    earlier: list[int]
    entries: list[bytes]
    folder: Path
    signer: Signer

    def place(self) -> int:
        """Draw an index among the signed entries."""
        return self.dice.randrange(self.signed)


class AttackedLog:
    """One database in which each run makes its log anew."""

    def __init__(
        self, *, app: asyncpg.Connection, signing: asyncpg.Connection, superuser: asyncpg.Connection,
        verifier: asyncpg.Connection, folder: Path,
    ) -> None:
        """Append over `app`, sign over `signing`, attack over `superuser`; keep the stores in `folder`."""
        self.app, self.signing, self.superuser, self.verifier = app, signing, superuser, verifier
        self.folder = folder
        self._entries = [entry(number) for number in range(LONGEST)]
        self._leaves, _ = tree(self._entries)
        self._servers: dict[str, Litestar] = {}
        self._definition = ""
        self.after = 0

    async def prepare(self) -> None:
        """Make the log, and keep the shipped definition of `audit.append`."""
        await self.superuser.execute("SELECT audit.open_log($1, $2, 'kommune')", LOG, ORIGIN)
        await self.app.execute("SELECT set_config('infohus.authority', 'kommune', false)")
        self._definition = await self.superuser.fetchval(
            "SELECT pg_get_functiondef('audit.append(uuid, bytea[])'::regprocedure)"
        )

    async def make(self, dice: random.Random) -> Run:
        """Make a log of a random size, signed four times, and each time cosigned by all three witnesses."""
        size = dice.randrange(SHORTEST, LONGEST + 1)
        signed = size - dice.randrange(6)
        earlier = sorted(dice.sample(range(1, signed), 3))
        shutil.rmtree(self.folder, ignore_errors=True)
        self._servers.clear()
        await self.put_append_back()
        await self.superuser.execute("ALTER TABLE audit.leaf ENABLE TRIGGER leaf_is_only_emptied")
        await self.superuser.execute("DROP POLICY IF EXISTS hiding ON audit.checkpoint")
        await self.write(self._leaves[:size])
        await self.superuser.execute("SET session_replication_role = replica")
        await self.superuser.execute("DELETE FROM audit.cosignature")
        await self.superuser.execute("DELETE FROM audit.checkpoint")
        await self.superuser.execute("SET session_replication_role = origin")
        for one in (*earlier, signed):
            await self.sign(one)
        run = Run(dice, size, signed, earlier, self._entries[:size], self.folder, self.signer())
        run.signer.acknowledged.begin_at(LOG, size)
        return run

    async def replace_append(self, body: str) -> None:
        """Give audit.append another body; the shipped function becomes audit.append_truly."""
        await self.superuser.execute(self._definition.replace("audit.append(", "audit.append_truly(", 1))
        await self.superuser.execute(
            "CREATE OR REPLACE FUNCTION audit.append(to_log uuid, VARIADIC new_entries bytea[]) RETURNS bigint"
            f" LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$ {body} $$"
        )

    async def put_append_back(self) -> None:
        """Restore the shipped audit.append."""
        await self.superuser.execute(self._definition)
        await self.superuser.execute("DROP FUNCTION IF EXISTS audit.append_truly")

    async def write(self, leaves: list[Leaf]) -> None:
        """Replace all rows, the frontier and the tallies by those of these leaves, as only a superuser can."""
        frontier, tallies = Frontier(), Tallies()
        for entry_bytes, _ in leaves:
            frontier.append(leaf_hash(entry_bytes))
            tallies.see(entry_bytes)
        await self.superuser.execute("SET session_replication_role = replica")
        await self.superuser.execute("DELETE FROM audit.leaf")
        await self.superuser.execute("DELETE FROM audit.tally")
        await self.superuser.copy_records_to_table(
            "leaf", schema_name="audit", columns=("log_id", "index", "entry", "hashes"),
            records=[(LOG, index, *leaf) for index, leaf in enumerate(leaves)],
        )  # fmt: skip
        await self.superuser.copy_records_to_table(
            "tally", schema_name="audit", columns=("log_id", "authority", "person", "track", "entries", "chain"),
            records=[(LOG, *key, *tally) for key, tally in tallies.so_far.items()],
        )  # fmt: skip
        await self.superuser.execute(
            "UPDATE audit.frontier SET size = $1, hashes = $2", frontier.size, frontier.stored
        )
        await self.superuser.execute("SET session_replication_role = origin")

    async def sign(self, size: int) -> None:
        """Sign the log of the first `size` entries, archive the checkpoint, and have it cosigned."""
        frontier = tree(self._entries[:size])[1]
        checkpoint = Checkpoint(ORIGIN, size, frontier.root())
        note = KEY.sign(checkpoint)
        CheckpointStore(self.folder / "signed").remember(ORIGIN, note)
        await self.superuser.execute("SELECT audit.keep_checkpoint($1, $2, $3, $4)", LOG, size, note, AT)
        for name in NAMES:
            key = SigningKey(name[:1].encode() * 32)
            CheckpointStore(self.folder / name).remember(ORIGIN, note)
            witness = self.witness(name)
            answer = witness.add(f"old {size}\n\n{note}".encode())
            (line,) = holding(note + answer, [witness.verifier])
            assert key.verifier(name).public == witness.verifier.public  # noqa: S101 - the same key
            await self.superuser.execute("SELECT audit.keep_cosignature($1, $2, $3)", LOG, size, line.line)

    def witness(self, name: str) -> Witness:
        """Make a witness on its checkpoint store."""
        key = SigningKey(name[:1].encode() * 32)
        return Witness(key, name=name, folder=self.folder / name, logs=[KEY.verifier(ORIGIN)], clock=lambda: AT)

    def signer(self) -> Signer:
        """Make the service's signer on its checkpoint store."""
        return Signer(KEY, CheckpointStore(self.folder / "signed"), witnesses=self.witnesses(), clock=lambda: AT)

    def witnesses(self) -> Witnesses:
        """Make what asks the three witnesses; two of them must cosign."""
        keys = tuple(self.witness(name).verifier for name in NAMES)
        policy = WitnessPolicy(2, keys, tuple(f"http://{name}" for name in NAMES))
        return Witnesses(policy, self._send, lambda: AT)

    async def append(self, count: int, signer: Signer) -> None:
        """Append as the application does, and note each acknowledged entry with the signer."""
        for _ in range(count):
            self.after += 1
            after = entry(LONGEST + self.after, "after", at=now())
            await self.app.execute(APPEND, LOG, after)
            signer.acknowledged.add(LOG, after)

    async def _send(self, url: str, body: bytes) -> tuple[int, str]:
        name = httpx.URL(url).host
        server = self._servers.setdefault(name, create_witness_app(self.witness(name)))
        transport = httpx.ASGITransport(server)  # type: ignore[arg-type] - Litestar's own narrower types
        async with httpx.AsyncClient(transport=transport) as client:
            answer = await client.post(url, content=body)
        return answer.status_code, answer.text
