"""Background cases: as many as a large infohus has, with random bytes for keys and sealed texts.

They are never read. The cases that are read were recorded through the API, as in the small database; all rows are then
shuffled, so that those cases are scattered among the others.
"""

import asyncio
import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import asyncpg
from installation import Installation, now
from sqlalchemy import Table

from infohus.cases.disclosures.model import Exchange
from infohus.demo.people import DEMO_PEOPLE, ISHOJ, VESTEGNEN
from infohus.kernel.access.keys_model import NO_PERSON, ExchangeKey, SideSecret
from infohus.kernel.access.model import Case, DisclosedKey, Disclosure, Participant, RecordKey
from infohus.kernel.database.marks import EVERYBODY, marks_of
from infohus.kernel.database.row_digests import REVISION
from infohus.kernel.database.statements import table_of
from infohus.kernel.database.tables import Row
from infohus.kernel.sealing.column import WHOLE
from infohus.kernel.sealing.wraps import WRAP_BYTES

PARTIES = ((str(ISHOJ), "gdpr", DEMO_PEOPLE["kommune"]), (str(VESTEGNEN), "led", DEMO_PEOPLE["politi"]))
YEARS = 5
BATCH = 5_000
MODELS: tuple[type[Row], ...] = (
    Case, Participant, Exchange, Disclosure, RecordKey, DisclosedKey, SideSecret, ExchangeKey,
)
"""In the order of their foreign keys."""

Rows = dict[type[Row], list[dict[str, Any]]]


def add_background(installation: Installation, *, cases: int) -> int:
    """Add `cases` cases, each with its tovholdere, keys, one exchange and its grant; give their number."""
    print(f"Adding {cases} background cases …", flush=True)
    asyncio.run(_add(installation, cases))
    return cases


async def _add(installation: Installation, cases: int) -> None:
    connection = await asyncpg.connect(installation.server.superuser_dsn(installation.database))
    try:
        for start in range(0, cases, BATCH):
            rows = _rows(installation.infohus_id, range(start, min(start + BATCH, cases)), now())
            for model in MODELS:
                await _copy(connection, table_of(model), rows[model])
        for model in MODELS:
            await _shuffle(connection, table_of(model))
    finally:
        await connection.close()


async def _copy(connection: "asyncpg.Connection[asyncpg.Record]", table: Table, rows: list[dict[str, Any]]) -> None:
    columns = [column.name for column in table.columns if column.computed is None]
    records = [tuple(({REVISION: 1} | row)[name] for name in columns) for row in rows]
    await connection.copy_records_to_table(table.name, schema_name=table.schema, columns=columns, records=records)


async def _shuffle(connection: "asyncpg.Connection[asyncpg.Record]", table: Table) -> None:
    """Rewrite a table in a random order."""
    first, name = next(iter(table.primary_key)).name, f'{table.schema}."{table.name}"'
    await connection.execute(f"CREATE INDEX shuffled ON {name} (md5({first}::text))")
    await connection.execute(f"CLUSTER {name} USING shuffled")
    await connection.execute(f"DROP INDEX {table.schema}.shuffled")
    await connection.execute(f"VACUUM ANALYZE {name}")


def _rows(infohus_id: UUID, numbers: range, until: datetime) -> Rows:
    rows: Rows = {model: [] for model in MODELS}
    draw = Random(numbers.start)  # noqa: S311 - scatters moments, makes no key
    for number in numbers:
        moment = until - timedelta(days=draw.uniform(1, YEARS * 365))
        case_id, exchange_id = _id_of(moment), _id_of(moment + timedelta(hours=2))
        rows[Case].append({
            "id": case_id, "infohus_id": infohus_id, "number": f"B-{number:06d}", "stage": "received", "version": 1,
            "opened_at": moment, "closed_at": None, "outcome": None, "taken_over_at": None,
        })  # fmt: skip
        rows[Participant].extend(_participants(case_id, moment))
        rows[Exchange].append(_exchange(exchange_id, case_id, moment))
        rows[Disclosure].append({
            "exchange_id": exchange_id, "record_id": exchange_id, "recipient_id": PARTIES[1][0],
            "record_version": 1, "record_kind": "exchange", "case_id": case_id,
            "discloser_id": PARTIES[0][0], "via": [], "withdrawn_at": None,
            "parts": [], "concerns": marks_of(
                [EVERYBODY], exchange_id=exchange_id, record_id=exchange_id, recipient_id=PARTIES[1][0]
            ),
        })  # fmt: skip
        rows[SideSecret].extend(_secrets(case_id))
        rows[ExchangeKey].append(_exchange_key(exchange_id, case_id, infohus_id))
        key = {
            "record_id": exchange_id, "record_version": 1, "part": WHOLE, "case_id": case_id, "key_id": _id_of(now()),
        }  # fmt: skip
        owner, reader = (party[0] for party in PARTIES[:2])
        rows[RecordKey].append(key | {
            "authority_id": owner, "person_id": EVERYBODY, "wrapped_key": os.urandom(WRAP_BYTES),
        })  # fmt: skip
        rows[DisclosedKey].append(key | {
            "exchange_id": exchange_id, "recipient_id": reader, "owner_id": owner, "number": 0,
            "content": os.urandom(32), "wrapped_key": os.urandom(WRAP_BYTES),
        })  # fmt: skip
    return rows


def _participants(case_id: UUID, moment: datetime) -> Iterator[dict[str, Any]]:
    for authority, _, person in PARTIES:
        yield _record(_id_of(moment), case_id, moment) | {
            "person_id": person.person_id, "acts_for": authority, "kind": "coordinator",
            "begins_at": moment, "ends_at": None, "ended_at": None,
        }  # fmt: skip


def _exchange(exchange_id: UUID, case_id: UUID, moment: datetime) -> dict[str, Any]:
    return _record(exchange_id, case_id, moment) | {
        "paragraph": "rpl-115-2", "cooperation_form": "rpl-115-1-1", "purpose": "clearance_check", "channel": "phone",
        "categories": ["ordinary"], "recipients": [PARTIES[1][0]], "exchanged_at": moment, "is_late": False,
        "corrects_id": None, "manifest": os.urandom(32), "necessity": os.urandom(330),
        "proportionality": os.urandom(80), "subsidiarity": os.urandom(80), "strict_necessity": os.urandom(220),
        "summary": os.urandom(390), "answers": os.urandom(720), "answers_key": os.urandom(WRAP_BYTES),
        "declared_not_for_investigation": True, "consent": "not_sought", "consent_reason": None, "is_onward": False,
        "is_acute": None, "was_told_112": None,
        "manifest_salt": os.urandom(110),
        "given_kinds": [], "given_ids": [], "given_versions": [], "given_parts": [],
    }  # fmt: skip


def _record(record_id: UUID, case_id: UUID, moment: datetime) -> dict[str, Any]:
    authority, regime, person = PARTIES[0]
    return {
        "id": record_id, "case_id": case_id, "authority_id": authority, "regime": regime, "record_version": 1,
        "recorded_at": moment, "recorded_by": person.person_id,
    }  # fmt: skip


def _secrets(case_id: UUID) -> Iterator[dict[str, Any]]:
    for authority, _, _ in PARTIES:
        yield {
            "case_id": case_id, "authority_id": authority, "person_id": NO_PERSON, "generation": 1,
            "keeper_key_id": f"{authority}/kek-1", "wrapped_key": os.urandom(WRAP_BYTES),
        }  # fmt: skip


def _exchange_key(exchange_id: UUID, case_id: UUID, infohus_id: UUID) -> dict[str, Any]:
    """Make a key that was taken in."""
    return {
        "exchange_id": exchange_id, "recipient_id": PARTIES[1][0], "number": 0, "case_id": case_id,
        "infohus_id": infohus_id, "discloser_id": PARTIES[0][0], "person_id": NO_PERSON, "generation": 1,
        "rests_on": None, "rests_on_number": None, "sealed": None, "taken_in": os.urandom(WRAP_BYTES),
        "signer_key_id": f"{PARTIES[0][0]}/sign-1", "signature": os.urandom(64),
    }  # fmt: skip


def _id_of(moment: datetime) -> UUID:
    """Make a UUIDv7 of this moment. Source: RFC 9562, section 5.7."""
    milliseconds = int(moment.timestamp() * 1000)
    random = int.from_bytes(os.urandom(10))
    version_and_variant = (0x7 << 76) | (0b10 << 62)
    return UUID(int=(milliseconds << 80) | (random & ~((0xF << 76) | (0b11 << 62))) | version_and_variant)
