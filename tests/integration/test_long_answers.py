"""What can grow is given piece by piece: memory does not grow with the log, and what breaks off is no export."""

import io
import tarfile
import tracemalloc
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import msgspec
import pytest

from house import MUNICIPAL_LOG, House
from infohus.kernel.access.model import Stage
from infohus.kernel.answers.whole_answers import WholeAnswer
from infohus.kernel.audit.formats.checkpoint import Checkpoint
from infohus.kernel.audit.storage import export
from infohus.kernel.audit.storage.export import LogDoesNotVerify
from infohus.kernel.audit.storage.log import head_of
from infohus.kernel.audit.verification.exported_log import verify_export
from infohus.kernel.database.tables import Regime
from infohus.kernel.sealing.spool import SealedLines
from infohus.kernel.unit_of_work.audit_draft import AuditEventDraft
from infohus.kernel.unit_of_work.procedure import FixedPurpose
from infohus.kernel.unit_of_work.reading_afterwards import ReadingAfterwards
from infohus.whole_case.journal.gathering import GatheredNote
from infohus.whole_case.journal.model import JournalDecision, JournalExchange, JournalNote, JournalSignature
from infohus.whole_case.log_reports.letter import letter
from infohus.whole_case.log_reports.model import LogReports, ReportLine, SubjectLogReport, digest_of
from infohus.whole_case.log_reports.written import SealedReport, WrittenReport, answer_of
from infohus.whole_case.rights.model import AccessKind
from infohus.whole_case.rights.package import Manifest, Package, PackedItem
from small_entries import small_entry
from town import AT, KEY, LOG, ORIGIN, Town

APPEND_MANY = "SELECT count(audit.append($1, $3)) FROM generate_series(1, $2)"
MANY = 10_000
LARGEST_PEAK = 8_000_000
"""A third of the longest log here: 256 rows as they come, the same in a tile, and again with the piece given out."""


async def exported(town: Town) -> AsyncIterator[bytes]:
    """Export the town's log as it is now, piece by piece."""
    head = await head_of(town.superuser, LOG)
    note = KEY.sign(Checkpoint(ORIGIN, head.size, head.root()))
    files = export.exported_files(town.superuser, LOG, note, key=KEY.verifier(ORIGIN))
    async for piece in export.packed(files, folder="log", at=AT):
        yield piece


async def size_and_peak(town: Town) -> tuple[int, int]:
    """Export and keep nothing; give how many bytes came, and how many were held at most."""
    tracemalloc.start()
    try:
        size = 0
        async for piece in exported(town):
            size += len(piece)
        return size, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


class WhenALogIsExported:
    @pytest.mark.fault("B3")
    async def test_memory_does_not_grow_with_its_length(self, town: Town) -> None:
        await town.superuser.execute("SET statement_timeout = 0")
        peaks, size = [], 0
        for more in (1000, 5000):
            await town.superuser.fetchval(APPEND_MANY, LOG, more, small_entry(LOG, "x" * 4000))
            size, peak = await size_and_peak(town)
            assert size > 4000 * more
            peaks.append(peak)
        assert max(peaks) < LARGEST_PEAK < size / 3
        assert peaks[1] < 1.2 * peaks[0]

    @pytest.mark.rule(58)
    async def test_what_comes_piece_by_piece_is_an_export_that_verifies(self, town: Town, tmp_path: Path) -> None:
        await town.append(700)
        packed = b"".join([piece async for piece in exported(town)])
        with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
            assert archive.getnames()[-1] == "log/checkpoint"
            assert {member.mode for member in archive} == {0o644}
        export.unpack(packed, tmp_path)
        assert verify_export(tmp_path / "log", [KEY.verifier(ORIGIN)]).is_whole

    @pytest.mark.rule(58)
    @pytest.mark.fault("B3")
    async def test_one_that_breaks_off_has_no_checkpoint_and_no_end(self, town: Town) -> None:
        await town.append(700)
        stream = exported(town)
        broken = bytearray(await anext(stream))

        async def take_the_rest() -> None:
            async for piece in stream:
                broken.extend(piece)

        await town.as_superuser(("UPDATE audit.leaf SET entry = $1 WHERE index = 600", b"forged"))
        with pytest.raises(LogDoesNotVerify, match="row 600"):
            await take_the_rest()
        assert b"log/checkpoint" not in broken
        assert not broken.endswith(bytes(1024))

    @pytest.mark.rule(61)
    @pytest.mark.fault("B3")
    async def test_the_application_logs_it_before_the_first_piece(self, house: House) -> None:
        dpo = house.person("dpo")
        await dpo.get("/log")
        answer = await dpo.call("POST", "/log/export")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/x-tar")
        assert "content-length" not in answer.headers
        entry = (await house.entries(MUNICIPAL_LOG))[-1]
        assert (entry.action, entry.outcome.value) == ("exportLog", "allowed")


def a_report(lines: int) -> WrittenReport:
    """Write a report of so many lines, of an authority whose name has what JSON escapes."""
    kept = SealedLines(ReportLine)
    for number in range(lines + 1):
        kept.add(ReportLine(AT + timedelta(minutes=number), 'Sagens "behandling" \\ æøå'))
    return WrittenReport(
        authority="kommune", name='Kommunen "Øst" \n"lines":[]', log=ORIGIN, person="log-id", made_at=AT, lines=kept,
        count=lines,
    )


def a_package(items: int) -> WholeAnswer:
    """Pack so many items."""
    package = Package()
    for number in range(items):
        package.add(PackedItem(AccessKind.NOTE, AT, {"subject": f"Nr. {number}"}, {"text": "Moren er bekymret. " * 50}))
    manifest = Manifest(
        case_number="2026-1", authority="kommune", authority_name="Kommunen", regime=Regime.GDPR,
        request_id=UUID(int=1), received_on=AT.date(), made_at=AT, handed_out=items, restricted={},
    )
    return WholeAnswer.of(partial(package.packed, manifest))


def an_answer_of_reports(lines: int) -> WholeAnswer:
    return answer_of([SealedReport(a_report(lines), "post", "bevis\n")])


def a_note(exchanges: int) -> GatheredNote:
    """Gather a journal note of a decision and so many exchanges."""
    note = GatheredNote(JournalNote(
        case_number="2026-1", reference='"exchanges":[],', stage=Stage.ACTING, made_at=AT, decisions=[], exchanges=[],
        log_origin=ORIGIN, log_size=7, log_root="00", text="", digest="",
    ))
    note.decisions.add(JournalDecision("screening", "recommend", AT, "ff", [JournalSignature("kommune", AT)]))
    for number in range(exchanges):
        note.exchanges.add(JournalExchange(
            UUID(int=number), "kommune", ["politi"], "rpl-115-2", AT, declared_not_for_investigation=True, consent=None,
            manifest="ab" * 32, withdrawn_from=[], is_corrected=False,
        ))
    return note


def an_answer_of_a_note(exchanges: int) -> WholeAnswer:
    return a_note(exchanges).answer()


class WhenAnAuthorityTakesANoteHome:
    @pytest.mark.parametrize("count", [0, 2])
    def test_piece_by_piece_it_is_byte_for_byte_the_note(self, count: int) -> None:
        note = a_note(count)
        text = "".join(note.text())
        whole = msgspec.structs.replace(
            note.head, decisions=list(note.decisions.first(1)), exchanges=list(note.exchanges.first(count)), text=text,
            digest=sha256(text.encode()).hexdigest(),
        )
        assert len(whole.exchanges) == count
        assert ("Ingen." in text) is (count == 0)
        assert b"".join(note.answer().pieces()) == msgspec.json.encode(whole)


class WhenMuchIsGivenOutAtOnce:
    @pytest.mark.rule(64)
    @pytest.mark.rule(66)
    @pytest.mark.fault("B3")
    @pytest.mark.parametrize("made", [a_package, an_answer_of_reports, an_answer_of_a_note])
    def test_memory_does_not_grow_with_how_much(self, made: Callable[[int], WholeAnswer]) -> None:
        peaks, sizes = [], []
        for entries in (10, MANY):
            tracemalloc.start()
            answer = made(entries)
            sizes.append(sum(map(len, answer.pieces())))
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
            assert (sizes[-1], answer.size) == (answer.size, sizes[-1])
        assert sizes[1] > 1_000_000
        assert peaks[1] < 500_000

    @pytest.mark.rule(64)
    @pytest.mark.parametrize("count", [0, 1, 3])
    def test_a_report_piece_by_piece_is_byte_for_byte_what_the_log_seals(self, count: int) -> None:
        written = a_report(count)
        lines = list(written.lines.first(count))
        whole = SubjectLogReport(
            authority=written.authority, log=written.log, person=written.person, made_at=written.made_at, lines=lines,
            letter="".join(letter(written.name, made_at=AT, lines=lines, log_id=written.person)), entry="", proof="",
        )
        assert len(lines) == count
        assert written.digest() == digest_of(whole)
        sealed = msgspec.structs.replace(whole, entry="post", proof="bevis\n")
        given = b"".join(answer_of([SealedReport(written, "post", "bevis\n")] * 2).pieces())
        assert given == msgspec.json.encode(LogReports([sealed, sealed]))


class WhenAUnitHasNotEnded:
    @pytest.mark.rule(59)
    async def test_nothing_is_read_for_afterwards(self) -> None:
        asked: list[Sequence[Any]] = []
        work = SimpleNamespace(audit_draft=AuditEventDraft(FixedPurpose("casework")))
        reading = ReadingAfterwards(cast("Any", work), lambda: cast("Any", asked.append(())))
        with pytest.raises(AssertionError, match="has not ended"):
            await reading.ask("SELECT 1", [])
        assert asked == []


class WhenACaseHasMany:
    @pytest.mark.fault("B3")
    @pytest.mark.parametrize(("path", "drafts"), [
        ("legal-holds", [{"reason": f"Klagesag {number}."} for number in range(5)]),
        ("access-requests", [{"received_on": "2026-11-20", "asked": f"Spørgsmål {number}"} for number in range(5)]),
        ("information-requests", [
            {"question": f"Spørgsmål {number}", "received_from": "kriminalforsorgen"} for number in range(5)
        ]),
    ])
    async def test_they_are_listed_in_pages(self, house: House, path: str, drafts: list[dict[str, str]]) -> None:
        case = await (await house.case()).accept()
        made = [(await case.kommune.post(f"{case.path}/{path}", draft))["id"] for draft in drafts]
        pages: list[list[str]] = []
        after: str | None = ""
        while after is not None:
            page = await case.kommune.get(f"{case.path}/{path}?limit=2" + (f"&after={after}" if after else ""))
            pages.append([one["id"] for one in page["items"]])
            after = page["next"]
        assert pages == [made[:2], made[2:4], made[4:]]
