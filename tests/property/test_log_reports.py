"""A log report that was changed is found out by who holds it, one that leaves out too much by who may read the log."""

import base64
import random
import re
from functools import reduce
from uuid import UUID

import msgspec
import pytest

from counted_log import HOUR, KEY, ORIGIN, OURS, START, THEIRS, busy_log
from infohus.cases.procedure.purposes import LogReadingPurpose
from infohus.kernel.audit.formats.entry import Entry, Outcome, decode, encode
from infohus.kernel.audit.formats.merkle import ProofDoesNotHold
from infohus.kernel.audit.verification.tally import NOTHING, Tallies, core_hash, core_of, extend_chain
from infohus.whole_case.log_reports.letter import MAY_BE_WITHHELD
from infohus.whole_case.log_reports.model import (
    LeftOut,
    ReportDoesNotHold,
    SubjectLogReport,
    check_against,
    check_report,
    is_on,
    naming_restricted,
)
from infohus.whole_case.log_reports.purposes import purpose_of


def changed(report: SubjectLogReport, dice: random.Random) -> SubjectLogReport:
    """Leave something out of a report, or change it, as somebody would who wants it not to show."""
    lines = list(report.lines)
    at = dice.randrange(len(lines))
    gone = lines.pop(at)
    how = dice.randrange(4)
    if how == 1:  # another one is there twice instead
        lines.insert(at, lines[at - 1])
    elif how == 2:  # its moment is another
        lines.insert(at, msgspec.structs.replace(gone, at=gone.at - HOUR))
    elif how == 3:  # so is its purpose
        lines.insert(at, msgspec.structs.replace(gone, purpose="Noget andet"))
    return msgspec.structs.replace(report, lines=lines)


class WhenAReportIsChecked:
    @pytest.mark.rule(64)
    def test_a_thousand_seeded_changes_are_all_found(self) -> None:
        """By the person when they came after the sealing, and by who may read the log when they were sealed too."""
        found = 0
        for seed in range(1000):
            dice = random.Random(seed)
            log, person = busy_log(dice)
            report = log.report(person)
            check_report(report, [KEY.verifier(ORIGIN)])
            assert check_against(report, log.entries) == 0
            with pytest.raises(ReportDoesNotHold):
                check_report(changed(report, dice), [KEY.verifier(ORIGIN)])
            sealed_so = log.seal(changed(report, dice))
            check_report(sealed_so, [KEY.verifier(ORIGIN)])
            with pytest.raises(ReportDoesNotHold):
                check_against(sealed_so, log.entries)
            found += 1
        assert found == 1000

    @pytest.mark.rule(64)
    @pytest.mark.rule(65)
    def test_what_is_withheld_is_told_to_who_may_read_the_log_and_to_nobody_else(self) -> None:
        log, person = busy_log(random.Random(4))
        restricted = next(entry.subject for entry in log.uses(person) if entry.subject is not None)
        whole, without = log.report(person), log.report(person, restricted)
        check_report(without, [KEY.verifier(ORIGIN)])
        assert check_against(without, log.entries) == 1
        silent = log.report(person, restricted, silently=True)
        with pytest.raises(ReportDoesNotHold, match="en begrænsning gælder"):
            check_against(silent, log.entries)
        assert MAY_BE_WITHHELD in without.letter
        assert MAY_BE_WITHHELD in whole.letter
        # But for the lines, and when it was made, the letters are the same to the last byte.
        assert frame_of(without) == frame_of(whole)

    @pytest.mark.rule(64)
    @pytest.mark.fault("B2")
    def test_however_much_is_restricted_the_act_can_be_logged(self) -> None:
        log, person = busy_log(random.Random(4), 100)
        left_out = LeftOut.of(person, log.uses(person) * 50).digest
        assert len(naming_restricted("lawfulness", [left_out] * 20) or "") < 2000
        assert naming_restricted("lawfulness", [None]) == "lawfulness"

    @pytest.mark.rule(60)
    @pytest.mark.rule(64)
    def test_nothing_of_it_names_or_counts_anything(self) -> None:
        log, person = busy_log(random.Random(4))
        report = log.report(person)
        sealing = decode(base64.b64decode(report.entry))
        assert (sealing.caller, sealing.role, sealing.assurance, sealing.subject, sealing.case) == (None,) * 5
        assert (sealing.persons, sealing.tally, sealing.wrote, sealing.opened) == ([], msgspec.UNSET, [], [])
        assert str(UUID(int=7)) not in msgspec.json.encode(report).decode()
        assert set(msgspec.structs.asdict(report)) == {
            "v", "authority", "log", "person", "made_at", "lines", "letter", "entry", "proof",
        }
        assert set(msgspec.structs.asdict(report.lines[0])) == {"at", "purpose"}

    @pytest.mark.rule(64)
    def test_another_persons_authoritys_or_days_seal_does_not_seal_it(self) -> None:
        log, person = busy_log(random.Random(2))
        report, other = log.report(person), log.report("person-1")
        for changes in (
            {"person": "person-1"}, {"authority": THEIRS}, {"log": "et.andet/sted"}, {"made_at": START},
            {"entry": other.entry, "proof": other.proof}, {"letter": report.letter + " "}, {"v": 1},
        ):
            with pytest.raises((ReportDoesNotHold, ProofDoesNotHold)):
                check_report(msgspec.structs.replace(report, **changes), [KEY.verifier(ORIGIN)])

    @pytest.mark.rule(64)
    def test_an_act_that_names_its_caller_seals_nothing(self) -> None:
        log, person = busy_log(random.Random(3))
        report = log.report(person)
        act = decode(base64.b64decode(report.entry))
        log.entries.append(encode(msgspec.structs.replace(act, caller=UUID(int=7))))
        named = base64.b64encode(log.entries[-1]).decode()
        with pytest.raises(ReportDoesNotHold, match="et andet"):
            check_report(
                msgspec.structs.replace(report, entry=named, proof=log.proof_of_last()), [KEY.verifier(ORIGIN)]
            )


def frame_of(report: SubjectLogReport) -> str:
    """Give a letter without its lines and the moment it was made."""
    lines = [line for line in report.letter.split("\n") if not re.match(r"\| [0-9]", line)]
    return re.sub(r"Trukket ud [0-9. kl]+", "", "\n".join(lines))


class WhenALogIsCountedAgain:
    def test_what_is_whole_has_no_fault(self) -> None:
        log, _ = busy_log(random.Random(5), 300)
        assert list(Tallies().faults("log", 0, log.entries)) == []

    @pytest.mark.rule(64)
    @pytest.mark.parametrize("seed", range(200))
    def test_an_entry_left_out_when_it_was_written_shows(self, seed: int) -> None:
        dice = random.Random(seed)
        log, person = busy_log(dice, 60)
        naming = [at for at, one in enumerate(log.entries) if is_on(decode(one), person, OURS)][:-1]
        at = dice.choice(naming)
        bare = core_of(log.entries[at])
        cheated = {
            "gone": [*log.entries[:at], *log.entries[at + 1 :]],
            "not counted": [*log.entries[:at], bare, *log.entries[at + 1 :]],
            "names nobody": [
                *log.entries[:at], encode(_naming_nobody(decode(log.entries[at]))), *log.entries[at + 1 :],
            ],
        }
        for how, entries in cheated.items():
            assert list(Tallies().faults("log", 0, entries)), how

    @pytest.mark.rule(85)
    def test_a_track_is_counted_by_itself_and_told_in_no_letter(self) -> None:
        log, person = busy_log(random.Random(6))
        told = log.report(person).lines
        before = log.counted[OURS, person]
        asked = core_of(log.append("readCase", OURS, person)).replace(b'"ordinary"', b'"pet"')
        log.entries[-1] = asked[:-1] + b',"tally":[[1,"%b"]]}' % extend_chain(NOTHING, core_hash(asked)).hex().encode()
        log.counted[OURS, person] = before
        assert list(Tallies().faults("log", 0, log.entries)) == []
        log.append("readCase", OURS, person)
        assert list(Tallies().faults("log", 0, log.entries)) == []
        # The first report left two entries: that it was asked for, and that it was given out.
        assert len(log.report(person).lines) == len(told) + 3

    def test_after_emptied_entries_a_person_may_begin_anywhere_and_goes_on_from_there(self) -> None:
        log, person = busy_log(random.Random(7), 80)
        half = [None] * 40 + log.entries[40:]
        assert list(Tallies().faults("log", 0, half)) == []
        last = max(at for at, one in enumerate(log.entries[:-1]) if is_on(decode(one), person, OURS))
        assert list(Tallies().faults("log", 0, [*half[:last], *half[last + 1 :]]))

    @pytest.mark.parametrize("tally", [b'[[1,"00"]]', b'[["a","b"]]', b'[[1,"zz"]]', b"7"])
    def test_a_tally_that_is_none_is_a_fault(self, tally: bytes) -> None:
        log, person = busy_log(random.Random(8), 0)
        spoilt = core_of(log.append("readCase", OURS, person))[:-1] + b',"tally":' + tally + b"}"
        assert len(list(Tallies().faults("log", 2, [spoilt]))) == 1

    @pytest.mark.fault("A17")
    def test_what_is_no_entry_is_a_fault(self) -> None:
        log, _ = busy_log(random.Random(9))
        for bad in (b"not json", b"{}", log.entries[3].replace(b'"v":2', b'"v":1'), b" " + log.entries[3]):
            faults = list(Tallies().faults("log", 0, [*log.entries, bad]))
            assert [(fault.index, fault.what) for fault in faults] == [(len(log.entries), "er ingen post i format 2")]


def told_of(action: str, purpose: str, outcome: Outcome = Outcome.ALLOWED) -> str:
    """Give what a letter says of an act."""
    log, _ = busy_log(random.Random(9))
    entry = decode(log.entries[0])
    return purpose_of(msgspec.structs.replace(
        entry, role="data_protection_officer", action=action, purpose=purpose, outcome=outcome
    ))


class WhenPurposesAreTold:
    def test_every_purpose_says_what_for_and_an_attempt_is_told_as_one(self) -> None:
        assert told_of("readExchange", "exchange").startswith("Udveksling af oplysninger")
        assert "forsøg" in told_of("readExchange", "exchange", Outcome.DENIED)

    def test_no_letter_tells_which_of_the_four_the_log_was_read_for(self) -> None:
        said = {
            action: {told_of(action, one) for one in LogReadingPurpose}
            for action in ("listLogEntries", "superviseExchanges", "openOnRequest")
        }
        assert said == {
            "listLogEntries": {"Tilsyn med loggen og videregivelserne"},
            "superviseExchanges": {"Tilsyn med loggen og videregivelserne"},
            "openOnRequest": {"Databeskyttelsesrådgiverens læsning af, hvad der står i sagen, for at føre tilsyn"},
        }

    def test_the_chain_is_over_cores_in_order(self) -> None:
        log, person = busy_log(random.Random(9))
        cores = [core_hash(one) for one in log.entries if is_on(decode(one), person, OURS)]
        assert log.counted[OURS, person] == (len(cores), reduce(extend_chain, cores, NOTHING))


def _naming_nobody(entry: Entry) -> Entry:
    return msgspec.structs.replace(entry, persons=[], tally=msgspec.UNSET)
