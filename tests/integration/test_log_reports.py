"""The data subject's log report over HTTP: dates and purposes, nobody's name, no word of what is withheld."""

import base64
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from house import MUNICIPALITY, POLICE, CaseInHand, House, now
from infohus.danish.purposes import PURPOSES
from infohus.demo.people import DEMO_PEOPLE
from infohus.kernel.audit.formats.checkpoint import SigningKey, VerifierKey
from infohus.kernel.audit.formats.entry import Track, decode
from infohus.kernel.audit.storage.export import unpack
from infohus.kernel.audit.storage.log import APPEND, log_of
from infohus.kernel.audit.verification.stored_log import tally_faults_of
from infohus.kernel.audit.verification.tally import Tallies
from infohus.kernel.identity.caller import Role
from infohus.whole_case.log_reports.letter import MAY_BE_WITHHELD
from infohus.whole_case.log_reports.model import SubjectLogReport, check_against, check_report
from small_entries import log_id_of, small_entry
from town import LOG, Town

NUMBER = "010104-1234"
RECORDED = {
    "channel": "phone", "reporter_kind": "professional", "observation": "Han taler om våben.",
    "told_reporter": "Vi ser på det.",
}
SUBJECT = {"name": "Prøve Prøvesen", "cpr_number": NUMBER}


async def reports_on(house: House, by: str = "kommune", **draft: Any) -> list[dict[str, Any]]:
    """Ask for a person's reports: one for each record of the person that the authority knows."""
    path = f"/infohuse/{house.infohus_id}/log-reports"
    reports: list[dict[str, Any]] = (await house.person(by).post(path, draft, status=200))["reports"]
    return reports


async def report_on(house: House, by: str = "kommune", **draft: Any) -> dict[str, Any]:
    """Ask for the only report on a person."""
    [report] = await reports_on(house, by, **draft)
    return report


async def worked_case(house: House) -> CaseInHand:
    """Let both authorities work on a case on the person, and somebody look in who may not."""
    case = await house.case(subjects=[SUBJECT])
    for person in (case.kommune, case.kommune, case.politi):
        await person.get(case.path)
    await case.politi.get(f"{case.path}/concerns/{case.concern_id}", status=404)
    await house.person("kommune").get(f"{case.path}/nothing", status=404)
    return case


def key_of(house: House) -> VerifierKey:
    return SigningKey.load(house.settings.keys_folder / "log-signing.key").verifier("infohus.test/ishoj-kommune")


def checked(*arguments: object) -> tuple[int, str]:
    """Run the command as anyone would, offline."""
    ran = subprocess.run(
        [sys.executable, "-m", "infohus", "audit", "check-report", *map(str, arguments)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return ran.returncode, ran.stdout + ran.stderr


class WhenAPersonAsksForALogReport:
    @pytest.mark.rule(64)
    async def test_every_use_by_the_authority_is_there_with_moment_and_purpose_and_no_name(self, house: House) -> None:
        case = await worked_case(house)
        report = await report_on(house, cpr_number=NUMBER)
        purposes = [line["purpose"] for line in report["lines"]]
        assert purposes == [*[PURPOSES["intake"]] * 3, PURPOSES["subject_access"]]
        assert check_report(msgspec.convert(report, SubjectLogReport), [key_of(house)]).size >= 5
        sealing = base64.b64decode(report["entry"]).decode()
        shown = json.dumps(report, ensure_ascii=False) + sealing
        names = {one.name for one in DEMO_PEOPLE.values()} | {str(one.person_id) for one in DEMO_PEOPLE.values()}
        assert not [name for name in {*names, *Role} if name in shown]
        assert NUMBER not in shown
        assert case.id not in shown
        assert report["person"] not in sealing
        assert "C-579/21" in report["letter"]
        assert MAY_BE_WITHHELD in report["letter"]

    @pytest.mark.rule(64)
    @pytest.mark.rule(66)
    async def test_each_authority_tells_of_itself_and_its_count_tells_nothing_of_the_other(self, house: House) -> None:
        case = await worked_case(house)
        assert await reports_on(house, "politi", cpr_number=NUMBER) == []
        subject = (await case.kommune.get(f"{case.path}/concerns/{case.concern_id}"))["subjects"][0]["id"]
        await case.disclose(items=[{"kind": "subject", "id": subject}])
        await case.politi.get(case.path)
        await case.politi.get(f"{case.path}/concerns/{case.concern_id}", status=404)
        theirs = await report_on(house, "politi", cpr_number=NUMBER)
        assert [line["purpose"] for line in theirs["lines"]] == [
            PURPOSES["intake"], f"{PURPOSES['intake']} (et forsøg, som systemet ikke lod gennemføre)",
            PURPOSES["subject_access"],
        ]
        before = await report_on(house, cpr_number=NUMBER)
        for _ in range(5):
            await case.politi.get(case.path)
        after = await report_on(house, cpr_number=NUMBER)
        # Only what the municipality did itself: that it asked for and read the first report.
        assert len(after["lines"]) == len(before["lines"]) + 2
        # Each authority's log knows the person under an id of its own.
        assert theirs["person"] != before["person"] == after["person"]

    @pytest.mark.rule(64)
    async def test_there_is_one_for_each_record_of_the_person(self, house: House) -> None:
        for _ in range(2):
            await house.case(subjects=[SUBJECT])
        reports = await reports_on(house, cpr_number=NUMBER)
        assert len({report["person"] for report in reports}) == 2
        for report in reports:
            assert [line["purpose"] for line in report["lines"]] == [PURPOSES["intake"], PURPOSES["subject_access"]]
            assert check_report(msgspec.convert(report, SubjectLogReport), [key_of(house)]).size >= 3

    @pytest.mark.rule(61)
    @pytest.mark.rule(64)
    async def test_asking_and_reading_are_in_the_log_and_in_the_next_report(self, house: House) -> None:
        await worked_case(house)
        first = await report_on(house, cpr_number=NUMBER)
        second = await report_on(house, cpr_number=NUMBER)
        assert [line["purpose"] for line in second["lines"][-3:]] == [
            PURPOSES["subject_access"], PURPOSES["subject_access_report"], PURPOSES["subject_access"]
        ]
        assert second["lines"][: len(first["lines"])] == first["lines"]
        listed = (await house.person("dpo").get("/log/entries?action=reportSubjectLog"))["items"]
        acts = [one["entry"] for one in listed if one["entry"]["caller"] is not None]
        assert [act["purpose"] for act in acts] == ["subject_access", "subject_access_report"] * 2
        assert all(act["persons"] == [first["person"]] for act in acts)
        # The entries that seal the letters lead whoever may read the log to the acts that gave them out.
        seals = [one["entry"] for one in listed if one["entry"]["caller"] is None]
        assert [seal["correlation"] for seal in seals] == [act["correlation"] for act in acts[1::2]]

    @pytest.mark.rule(64)
    async def test_searches_and_attempts_are_uses_too(self, house: House) -> None:
        case = await worked_case(house)
        search = {"cpr_number": NUMBER, "purpose": "subject_access"}
        await case.kommune.post(f"/infohuse/{house.infohus_id}/searches", search, status=200)
        await case.kommune.post(f"{case.path}/closures", {}, status=400)
        purposes = [line["purpose"] for line in (await report_on(house, cpr_number=NUMBER))["lines"]]
        assert PURPOSES["subject_access"] in purposes

    @pytest.mark.rule(64)
    async def test_a_person_without_a_cpr_number_is_named_by_the_record(self, house: House) -> None:
        case = await house.case(subjects=[{"name": "Uden Nummer", "birth_date": "1990-02-01"}, SUBJECT])
        concern = await case.kommune.get(f"{case.path}/concerns/{case.concern_id}")
        without, with_number = (one["id"] for one in concern["subjects"])
        lines = (await report_on(house, subject=without))["lines"]
        assert len(lines) == 3
        # The record of a person with a number leads to the number, so to every case on the person.
        by_record, by_number = await report_on(house, subject=with_number), await report_on(house, cpr_number=NUMBER)
        assert by_record["person"] == by_number["person"]

    @pytest.mark.rule(64)
    @pytest.mark.rule(65)
    @pytest.mark.parametrize(("by", "basis"), [("kommune", "dbl-22-2"), ("politi", "rhl-16")])
    async def test_what_is_restricted_is_not_there_and_nothing_tells_of_it(
        self, house: House, by: str, basis: str
    ) -> None:
        """Of two persons with the same history, one's record is restricted: the letters are alike to the last byte."""
        person, letters = house.person(by), {}
        for restricts in (False, True):
            subject = {"name": "Prøve Prøvesen", "birth_date": "2004-02-01"}
            draft = {**RECORDED, "received_at": now().isoformat(), "subjects": [subject]}
            made = await person.post(f"/infohuse/{house.infohus_id}/concerns", draft)
            path = f"/cases/{made['case_id']}"
            read = await person.get(f"{path}/concerns/{made['id']}")
            if restricts:
                await person.post(f"{path}/restrictions", {
                    "item": {"kind": "concern", "id": made["id"]}, "basis": basis, "reason": "Hensyn.",
                    "review_on": "2027-02-01",
                })
            letters[restricts] = await report_on(house, by, subject=read["subjects"][0]["id"])
        hidden, whole = letters[True], letters[False]
        assert PURPOSES["intake"] not in purposes_of(hidden)
        assert PURPOSES["intake"] in purposes_of(whole)
        assert framed(hidden) == framed(whole)
        assert hidden.keys() == whole.keys()
        assert basis not in json.dumps(hidden) + base64.b64decode(hidden["entry"]).decode()
        told = msgspec.convert(hidden, SubjectLogReport)
        origin = "infohus.test/ishoj-kommune" if by == "kommune" else f"infohus.test/{POLICE}"
        key = SigningKey.load(house.settings.keys_folder / "log-signing.key").verifier(origin)
        assert check_report(told, [key]).size
        log = await house.sql(
            "SELECT entry FROM audit.leaf WHERE log_id = $1 ORDER BY index",
            log_of(MUNICIPALITY if by == "kommune" else POLICE),
        )
        # That it was recorded, read and restricted.
        assert check_against(told, [row["entry"] for row in log]) == 3

    @pytest.mark.rule(61)
    @pytest.mark.parametrize("by", ["raadgiver", "dpo", "jurist", "admin"])
    async def test_only_a_tovholder_gives_it_out(self, house: House, by: str) -> None:
        await worked_case(house)
        path = f"/infohuse/{house.infohus_id}/log-reports"
        await house.person(by).post(path, {"cpr_number": NUMBER}, status=403)

    @pytest.mark.parametrize("draft", [{}, {"cpr_number": NUMBER, "subject": "0198c0de-0000-7000-8000-000000000001"}])
    async def test_it_is_on_one_person(self, house: House, draft: dict[str, str]) -> None:
        await house.person("kommune").post(f"/infohuse/{house.infohus_id}/log-reports", draft, status=422)

    async def test_nobody_is_named_by_a_record_that_is_not_there(self, house: House) -> None:
        draft = {"subject": "0198c0de-0000-7000-8000-000000000001"}
        await house.person("kommune").post(f"/infohuse/{house.infohus_id}/log-reports", draft, status=404)


def purposes_of(report: dict[str, Any]) -> list[str]:
    """List what the lines were for."""
    return [line["purpose"] for line in report["lines"]]


def framed(report: dict[str, Any]) -> str:
    """Give a letter without its lines, its moment and the person's code."""
    lines = "\n".join(line for line in report["letter"].split("\n") if not re.match(r"\| [0-9]", line))
    return re.sub(r"Trukket ud [0-9. kl]+", "", lines).replace(report["person"], "")


class WhenAnyoneChecksIt:
    @pytest.mark.rule(64)
    async def test_the_command_finds_it_whole_and_finds_what_was_taken_out(self, house: House, tmp_path: Path) -> None:
        await worked_case(house)
        report = await report_on(house, cpr_number=NUMBER)
        log = await exported(house, tmp_path)
        other = VerifierKey("infohus.test/another", key_of(house).public)
        (tmp_path / "log.pub").write_text(f"{other}\n{key_of(house)}\n")  # as `infohus audit keys` prints them
        (tmp_path / "whole.json").write_text(json.dumps(report))
        asked = "--key", tmp_path / "log.pub", "--log", log
        code, said = checked(tmp_path / "whole.json", *asked)
        assert (code, "hvert opslag om personen" in said) == (0, True), said
        # The API's whole answer, as it was saved.
        (tmp_path / "answer.json").write_text(json.dumps({"reports": [report, report]}))
        code, said = checked(tmp_path / "answer.json", "--key", tmp_path / "log.pub")
        assert (code, said.count("ord for ord"), "må læse den" in said) == (0, 2, True)
        # Used wrongly: no key of a witness was given, so nothing is said of the report.
        code, said = checked(tmp_path / "whole.json", *asked, "--need", "2")
        assert (code, "0 --cosigner given" in said) == (2, True)
        short = {**report, "lines": report["lines"][:-1]}
        (tmp_path / "short.json").write_text(json.dumps(short))
        code, said = checked(tmp_path / "short.json", "--key", tmp_path / "log.pub")
        assert (code, "et andet end det, loggen" in said) == (1, True)
        answers: tuple[dict[str, Any], ...] = ({}, {"reports": []}, {"reports": [report, short]})
        for content in answers:
            (tmp_path / "none.json").write_text(json.dumps(content))
            assert checked(tmp_path / "none.json", *asked)[0] == 1

    @pytest.mark.rule(64)
    async def test_another_logs_key_does_not_bear_it_out(self, house: House, tmp_path: Path) -> None:
        await worked_case(house)
        report = await report_on(house, cpr_number=NUMBER)
        (tmp_path / "report.json").write_text(json.dumps(report))
        (tmp_path / "other.pub").write_text(f"{SigningKey(b'x' * 32).verifier('infohus.test/ishoj-kommune')}\n")
        assert checked(tmp_path / "report.json", "--key", tmp_path / "other.pub")[0] == 1

    @pytest.mark.rule(64)
    async def test_a_proof_that_is_oddly_written_is_told_as_one_that_does_not_hold(
        self, house: House, tmp_path: Path
    ) -> None:
        await worked_case(house)
        report = await report_on(house, cpr_number=NUMBER)
        (tmp_path / "log.pub").write_text(f"{key_of(house)}\n")
        for index in ("²", "1" * 5000):
            odd = {**report, "proof": re.sub("index [0-9]+", f"index {index}", report["proof"])}
            (tmp_path / "odd.json").write_text(json.dumps(odd))
            code, said = checked(tmp_path / "odd.json", "--key", tmp_path / "log.pub")
            assert (code, "FEJL  Fingeraftrykket står ikke" in said, "Traceback" in said) == (1, True, False), said
        (tmp_path / "report.json").write_text(json.dumps(report))
        named = "--key", tmp_path / "log.pub", "--cosigner", tmp_path / "log.pub"
        code, said = checked(tmp_path / "report.json", *named, "--need", "1")
        assert (code, "ingen af dem er loggens" in said) == (2, True), said


class WhenTheDatabaseCounts:
    @pytest.mark.rule(64)
    async def test_it_counts_as_anyone_can_count_again(self, house: House) -> None:
        case = await (await worked_case(house)).clear()
        subject = (await case.kommune.get(f"{case.path}/concerns/{case.concern_id}"))["subjects"][0]["id"]
        await case.disclose(items=[{"kind": "subject", "id": subject}])
        await case.politi.get(case.path)
        for authority in (MUNICIPALITY, POLICE):
            log_id = log_of(authority)
            entries = await house.sql("SELECT entry FROM audit.leaf WHERE log_id = $1 ORDER BY index", log_id)
            tallies = Tallies()
            assert list(tallies.faults("log", 0, [row["entry"] for row in entries])) == []
            kept = await house.sql("SELECT * FROM audit.tally WHERE log_id = $1", log_id)
            assert {
                (row["authority"], row["person"], Track(row["track"])): (row["entries"], row["chain"]) for row in kept
            } == tallies.so_far
            assert {named for named, _, _ in tallies.so_far} == {authority}
            naming = [decode(row["entry"]) for row in entries if decode(row["entry"]).persons]
            assert naming
            assert all(isinstance(one.tally, list) and len(one.tally) == len(one.persons) for one in naming)

    @pytest.mark.rule(58)
    @pytest.mark.parametrize("statement", ["DELETE FROM audit.tally", "TRUNCATE audit.tally"])
    async def test_nobody_forgets_a_count(self, house: House, statement: str) -> None:
        await worked_case(house)
        with pytest.raises(Exception, match="append-only"):
            await house.sql(statement)

    @pytest.mark.rule(64)
    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE audit.tally SET entries = entries - 1", "UPDATE audit.tally SET chain = sha256(chain)",
            "DELETE FROM audit.tally",
        ],
    )
    async def test_a_count_that_a_superuser_changed_shows_in_the_next_entry(self, town: Town, statement: str) -> None:
        await town.as_superuser("UPDATE audit.log SET authority = 'kommune'")
        named = {"authority": "kommune", "persons": [log_id_of("en"), log_id_of("to")]}
        for number in range(3):
            await town.superuser.execute(APPEND, LOG, small_entry(LOG, str(number), **named))
        assert await tally_faults_of(town.superuser, LOG) == []
        await town.as_superuser(statement)
        await town.superuser.execute(APPEND, LOG, small_entry(LOG, "3", **named))
        faults = await tally_faults_of(town.superuser, LOG)
        assert [(fault.index, "tæller forkert" in fault.what) for fault in faults] == [(3, True)]


async def exported(house: House, folder: Path) -> Path:
    """Export the log as its DPO."""
    answer = await house.person("dpo").call("POST", "/log/export")
    unpack(answer.content, folder)
    return folder / "log"


