"""A log report that leaves something out is found out: a thousand times, each with another omission (rule 64)."""

import random

import msgspec
import pytest

from counted_log import HOUR, KEY, ORIGIN, OURS, START, THEIRS, busy_log
from infohus.cases.procedure.purposes import LogReadingPurpose
from infohus.kernel.audit.formats.entry import Entry, Outcome, decode, encode
from infohus.kernel.audit.verification.tally import Tallies, chain_over, core_hash, core_of
from infohus.whole_case.log_reports.model import (
    ReportDoesNotHold,
    ReportLine,
    SubjectLogReport,
    check_against,
    check_report,
    line_of,
)
from infohus.whole_case.log_reports.purposes import purpose_of


def left_out(report: SubjectLogReport, dice: random.Random) -> SubjectLogReport:
    """Leave something out, as somebody would who wants it not to show."""
    lines = list(report.lines)
    at = dice.randrange(len(lines))
    gone = lines.pop(at)
    how = dice.randrange(5)
    if how == 1:  # the rest is numbered anew
        lines = [msgspec.structs.replace(line, number=n) for n, line in enumerate(lines, 1)]
    elif how == 2:  # one is there twice instead
        lines.insert(at, msgspec.structs.replace(lines[at - 1], number=gone.number))
    elif how == 3:  # an invented one stands in its place
        lines.insert(at, msgspec.structs.replace(gone, core=dice.randbytes(32).hex()))
    elif how == 4:  # it is said to be from before the log counted
        lines.insert(0, msgspec.structs.replace(gone, number=0))
    return msgspec.structs.replace(report, lines=lines)


class WhenAReportIsChecked:
    @pytest.mark.rule(64)
    def test_a_thousand_seeded_omissions_are_all_found(self) -> None:
        found = 0
        for seed in range(1000):
            dice = random.Random(seed)
            log, person = busy_log(dice)
            report = log.report(person)
            check_report(report, [KEY.verifier(ORIGIN)])
            check_against(report, log.entries)
            with pytest.raises(ReportDoesNotHold):
                check_report(left_out(report, dice), [KEY.verifier(ORIGIN)])
            found += 1
        assert found == 1000

    @pytest.mark.rule(64)
    def test_an_older_report_does_not_pass_for_a_newer_one(self) -> None:
        log, person = busy_log(random.Random(1))
        older = log.report(person)
        log.append("readCase", OURS, person)
        newer = log.report(person)
        with pytest.raises(ReportDoesNotHold, match="et andet udtræk"):
            check_report(msgspec.structs.replace(older, made_at=newer.made_at), [KEY.verifier(ORIGIN)])

    @pytest.mark.rule(64)
    def test_another_persons_or_authoritys_closing_entry_does_not_close_it(self) -> None:
        log, person = busy_log(random.Random(2))
        report = log.report(person)
        for changes in ({"person": "person-1"}, {"authority": THEIRS}, {"log": "et.andet/sted"}):
            with pytest.raises(ReportDoesNotHold):
                check_report(msgspec.structs.replace(report, **changes), [KEY.verifier(ORIGIN)])

    @pytest.mark.rule(64)
    def test_the_log_itself_shows_a_false_moment_or_purpose_or_a_false_word_of_emptying(self) -> None:
        log, person = busy_log(random.Random(3))
        report = log.report(person)
        first, *rest = report.lines
        for line in (
            msgspec.structs.replace(first, at=START - HOUR), msgspec.structs.replace(first, purpose="Noget andet"),
        ):
            changed = msgspec.structs.replace(report, lines=[line, *rest])
            check_report(changed, [KEY.verifier(ORIGIN)])
            with pytest.raises(ReportDoesNotHold, match=r"nr\. 1 er ikke"):
                check_against(changed, log.entries)
        told = decode(next(one for one in log.entries if line_of(one, person, OURS) == rest[0]))
        chain = dict(zip(told.persons, told.tally, strict=True))[person][1]  # type: ignore[arg-type]
        emptied = msgspec.structs.replace(report, lines=rest, emptied=1, chain=chain)
        check_report(emptied, [KEY.verifier(ORIGIN)])
        with pytest.raises(ReportDoesNotHold, match="loggen har"):
            check_against(emptied, log.entries)

    def test_what_is_withheld_still_counts(self) -> None:
        log, person = busy_log(random.Random(4))
        report = log.report(person)
        first, *rest = report.lines
        hidden = msgspec.structs.replace(report, lines=[ReportLine(1, None, None, "dbl-22-1", first.core), *rest])
        check_report(hidden, [KEY.verifier(ORIGIN)])
        check_against(hidden, log.entries)


class WhenALogIsCountedAgain:
    def test_what_is_whole_has_no_fault(self) -> None:
        log, _ = busy_log(random.Random(5), 300)
        assert list(Tallies().faults("log", 0, log.entries)) == []

    @pytest.mark.rule(64)
    @pytest.mark.parametrize("seed", range(200))
    def test_an_entry_left_out_when_it_was_written_shows(self, seed: int) -> None:
        dice = random.Random(seed)
        log, person = busy_log(dice, 60)
        naming = [at for at, one in enumerate(log.entries) if line_of(one, person, OURS) is not None][:-1]
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
        log.entries[-1] = asked[:-1] + b',"tally":[[1,"%b"]]}' % chain_over([core_hash(asked)]).hex().encode()
        log.counted[OURS, person] = before
        assert list(Tallies().faults("log", 0, log.entries)) == []
        log.append("readCase", OURS, person)
        assert list(Tallies().faults("log", 0, log.entries)) == []
        assert len(log.report(person).lines) == len(told) + 2

    def test_after_emptied_entries_a_person_may_begin_anywhere_and_goes_on_from_there(self) -> None:
        log, person = busy_log(random.Random(7), 80)
        half = [None] * 40 + log.entries[40:]
        assert list(Tallies().faults("log", 0, half)) == []
        last = max(at for at, one in enumerate(log.entries[:-1]) if line_of(one, person, OURS) is not None)
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


class WhenPurposesAreTold:
    def test_every_purpose_says_what_for_and_an_attempt_is_told_as_one(self) -> None:
        assert purpose_of("exchange", Outcome.ALLOWED).startswith("Udveksling af oplysninger")
        assert "forsøg" in purpose_of("exchange", Outcome.DENIED)

    def test_no_letter_tells_which_of_the_four_the_log_was_read_for(self) -> None:
        assert {purpose_of(one, Outcome.ALLOWED) for one in LogReadingPurpose} == {
            "Tilsyn med loggen og videregivelserne"
        }

    def test_the_chain_is_over_cores_in_order(self) -> None:
        log, person = busy_log(random.Random(9))
        cores = [core_hash(one) for one in log.entries if line_of(one, person, OURS) is not None]
        assert log.counted[OURS, person] == (len(cores), chain_over(cores))


def _naming_nobody(entry: Entry) -> Entry:
    return msgspec.structs.replace(entry, persons=[], tally=msgspec.UNSET)
