"""The rows of keys of some cases in memory, as whoever writes the database holds them, and units that work on them.

The keepers, the vault, the keyring and what an exchange gives are the real ones; PostgreSQL and row security are not
there, so nothing but the keys says no.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import msgspec

from infohus.cases.disclosures.model import Item
from infohus.kernel.access.keys_model import ExchangeKey, KeptKey, SideSecret
from infohus.kernel.access.model import Case, DisclosedKey, RecordKey
from infohus.kernel.audit.formats.entry import Opened, Wrote
from infohus.kernel.database.statements import Stored, column_names_of, insert_of, insert_unless_there_of
from infohus.kernel.database.tables import Record, Row, new_id
from infohus.kernel.identity.caller import Assurance, AuthorityId, AuthorityKind, Caller, Role
from infohus.kernel.sealing.exchange_keys import seed_context
from infohus.kernel.sealing.intake import SUITE
from infohus.kernel.sealing.keepers import FileKeyKeeper
from infohus.kernel.sealing.signatures import Signers
from infohus.kernel.sealing.vault import PublicIntakeKey, Vault
from infohus.kernel.unit_of_work.grants import Grants
from infohus.kernel.unit_of_work.key_store import Statement
from infohus.kernel.unit_of_work.keyring import Keyring
from infohus.kernel.unit_of_work.lookup import ResolvedSubject
from infohus.kernel.unit_of_work.places import sealed_columns_of
from infohus.kernel.unit_of_work.side_keys import SideKeys

MUNICIPALITY, POLICE, PROBATION = "ishoj-kommune", "kbh-vestegns-politi", "kriminalforsorgen"
AUTHORITIES = (MUNICIPALITY, POLICE, PROBATION)
KINDS = {
    MUNICIPALITY: AuthorityKind.MUNICIPALITY, POLICE: AuthorityKind.POLICE, PROBATION: AuthorityKind.PROBATION,
}
INFOHUS = UUID("01890f3e-0000-7000-8000-0000000000b1")
PERSON = UUID("01890f3e-0000-7000-8000-0000000000f1")
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def caller_of(who: str) -> Caller:
    """Give a person of an authority."""
    role = Role.POLICE_COORDINATOR if who == POLICE else Role.MUNICIPAL_COORDINATOR
    return Caller(
        person_id=PERSON, authority_id=AuthorityId(who), authority_kind=KINDS[who], role=role,
        assurance=Assurance.SUBSTANTIAL, authenticated_at=NOW, expires_at=NOW, token_digest=b"a token",
    )


def columns_of(row: Row) -> dict[str, Any]:
    """Give all columns of a row."""
    held = vars(row)  # not by SQLAlchemy's attributes: thousands of swaps ask millions of times
    return {name: held.get(name) for name in column_names_of(type(row))}


@dataclass
class Keepers:
    """The keepers of some authorities, their signers, and a vault over them; `infohus_id` has their intake keys."""

    keeper: FileKeyKeeper
    vault: Vault
    intake_keys: list[PublicIntakeKey]
    intake_secrets: dict[tuple[str, UUID, int], bytes]

    @classmethod
    def made(cls, folder: Path, *, trusting: "Keepers | None" = None, infohus_id: UUID = INFOHUS) -> "Keepers":
        """Make keys in a folder. Those who trust others' signers verify by those, and their own count for nobody."""
        keeper = FileKeyKeeper.create(folder, AUTHORITIES, [])
        signers = (trusting or cls(keeper, None, [], {})).signers()  # type: ignore[arg-type]
        made = cls(keeper, Vault(keeper, signers, lambda: NOW), [], {})
        for who in AUTHORITIES:
            made.add_intake_key(who, infohus_id)
        return made

    def signers(self) -> Signers:
        """Give the public keys of the keepers' signers."""
        return Signers(self.keeper.signer_key(who) for who in AUTHORITIES)

    def add_intake_key(self, who: str, infohus_id: UUID = INFOHUS) -> PublicIntakeKey:
        """Make an authority's next intake key."""
        generation = 1 + sum(key.authority_id == who and key.infohus_id == infohus_id for key in self.intake_keys)
        public, seed = self.keeper.new_intake(who, seed_context(infohus_id, generation))
        unsigned = PublicIntakeKey(who, infohus_id, generation, SUITE, public, "", b"")
        signed = PublicIntakeKey(
            who, infohus_id, generation, SUITE, public, *self.keeper.sign(who, unsigned.statement())
        )
        self.intake_keys.append(signed)
        self.intake_secrets[who, infohus_id, generation] = seed
        return signed


@dataclass
class KeyTables:
    """The rows of `record_key`, `disclosed_key` and of the schema `keys`; each answers what a unit asks."""

    keepers: Keepers
    record_keys: list[RecordKey] = field(default_factory=list)
    disclosed_keys: list[DisclosedKey] = field(default_factory=list)
    secrets: list[SideSecret] = field(default_factory=list)
    exchange_keys: list[ExchangeKey] = field(default_factory=list)
    kept: list[KeptKey] = field(default_factory=list)
    concerns: dict[tuple[UUID, UUID], list[bytes]] = field(default_factory=dict)
    opened: list[Opened] = field(default_factory=list)
    wrote: list[Wrote] = field(default_factory=list)
    intake_keys: list[PublicIntakeKey] | None = None

    def unit(self, who: str, case_id: UUID) -> "KeyUnit":
        """Begin as a unit of an authority does that found the case."""
        return KeyUnit(self, who, case_id)

    async def write(self, record: Record) -> None:
        """Let the record's authority seal it, its columns as texts, and store its keys."""
        unit = await self.unit(record.authority_id, record.case_id).begun()
        made = list(unit.keyring.new(record))
        texts = {name: value for name, value in vars(record).items() if isinstance(value, str)}
        unit.keyring.seal(record, {name: texts[name] for name in sealed_names(record) if name in texts})
        await unit.keyring.wrap_new(_set_wrap)
        self.record_keys += made

    async def disclose(self, record: Record, by: str, *recipients: str, parts: Collection[str] = ()) -> UUID:
        """Let an authority disclose a version, or some parts of it; give the exchange's id."""
        exchange_id, item = new_id(), Item.of(record)
        if parts:
            item = msgspec.structs.replace(item, contents={part: item.contents[part] for part in parts})
        unit = await self.unit(by, record.case_id).begun()
        await unit.grants.give(exchange_id, [item], recipients)
        self.disclosed_keys += [row for row in unit.inserted if isinstance(row, DisclosedKey)]
        await unit.side_keys.commit()
        return exchange_id

    async def take_in(self, who: str, case_id: UUID) -> None:
        """Let an authority take in what was given to it, as its next writing unit does."""
        unit = await self.unit(who, case_id).begun()
        await unit.side_keys.take_in(is_first=False)
        await unit.side_keys.commit()
        await unit.side_keys.store_taken_in()

    # --- what units ask and write ------------------------------------------------------------------------------------
    async def ask(self, sql: str, arguments: Sequence[Any]) -> list[Stored]:
        """Answer a query in the schema `infohus`."""
        ids, who = arguments[:2] if isinstance(arguments[0], list) else arguments[1::-1]
        if "record_key" in sql:
            rows = [
                columns_of(key) | {
                    "owner_id": key.authority_id, "exchange_id": None, "number": None, "content": None,
                    "concerns": None,
                } for key in self.record_keys if key.record_id in ids and key.authority_id == who
            ]
            rows += [
                columns_of(key)
                | {"person_id": None, "concerns": self.concerns.get((key.exchange_id, key.record_id), [])}
                for key in self.disclosed_keys if key.record_id in ids and key.recipient_id == who
            ]
        else:
            rows = [
                columns_of(key) for key in self.disclosed_keys if key.exchange_id in ids and key.recipient_id == who
            ]
        return cast(list[Stored], rows)

    def answer_keys(self, who: str, sql: str, arguments: Sequence[Any]) -> list[dict[str, Any]]:
        """Answer a query in the schema `keys`."""
        if "keys.intake_key" in sql:
            known = self.keepers.intake_keys if self.intake_keys is None else self.intake_keys
            return [{name: getattr(key, name) for name in PublicIntakeKey.__slots__} for key in known]
        if "keys.kept_key" in sql:
            (ids,) = (one for one in arguments if isinstance(one, list))
            return [columns_of(key) for key in self.kept if key.authority_id == who and key.record_id in ids]
        raise AssertionError(sql)

    def read_keys(self, who: str, case_id: UUID) -> dict[str, Any]:
        """Give the row of `key_rows.KEYS` for a case."""
        secrets = [
            (one.person_id, one.generation, one.wrapped_key) for one in self.secrets
            if (one.case_id, one.authority_id) == (case_id, who)
        ]
        seeds = self.keepers.intake_secrets
        given = [
            (*columns_of(key).values(), seeds.get((who, key.infohus_id, key.generation)))
            for key in self.exchange_keys if (key.case_id, key.recipient_id) == (case_id, who)
        ]
        return {"case_id": case_id, "secrets": secrets, "given": given}

    def commit(self, statements: Sequence[Statement]) -> list[str]:
        """Do what a unit writes in the schema `keys`."""
        for sql, arguments in statements:
            if sql == insert_unless_there_of(SideSecret).sql:
                row = SideSecret.of(**dict(zip(insert_unless_there_of(SideSecret).names, arguments, strict=True)))
                names = "case_id", "authority_id", "person_id", "generation"
                if not any(all(vars(one)[name] == vars(row)[name] for name in names) for one in self.secrets):
                    self.secrets.append(row)
            elif sql == insert_of(ExchangeKey).sql:
                self.exchange_keys.append(
                    ExchangeKey.of(**dict(zip(insert_of(ExchangeKey).names, arguments, strict=True)))
                )
            elif sql == insert_of(KeptKey).sql:
                self.kept.append(
                    KeptKey.of(**dict(zip(insert_of(KeptKey).names, arguments, strict=True)))
                )
            else:
                assert sql.startswith("UPDATE keys.exchange_key")
                wrapped = next(one for one in arguments if isinstance(one, bytes))
                name = next(one for one in arguments if isinstance(one, UUID)), [
                    one for one in arguments if isinstance(one, int)
                ][-1]
                for key in self.exchange_keys:
                    if (key.exchange_id, key.number) == name and key.recipient_id in arguments:
                        key.sealed, key.taken_in = None, wrapped
        return ["INSERT 0 1"] * len(statements)


class KeyUnit:
    """What a unit of work does with keys, for one authority in one case."""

    def __init__(self, tables: KeyTables, who: str, case_id: UUID) -> None:
        self.inserted: list[Row] = []

        async def ask_keys(sql: str, arguments: Sequence[Any]) -> list[Stored]:
            return cast(list[Stored], tables.answer_keys(who, sql, arguments))

        async def read_keys(case_id: UUID) -> Stored:
            return cast(Stored, tables.read_keys(who, case_id))

        async def commit(statements: Sequence[Statement]) -> list[str]:
            return tables.commit(statements)

        vault = tables.keepers.vault
        self.side_keys = SideKeys(
            vault, authority_id=who, case_id=case_id, ask=tables.ask, ask_keys=ask_keys,
            read_keys=read_keys, commit=commit, wrote=tables.wrote.append,
        )
        self.keyring = Keyring(
            vault=vault, side_keys=self.side_keys, ask=tables.ask, caller=caller_of(who),
            resolved=ResolvedSubject(case=Case(id=case_id)), opened=tables.opened.append,
            concerns=lambda _: None,
        )
        self.grants = Grants(
            vault=vault, keys=self.keyring, side_keys=self.side_keys, writes=cast(Any, self), ask=tables.ask,
            audit_draft=cast(Any, None), infohus_id=INFOHUS,
        )

    def insert(self, row: Row, *, unless_there: bool) -> None:
        """Stand for the unit's pending writes."""
        assert not unless_there
        self.inserted.append(row)

    async def begun(self) -> "KeyUnit":
        """Read the side's keys, as a unit does meanwhile."""
        await self.side_keys.read()
        return self


def sealed_names(record: Record) -> list[str]:
    """Name the sealed columns of a kind of record."""
    return list(sealed_columns_of(type(record)))


def _set_wrap(row: RecordKey, wrapped: bytes) -> None:
    row.wrapped_key = wrapped


