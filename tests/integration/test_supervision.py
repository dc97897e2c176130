"""Tilsyn: exchanges without content, the log checked and proved without trusting us, its readers in it too."""

import base64
import io
import tarfile
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest

from house import CLEARANCE, MUNICIPAL_LOG, CaseInHand, House, told
from infohus.kernel.audit.formats.checkpoint import NotACheckpoint, SigningKey, VerifierKey
from infohus.kernel.audit.formats.entry import decode
from infohus.kernel.audit.formats.merkle import ProofDoesNotHold
from infohus.kernel.audit.formats.tiles import bundle_of, entries_in
from infohus.kernel.audit.storage.export import NotAnExport, check_proof, unpack
from infohus.kernel.audit.verification.exported_log import verify_export
from older_cases import as_old_as

SECRET = "Kun for de to tovholdere."


async def with_exchanges(house: House) -> CaseInHand:
    """Record a case with exchanges of either side, late and in time."""
    case = await as_old_as(await (await house.case()).clear(), 1000)
    await case.kommune.post(f"{case.path}/exchanges", {
        **CLEARANCE, "summary": SECRET, "necessity": SECRET, "exchanged_at": "2026-01-01T10:00:00Z",
    })
    await case.politi.post(f"{case.path}/exchanges", {
        **told("kbh-vestegns-politi"), "summary": SECRET, "categories": ["criminal_offences"],
    })
    return case


async def exported(house: House, folder: Path) -> tuple[Path, VerifierKey]:
    """Export the log as the DPO, unpack it, and give the key from the key folder, not from the export."""
    answer = await house.person("dpo").call("POST", "/log/export")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/x-tar")
    unpack(answer.content, folder)
    key = SigningKey.load(house.settings.keys_folder / "log-signing.key")
    return folder / "log", key.verifier("infohus.test/ishoj-kommune")


class WhenExchangesAreReviewed:
    @pytest.mark.rule(61)
    @pytest.mark.parametrize("reviewer", ["dpo", "jurist", "politi-dpo"])
    async def test_who_told_whom_by_which_law_is_shown_and_not_a_word_of_content(
        self, house: House, reviewer: str
    ) -> None:
        case = await with_exchanges(house)
        listed = await house.person(reviewer).get(f"/infohuse/{house.infohus_id}/exchanges")
        assert [(one["discloser"], one["paragraph"], one["is_late"]) for one in listed["items"]] == [
            ("ishoj-kommune", "rpl-115-2", False), ("ishoj-kommune", "rpl-115-2", True),
            ("kbh-vestegns-politi", "rpl-115-1", False),
        ]
        assert [(one["kinds"], one["unacknowledged"]) for one in listed["items"]] == [
            (["concern"], ["kbh-vestegns-politi"]), ([], ["kbh-vestegns-politi"]), ([], ["ishoj-kommune"]),
        ]
        assert SECRET not in str(listed)
        assert not {"necessity", "summary", "proportionality"} & set(listed["items"][0])
        for path in (case.path, f"{case.path}/exchanges/{listed['items'][0]['id']}", f"{case.path}/information"):
            await house.person(reviewer).get(path, status=403)

    @pytest.mark.parametrize(("asked", "found"), [
        ("late=true", 1), ("late=false", 2), ("authority=kbh-vestegns-politi", 1), ("paragraph=rpl-115-2", 2),
        ("category=criminal_offences", 1), ("category=cpr_number", 0), ("since=2099-01-01T00:00:00Z", 0),
        ("until=2099-01-01T00:00:00Z&limit=2", 2), ("unacknowledged=true", 3),
        ("unacknowledged=false", 0), ("paragraph=rpl-115-2&late=true", 1),
    ])
    async def test_the_list_is_filtered(self, house: House, asked: str, found: int) -> None:
        await with_exchanges(house)
        listed = await house.person("dpo").get(f"/infohuse/{house.infohus_id}/exchanges?{asked}")
        assert len(listed["items"]) == found

    @pytest.mark.rule(61)
    @pytest.mark.parametrize("path", ["exchanges", "/log", "/log/entries", "/log/proofs/0", "/log/checkpoints"])
    @pytest.mark.parametrize("stranger", ["kommune", "politi", "raadgiver", "admin"])
    async def test_nobody_else_reviews(self, house: House, path: str, stranger: str) -> None:
        await with_exchanges(house)
        await house.person(stranger).get(urljoin(f"/infohuse/{house.infohus_id}/", path), status=403)


class WhenTheLogIsRead:
    @pytest.mark.rule(61)
    @pytest.mark.rule(56)
    @pytest.mark.parametrize(("method", "path", "action"), [
        ("GET", "exchanges", "superviseExchanges"), ("GET", "/log", "verifyLog"),
        ("GET", "/log/entries", "listLogEntries"), ("GET", "/log/proofs/0", "proveLogEntry"),
        ("GET", "/log/checkpoints", "listCheckpoints"), ("POST", "/log/export", "exportLog"),
        ("GET", "/log/findings", "listLogFindings"), ("GET", "/log/notice", "readLogNotice"),
    ])
    async def test_reading_it_is_in_it(self, house: House, method: str, path: str, action: str) -> None:
        await house.case()
        dpo = house.person("dpo")
        assert (await dpo.call(method, urljoin(f"/infohuse/{house.infohus_id}/", path))).status_code == 200
        entry = (await house.entries())[-1]
        assert (entry.action, entry.outcome.value, entry.caller) == (action, "allowed", dpo.person_id)

    async def test_entries_are_filtered_and_paged_by_their_place(self, house: House) -> None:
        case = await with_exchanges(house)
        path = "/log/entries"
        dpo = house.person("dpo")
        given = await dpo.get(f"{path}?action=recordExchange&outcome=allowed&case={case.id}")
        assert [one["entry"]["action"] for one in given["items"]] == ["recordExchange"] * 2
        first = await dpo.get(f"{path}?limit=2")
        second = await dpo.get(f"{path}?limit=2&after={first['next']}")
        assert [one["index"] for one in (*first["items"], *second["items"])] == [0, 1, 2, 3]

    @pytest.mark.rule(60)
    async def test_entries_hold_no_name_no_text_and_no_cpr_number(self, house: House) -> None:
        case = await house.case(subjects=[{"name": "Prøve Prøvesen", "cpr_number": "010104-1234"}])
        await case.kommune.get(f"{case.path}/concerns/{case.concern_id}")
        stored = await house.sql("SELECT entry FROM audit.leaf")
        everything = b"\n".join(row["entry"] for row in stored).decode()
        for secret in ("Prøve", "Prøvesen", "0101041234", "010104-1234", "våben", "010104"):
            assert secret not in everything
        persons = {person for entry in await house.entries() for person in entry.persons}
        assert len(persons) == 1

    async def test_a_whole_log_says_so_with_a_signed_checkpoint(self, house: House) -> None:
        await with_exchanges(house)
        state = await house.person("dpo").get("/log")
        assert (state["origin"], state["is_whole"], state["faults"]) == ("infohus.test/ishoj-kommune", True, [])
        assert state["checkpoint"].startswith(f"infohus.test/ishoj-kommune\n{state['size']}\n")

    async def test_its_checkpoints_are_listed_the_newest_first(self, house: House) -> None:
        dpo, path = house.person("dpo"), "/log"
        signed = []
        for _ in range(3):
            await house.case()
            signed.append((await dpo.get(path))["checkpoint"])
        first = await dpo.get(f"{path}/checkpoints?limit=2")
        second = await dpo.get(f"{path}/checkpoints?limit=2&before={first['next']}")
        assert [one["note"] for one in (*first["items"], *second["items"])] == signed[::-1]
        assert (second["next"], first["need"], first["uncosigned_since"], first["alarm"]) == (None, 0, None, None)

    @pytest.mark.rule(58)
    async def test_a_changed_row_shows_and_the_log_is_no_longer_exported(self, house: House) -> None:
        await house.case()
        good = (await house.sql("SELECT entry FROM audit.leaf WHERE log_id = $1 AND index = 0", MUNICIPAL_LOG))[0]
        dpo, change = house.person("dpo"), "UPDATE audit.leaf SET entry = $1 WHERE log_id = $2 AND index = 0"
        await house.sql("ALTER TABLE audit.leaf DISABLE TRIGGER ALL")
        await house.sql(change, b"forged", MUNICIPAL_LOG)
        state = await dpo.get("/log")
        assert (state["is_whole"], "post 0" in state["faults"][0]) == (False, True)
        refused = await dpo.call("POST", "/log/export")
        assert refused.status_code >= 400
        await house.sql(change, good["entry"], MUNICIPAL_LOG)
        await house.sql("ALTER TABLE audit.leaf ENABLE TRIGGER ALL")


class WhenAnEntryIsProved:
    @pytest.mark.rule(58)
    async def test_the_proof_holds_offline_for_exactly_that_entry(self, house: House) -> None:
        await with_exchanges(house)
        path = "/log/proofs"
        given = await house.person("dpo").get(f"{path}/1")
        key = SigningKey.load(house.settings.keys_folder / "log-signing.key").verifier("infohus.test/ishoj-kommune")
        entry = base64.b64decode(given["entry"])
        assert check_proof(given["proof"], entry, [key]).index == 1
        assert decode(entry) == (await house.entries(MUNICIPAL_LOG))[1]
        with pytest.raises(ProofDoesNotHold):
            check_proof(given["proof"], entry + b" ", [key])
        with pytest.raises(ProofDoesNotHold):
            check_proof(given["proof"].replace("index 1", "index 2"), entry, [key])
        with pytest.raises(NotACheckpoint):
            check_proof(given["proof"], entry, [SigningKey(bytes(32)).verifier("infohus.test/ishoj-kommune")])
        await house.person("dpo").get(f"{path}/100000", status=404)


def _in_first_bundle(change: Any) -> Any:
    def spoil(folder: Path) -> None:
        bundle = next(path for path in (folder / "tile" / "entries").rglob("*") if path.is_file())
        bundle.write_bytes(change(bundle.read_bytes()))

    return spoil


def _flipped(content: bytes) -> bytes:
    changed = bytearray(content)
    changed[50] ^= 1
    return bytes(changed)


def _swapped(content: bytes) -> bytes:
    first, second, *others = entries_in(content)
    return bundle_of([second, first, *others])


def _truncated_hashes(folder: Path) -> None:
    tile = next(path for path in (folder / "tile" / "0").rglob("*") if path.is_file())
    tile.write_bytes(tile.read_bytes()[:-32])


def _forged_checkpoint(folder: Path) -> None:
    origin, size, root, *others = (folder / "checkpoint").read_text(encoding="utf-8").split("\n")
    (folder / "checkpoint").write_text("\n".join([origin, str(int(size) - 1), root, *others]), encoding="utf-8")


def _removed(folder: Path) -> None:
    next(path for path in (folder / "tile" / "entries").rglob("*") if path.is_file()).unlink()


SPOILED = {
    "a bit is flipped": (_in_first_bundle(_flipped), "post 0: er ikke, hvad der blev logget"),
    "two entries change places": (_in_first_bundle(_swapped), "post 0: er ikke, hvad der blev logget"),
    "an entry is taken away": (_in_first_bundle(lambda content: bundle_of(entries_in(content)[1:])), "hele poster"),
    "the bundle is cut off": (_in_first_bundle(lambda content: content[:-3]), "hele poster"),
    "the bundle is gone": (_removed, "mangler"),
    "the hashes are cut off": (_truncated_hashes, "et andet antal hashværdier"),
    "the checkpoint says less": (_forged_checkpoint, "ingen nøgle, vi stoler på, har underskrevet det"),
}


class WhenTheLogIsExported:
    async def test_it_verifies_with_a_key_from_elsewhere(self, house: House, tmp_path: Path) -> None:
        await with_exchanges(house)
        folder, key = await exported(house, tmp_path)
        verification = verify_export(folder, [key])
        assert (verification.is_whole, verification.faults) == (True, ())
        assert verification.entries == len(await house.entries(MUNICIPAL_LOG)) - 1  # the export is logged after it
        assert (folder / "log.pub").read_text(encoding="utf-8").strip() == str(key)
        assert "C2SP" in (folder / "README.txt").read_text(encoding="utf-8")

    @pytest.mark.rule(58)
    @pytest.mark.parametrize(("spoil", "found"), SPOILED.values(), ids=SPOILED)
    async def test_whatever_is_changed_is_found_and_located(
        self, house: House, tmp_path: Path, spoil: Any, found: str
    ) -> None:
        await with_exchanges(house)
        folder, key = await exported(house, tmp_path)
        spoil(folder)
        verification = verify_export(folder, [key])
        assert not verification.is_whole
        assert found in " | ".join(map(str, verification.faults))

    @pytest.mark.parametrize(("name", "kind"), [
        ("../outside", tarfile.REGTYPE), ("/tmp/outside", tarfile.REGTYPE), ("log/link", tarfile.SYMTYPE),  # noqa: S108
    ])
    def test_a_tar_that_reaches_outside_is_refused(self, tmp_path: Path, name: str, kind: bytes) -> None:
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as archive:
            member = tarfile.TarInfo(name)
            member.type = kind
            archive.addfile(member, io.BytesIO())
        with pytest.raises(NotAnExport):
            unpack(packed.getvalue(), tmp_path)
        assert list(tmp_path.iterdir()) == []

    async def test_another_s_key_does_not_open_it(self, house: House, tmp_path: Path) -> None:
        await house.case()
        folder, key = await exported(house, tmp_path)
        stranger = SigningKey(bytes(32)).verifier(key.name)
        assert [fault.place for fault in verify_export(folder, [stranger]).faults] == ["checkpoint"]
