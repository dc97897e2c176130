"""Whoever writes the database swaps and plants keys and texts at random: each is refused before it opens or discloses.

10,000 swaps and 1,000 plants, of a few seconds; the seed is printed by the assertion that fails.
"""

import itertools
import os
from collections.abc import Callable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any, cast
from uuid import UUID

import pytest

from infohus import errors
from infohus.cases.disclosures.model import Exchange
from infohus.casework.concerns.model import Concern
from infohus.casework.scope_decisions.model import ScopeDecision
from infohus.kernel.access.model import Case, DisclosedKey, RecordKey
from infohus.kernel.database.statements import Stored, column_names_of
from infohus.kernel.database.tables import Record, new_id
from infohus.kernel.identity.caller import Assurance, AuthorityId, AuthorityKind, Caller, Role
from infohus.kernel.sealing.envelope import CannotOpen
from infohus.kernel.sealing.keepers import FileKeyKeeper
from infohus.kernel.sealing.vault import Vault
from infohus.kernel.unit_of_work.keyring import Keyring
from infohus.kernel.unit_of_work.lookup import Party, ResolvedSubject
from infohus.kernel.unit_of_work.places import sealed_columns_of

MUNICIPALITY, POLICE, PROBATION = "ishoj-kommune", "kbh-vestegns-politi", "kriminalforsorgen"
AUTHORITIES = (MUNICIPALITY, POLICE, PROBATION)
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SWAPS, PLANTS = 10_000, 1_000
SEED = int.from_bytes(os.urandom(4))
KeyRow = RecordKey | DisclosedKey


@dataclass
class Stolen:
    """A database as its writer holds it: records of two cases, their versions, and every wrap of their keys."""

    vault: Vault
    records: list[Record] = field(default_factory=list)
    keys: list[KeyRow] = field(default_factory=list)
    case_keys: dict[tuple[UUID, str], bytes] = field(default_factory=dict)

    @classmethod
    def filled(cls, vault: Vault) -> "Stolen":
        """Fill two cases: in each the two tovholdere write records, versions of them, and exchanges."""
        stolen = cls(vault)
        for case_id in (new_id(), new_id()):
            for who in AUTHORITIES:
                stolen.case_keys[case_id, who] = vault.new_case_key(case_id, who)
            for owner, other in itertools.permutations((MUNICIPALITY, POLICE)):
                for _ in range(2):
                    stolen._write(case_id, owner, [[other, PROBATION]])
                    stolen._write(case_id, owner, [[other], [PROBATION], [other, PROBATION]], model=ScopeDecision)
                    stolen._write(case_id, owner, [[other]], model=Exchange)
        return stolen

    def _write(self, case_id: UUID, owner: str, told: list[list[str]], *, model: type[Record] = Concern) -> None:
        record_id = new_id()
        for version, recipients in enumerate(told, start=1):
            record = model.of(id=record_id, case_id=case_id, authority_id=owner, record_version=version)
            keyring = self.keyring(case_id, owner)
            self.keys += keyring.new(record)
            keyring.seal(record, {column: f"{record_id} {version} {column}" for column in sealed_columns_of(model)})
            self.records.append(record)
            for recipient in recipients:
                self.keys += keyring.wraps_for(recipient, (record_id, version), owner_id=owner, exchange_id=new_id())

    def keyring(self, case_id: UUID, who: str, *, rows: Sequence[KeyRow] = ()) -> Keyring:
        """Begin as a unit of an authority does, on these rows of keys."""
        async def ask(_: str, arguments: Sequence[Any]) -> list[Stored]:
            found = [_columns(key) for key in rows if key.record_id in arguments[0] and _reader(key) == who]
            return cast(list[Stored], found)

        held = {each: self.case_keys[case_id, each] for each in AUTHORITIES}
        parties = {each: Party(AuthorityKind.MUNICIPALITY, key) for each, key in held.items()}
        resolved = ResolvedSubject(case=Case(id=case_id), parties=parties, case_key=held[who])
        return Keyring(self.vault, ask, _caller(who), resolved, opened=lambda _: None)

    def record_of(self, key: KeyRow) -> Record:
        """Give the version that a row of keys belongs to."""
        return next(
            one for one in self.records if (one.id, one.record_version) == (key.record_id, key.record_version)
        )

    async def opens(self, key: KeyRow, record: Record) -> bool:
        """Let the row's reader open the version, and disclose it on; say whether either gave anything."""
        version = (record.id, record.record_version)
        keyring = self.keyring(record.case_id, _reader(key), rows=[key])
        opened: object = None
        try:
            await keyring.bring([version])
            opened = keyring.open(record)
        except (errors.NotAvailable, CannotOpen):
            pass
        if isinstance(opened, dict):
            return bool(opened)
        try:
            return bool(list(keyring.wraps_for(PROBATION, version, owner_id=record.authority_id, exchange_id=new_id())))
        except KeyError:
            return False


def _caller(who: str) -> Caller:
    return Caller(
        person_id=UUID(int=1), authority_id=AuthorityId(who), authority_kind=AuthorityKind.MUNICIPALITY,
        role=Role.MUNICIPAL_COORDINATOR, assurance=Assurance.SUBSTANTIAL, authenticated_at=NOW, expires_at=NOW,
        token_digest=b"a token",
    )


def _reader(key: KeyRow) -> str:
    return key.recipient_id if isinstance(key, DisclosedKey) else key.authority_id


def _columns(key: KeyRow) -> dict[str, Any]:
    columns = {name: getattr(key, name) for name in column_names_of(type(key))}
    return {"owner_id": key.authority_id, "exchange_id": None, **columns} if isinstance(key, RecordKey) else columns


def _changed(row: KeyRow, **columns: object) -> KeyRow:
    changed = copy(row)
    vars(changed).update(columns)
    return changed


@pytest.fixture(scope="module")
def stolen(tmp_path_factory: pytest.TempPathFactory) -> Stolen:
    folder = tmp_path_factory.mktemp("swaps") / "keys"
    return Stolen.filled(Vault(FileKeyKeeper.create(folder, AUTHORITIES, []), lambda: NOW))


SWAPPED: dict[str, Callable[[KeyRow, KeyRow], KeyRow]] = {
    "wrap bytes alone": lambda row, other: _changed(row, wrapped_key=other.wrapped_key),
    "wrap and key id": lambda row, other: _changed(row, wrapped_key=other.wrapped_key, key_id=other.key_id),
    "key id": lambda row, other: _changed(row, key_id=other.key_id),
    "record": lambda row, other: _changed(other, record_id=row.record_id, record_version=row.record_version),
    "version": lambda row, other: _changed(
        row, wrapped_key=other.wrapped_key, key_id=other.key_id, record_version=row.record_version
    ),
    "part": lambda row, other: _changed(row, wrapped_key=other.wrapped_key, key_id=other.key_id, part=other.part),
    "exchange": lambda row, _: _changed(row, exchange_id=new_id()),
    "owner": lambda row, _: _changed(row, owner_id=_another(getattr(row, "owner_id", MUNICIPALITY))),
    "recipient": lambda row, _: _to_another(row),
}


def _another(authority: str) -> str:
    return AUTHORITIES[(AUTHORITIES.index(authority) + 1) % len(AUTHORITIES)]


def _to_another(row: KeyRow) -> KeyRow:
    """Give another authority the very row of one."""
    columns = {name: value for name, value in _columns(row).items() if name != "authority_id"}
    reader = _another(_reader(row))
    return DisclosedKey.of(**{**columns, "recipient_id": reader, "exchange_id": columns["exchange_id"] or new_id()})


def swaps(stolen: Stolen, random: Random) -> Iterator[tuple[str, KeyRow, Record]]:
    """Draw a swap: what was swapped, the row as it then stands, and the version it claims to open."""
    names = list(SWAPPED)
    there_already = [_columns(key) for key in stolen.keys]
    while True:
        row, other = random.sample(stolen.keys, 2)
        name = random.choice(names)
        if name in {"exchange", "owner"} and isinstance(row, RecordKey):
            continue
        swapped = SWAPPED[name](row, other)
        if _columns(swapped) not in there_already:
            yield name, swapped, stolen.record_of(row)


@pytest.mark.rule(44)
@pytest.mark.rule(88)
class WhenWhoeverWritesTheDatabaseSwaps:
    async def test_every_row_opens_where_it_belongs(self, stolen: Stolen) -> None:
        # Whoever sees only refusals has proved nothing: untouched, each row opens.
        assert len(stolen.keys) > 100
        assert all([await stolen.opens(key, stolen.record_of(key)) for key in stolen.keys])

    async def test_no_swapped_key_opens_or_discloses_anything(self, stolen: Stolen) -> None:
        random = Random(SEED)
        seen = dict.fromkeys(SWAPPED, 0)
        for name, row, record in itertools.islice(swaps(stolen, random), SWAPS):
            seen[name] += 1
            assert not await stolen.opens(row, record), f"{name}, seed {SEED}: {_columns(row)}"
        assert min(seen.values()) > SWAPS / 50

    async def test_no_swapped_text_opens(self, stolen: Stolen) -> None:
        random = Random(SEED)
        texts = [(record, column) for record in stolen.records for column in sealed_columns_of(type(record))]
        for _ in range(SWAPS // 10):
            (record, column), (other, taken) = random.sample(texts, 2)
            moved = copy(record)
            vars(moved)[column] = getattr(other, taken)
            keyring = stolen.keyring(record.case_id, record.authority_id, rows=stolen.keys)
            await keyring.bring([(record.id, record.record_version)])
            with pytest.raises(CannotOpen):
                keyring.open(moved)


@pytest.mark.rule(44)
class WhenWhoeverWritesTheDatabasePlants:
    async def test_no_key_of_theirs_opens_or_discloses_anything(self, stolen: Stolen, tmp_path: Path) -> None:
        random = Random(SEED)
        theirs = Vault(FileKeyKeeper.create(tmp_path / "keys", AUTHORITIES, []), lambda: NOW)
        for _ in range(PLANTS):
            row = random.choice(stolen.keys)
            record, reader = stolen.record_of(row), random.choice(AUTHORITIES)
            planted = Stolen(theirs, case_keys={(record.case_id, who): theirs.new_case_key(record.case_id, who)
                                                for who in AUTHORITIES})  # fmt: skip
            mine = copy(record)
            maker = planted.keyring(record.case_id, reader)
            keys: list[KeyRow] = list(maker.new(mine))
            keys += maker.wraps_for(
                _another(reader), (record.id, record.record_version), owner_id=record.authority_id, exchange_id=new_id()
            )
            forged = random.choice([*keys, _changed(row, wrapped_key=os.urandom(60))])
            # Beside the authority's own case key, and beside one that was planted with it.
            for case_keys in (stolen.case_keys, {**stolen.case_keys, **planted.case_keys}):
                victim = Stolen(stolen.vault, records=stolen.records, case_keys=case_keys)
                for version in (record, mine):
                    assert not await victim.opens(forged, version), f"seed {SEED}"
