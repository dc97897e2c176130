"""A log check from announcement to end: drawn from what nobody knew, reviewed by another, answered, remedied."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import asyncpg
import httpx
import pytest
from dateutil.relativedelta import relativedelta
from litestar import Litestar

from checked_log import (
    CHECKS,
    COMMITMENT,
    DPO,
    OWNER,
    SECRET,
    SOON,
    announced,
    busy,
    drawn,
    found_at,
    logged,
    revealed,
    review,
    signed,
)
from conftest import Database
from house import AUTHORITIES, MUNICIPAL_LOG, House, now, open_house
from house_rows import origin_of
from infohus.danish_calendar import danish_day, start_of_day
from infohus.demo.people import DEMO_PEOPLE
from infohus.kernel.audit.formats.checkpoint import SigningKey
from infohus.kernel.audit.formats.draw import commitment_of
from infohus.kernel.audit.signing import of_settings
from infohus.kernel.audit.witness.cosigning import Witnesses, WitnessPolicy, WitnessUnreachable
from infohus.kernel.audit.witness.server import create_witness_app
from infohus.kernel.audit.witness.witness import Witness

NAMES = ("kommune.example", "politi.example", "dpo.example")

@pytest.fixture
def away() -> set[str]:
    """Name the witnesses that do not answer: none yet."""
    return set()


@pytest.fixture
async def witnessed(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, away: set[str]
) -> AsyncIterator[House]:
    """Open an installation whose log three witnesses cosign, of which two must."""
    servers: dict[str, Litestar] = {}
    keys = {name: SigningKey(name[:1].encode() * 32) for name in NAMES}

    async def send(url: str, body: bytes) -> tuple[int, str]:
        name = httpx.URL(url).host
        if name in away:
            raise WitnessUnreachable
        if name not in servers:
            log = SigningKey.load(tmp_path / "keys" / "log-signing.key")
            named = ("installation", *(row[0] for row in AUTHORITIES))
            logs = [log.verifier(origin_of(one)) for one in named]
            witness = Witness(keys[name], name=name, folder=tmp_path / name, logs=logs, clock=now)
            servers[name] = create_witness_app(witness)
        transport = httpx.ASGITransport(cast("Any", servers[name]))
        async with httpx.AsyncClient(transport=transport) as client:
            answer = await client.post(url, content=body)
        return answer.status_code, answer.text

    verifiers = tuple(
        Witness(keys[name], name=name, folder=tmp_path / f"{name}-key", logs=[], clock=now).verifier for name in NAMES
    )
    policy = WitnessPolicy(2, verifiers, tuple(f"http://{name}" for name in NAMES))
    monkeypatch.setattr(of_settings, "witnesses_in", lambda _file, clock: Witnesses(policy, send, clock))
    async with open_house(database, tmp_path) as opened:
        yield opened
        await opened.assert_logs_are_whole()


class WhenACheckIsAnnounced:
    @pytest.mark.rule(63)
    async def test_nothing_is_drawn_before_a_checkpoint_that_nobody_knew(self, house: House) -> None:
        await busy(house)
        await signed(house)  # a checkpoint that is known already
        check = await announced(house)
        assert (await revealed(house, check, status=409))["type"] == "/problems/not-drawable-yet"
        (entry,) = [one for one in await house.entries() if any(str(row.row) == check["id"] for row in one.wrote)]
        assert (entry.action, entry.caller) == ("announceLogCheck", DPO)

    @pytest.mark.rule(63)
    async def test_it_looks_at_what_was_logged_before_it(self, house: House) -> None:
        await busy(house)
        before = len(await house.entries(MUNICIPAL_LOG))
        check = await announced(house, sample=3)
        signing_in = before
        assert (check["first_index"], check["last_index"], check["sample"]) == (0, signing_in, 3)

    @pytest.mark.parametrize(("since", "until"), [
        ("2020-01-01", "2020-06-30"), ("2099-01-01", "2099-06-30"), ("2026-12-31", "2020-01-01"),
    ])
    async def test_a_period_without_entries_or_that_lies_ahead_is_refused(
        self, house: House, since: str, until: str
    ) -> None:
        await busy(house)
        draft = {"period_from": since, "period_until": until, "commitment": COMMITMENT}
        assert (await house.person("dpo").post(CHECKS, draft, status=422))["type"].endswith("nothing-in-period")

    @pytest.mark.rule(63)
    @pytest.mark.parametrize("by", ["kommune", "politi", "raadgiver", "jurist", "admin"])
    async def test_nobody_but_a_dpo_checks(self, house: House, by: str) -> None:
        await busy(house)
        await house.person(by).post(CHECKS, {"commitment": COMMITMENT}, status=403)
        await house.person(by).get(CHECKS, status=200 if by == "jurist" else 403)

    async def test_sent_twice_it_is_announced_once(self, house: House) -> None:
        await busy(house)
        body = {"period_from": str(danish_day(now())), "period_until": str(danish_day(now())), "commitment": COMMITMENT}
        once = {"Idempotency-Key": "varsel-2026-2"}
        sent = [await house.person("dpo").call("POST", CHECKS, json=body, headers=once) for _ in range(2)]
        assert len({answer.json()["id"] for answer in sent}) == 1


class WhenItIsDrawn:
    @pytest.mark.rule(63)
    async def test_anyone_draws_the_same_again_offline(self, witnessed: House, tmp_path: Path) -> None:
        await busy(witnessed)
        found = await drawn(witnessed, sample=4)
        check = found["check"]
        assert (check["need"], check["is_steerable"], check["secret"]) == (2, False, SECRET)
        by_lot = sorted(one["leaf_index"] for one in found["items"] if "random" in one["reasons"])
        (tmp_path / "note").write_text(check["note"], encoding="utf-8")
        key = SigningKey.load(witnessed.settings.keys_folder / "log-signing.key").verifier("infohus.test/ishoj-kommune")
        (tmp_path / "log.pub").write_text(f"{key}\n", encoding="utf-8")
        cosigners = []
        for name in NAMES:
            witness = Witness(
                SigningKey(name[:1].encode() * 32), name=name, folder=tmp_path / "w", logs=[], clock=now
            )
            (tmp_path / f"{name}.pub").write_text(f"{witness.verifier}\n", encoding="utf-8")
            cosigners += ["--cosigner", str(tmp_path / f"{name}.pub")]
        ran = await asyncio.to_thread(
            subprocess.run, [sys.executable, "-m", "infohus", "audit", "draw", str(tmp_path / "note"), "--key",
             str(tmp_path / "log.pub"), *cosigners, "--need", "2", "--check", check["id"], "--announced-at",
             str(check["announced_size"]), "--first", str(check["first_index"]), "--last", str(check["last_index"]),
             "--sample", "4", "--commitment", COMMITMENT, "--secret", SECRET],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert ran.returncode == 0, ran.stderr
        assert (sorted(map(int, ran.stdout.split())), ran.stderr) == (by_lot, f"seed {check['seed']}\n")

    @pytest.mark.rule(63)
    async def test_as_many_must_have_cosigned_as_when_it_was_announced(
        self, witnessed: House, away: set[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await busy(witnessed)
        other = "c" * 64
        early, check = await announced(witnessed, commitment=commitment_of(other).hex()), await announced(witnessed)
        monkeypatch.setattr(Witnesses, "need", 1)  # since then, one is enough
        away.update(NAMES[1:])
        await signed(witnessed)
        assert (await revealed(witnessed, early, other, status=409))["type"] == "/problems/not-drawable-yet"
        away.clear()
        await signed(witnessed)
        drawn_now = (await revealed(witnessed, check))["check"]
        assert (drawn_now["need"], drawn_now["is_steerable"]) == (2, False)

    @pytest.mark.rule(63)
    async def test_without_witnesses_it_says_that_it_could_be_steered(self, house: House) -> None:
        await busy(house)
        assert (await drawn(house))["check"]["is_steerable"] is True

    @pytest.mark.rule(63)
    async def test_it_is_drawn_once(self, house: House) -> None:
        await busy(house)
        check = (await drawn(house))["check"]
        await revealed(house, check, status=409)
        assert [row["seed"].hex() for row in await house.sql("SELECT seed FROM infohus.log_check")] == [check["seed"]]

    @pytest.mark.rule(63)
    async def test_an_attempt_at_what_was_not_disclosed_is_looked_at_whatever_the_lot_says(self, house: House) -> None:
        await busy(house)
        found = await drawn(house, by="politi-dpo", sample=2)
        picked = [one for one in found["items"] if "undisclosed_item_attempts" in one["reasons"]]
        assert [one["entry"]["outcome"] for one in picked] == ["denied"]
        rules = (await house.person("dpo").get(CHECKS))["rules"]
        assert {one["code"] for one in rules if not one["is_evaluable"]} == {"break_glass"}
        assert all(one["why_not"] for one in rules if not one["is_evaluable"])


class WhenEntriesAreReviewed:
    @pytest.mark.rule(63)
    async def test_nobody_reviews_an_entry_of_their_own_and_legal_staff_do(self, house: House) -> None:
        await busy(house)
        check = await drawn(house, sample=200)
        own = next(one["leaf_index"] for one in check["items"] if one["is_own"])
        refused = await review(house, check, own, status=409)
        assert (refused["type"], "jurist" in refused["detail"]) == ("/problems/own-entry-reviewed", True)
        reviewed = await review(house, check, own, by="jurist")
        assert reviewed["reviewed_by"] == str(DEMO_PEOPLE["jurist"].person_id)

    @pytest.mark.rule(63)
    async def test_the_database_itself_lets_nobody_review_an_own_entry(self, house: House) -> None:
        await busy(house)
        await drawn(house, sample=200)
        with pytest.raises(asyncpg.CheckViolationError, match="reviewer_is_not_the_reviewed"):
            await house.sql(
                "UPDATE infohus.log_check_entry SET review = 'in_order', reviewed_by = caller_id, reviewed_at = now()"
            )

    @pytest.mark.rule(63)
    async def test_a_check_is_complete_when_each_entry_has_a_verdict_and_then_the_next_is_due_half_a_year_later(
        self, house: House
    ) -> None:
        await busy(house)
        check = await drawn(house, sample=200)
        for one in check["items"]:
            await review(house, check, one["leaf_index"], by="jurist" if one["is_own"] else "dpo")
        overview = await house.person("dpo").get(CHECKS)
        assert [(one["is_complete"], one["reviewed"]) for one in overview["checks"]] == [(True, len(check["items"]))]
        assert overview["next_due"] == str(danish_day(now()) + relativedelta(months=6))
        assert overview["is_overdue"] is False
        await review(house, check, check["items"][0]["leaf_index"], status=409)

    @pytest.mark.rule(63)
    @pytest.mark.fault("C24")
    @pytest.mark.parametrize(("first", "due"), [
        ("2025-01-02T10:00:00Z", "2025-07-02"), ("2024-08-31T10:00:00Z", "2025-02-28"),
        ("2023-08-31T10:00:00Z", "2024-02-29"), ("2024-12-30T23:30:00Z", "2025-06-30"),
    ])
    async def test_an_overdue_check_shows(self, house: House, first: str, due: str) -> None:
        await logged(house, first)
        overview = await house.person("dpo").get(CHECKS)
        assert (overview["next_due"], overview["is_overdue"]) == (due, True)

    async def test_what_the_check_does_not_look_at_is_not_reviewed(self, house: House) -> None:
        await busy(house)
        check = await drawn(house, sample=2)
        await review(house, check, 10_000, status=404)


class WhenSomethingIsFound:
    @pytest.mark.rule(63)
    async def test_it_is_answered_by_its_owner_and_ended_by_the_dpo(self, house: House) -> None:
        await busy(house)
        finding, owner = await found_at(house)
        path = "/log/findings"
        [listed] = (await owner.get(path))["items"]
        assert listed["text"] == "Opslag om natten."
        assert (await house.person("politi").get(path))["items"] == []
        answered = await owner.call(
            "POST", f"{path}/{finding['id']}/answer", json={"text": "Skolen ringede."},
            headers={"If-Match": listed["etag"]},
        )
        assert (answered.status_code, answered.json()["answer"]) == (200, "Skolen ringede.")
        assert answered.headers["ETag"] == answered.json()["etag"] != listed["etag"]
        ended = await house.person("dpo").call(
            "POST", f"{path}/{finding['id']}/remedy", json={"outcome": "accepted", "text": "Forklaret."},
            headers={"If-Match": answered.headers["ETag"]},
        )
        assert (ended.json()["outcome"], ended.json()["remedy"]) == ("accepted", "Forklaret.")
        overview = await house.person("dpo").get(CHECKS)
        assert (overview["open_findings"], overview["overdue_findings"]) == (0, 0)
        stored = await house.sql("SELECT text, answer, remedy FROM infohus.log_finding")
        assert not [one for one in stored[0].values() if b"natten" in one or b"Skolen" in one or b"Forklaret" in one]
        opened = [place for one in await house.entries() for place in one.opened if place.table == "log_finding"]
        assert {place.column for place in opened} == {"text", "answer", "remedy"}

    @pytest.mark.rule(63)
    async def test_an_overdue_one_shows(self, house: House) -> None:
        await busy(house)
        finding, _ = await found_at(house)
        assert finding["is_overdue"] is False
        await house.sql("UPDATE infohus.log_finding SET answer_by = '2026-01-01'")
        overview = await house.person("dpo").get(CHECKS)
        assert (overview["open_findings"], overview["overdue_findings"]) == (1, 1)

    @pytest.mark.rule(63)
    @pytest.mark.parametrize("change", [
        {"text": None}, {"owner": None}, {"owner": str(DPO)}, {"owner": str(uuid4())}, {"answer_by": None},
        {"answer_by": "2020-01-01"},
    ])
    async def test_one_without_text_owner_or_deadline_is_refused(self, house: House, change: dict[str, Any]) -> None:
        await busy(house)
        check = await drawn(house, sample=200)
        index = next(one["leaf_index"] for one in check["items"] if not one["is_own"])
        draft = {"review": "finding", "text": "Et fund.", "owner": str(OWNER), "answer_by": SOON, **change}
        assert (await review(house, check, index, status=422, **draft))["type"].endswith("finding-not-complete")

    @pytest.mark.rule(63)
    async def test_nobody_else_answers_or_ends_it_and_nothing_is_said_twice(self, house: House) -> None:
        await busy(house)
        finding, owner = await found_at(house)
        path = f"/log/findings/{finding['id']}"
        answer, end = {"text": "Nej."}, {"outcome": "remedied", "text": "Talt med."}
        for by, where, body in (
            ("dpo", "answer", answer), ("politi", "answer", answer), ("politi-dpo", "remedy", end),
            ("kommune", "remedy", end),
        ):
            refused = await house.person(by).call(
                "POST", f"{path}/{where}", json=body, headers={"If-Match": '"1"'}
            )
            assert refused.status_code == (403 if (by, where) == ("kommune", "remedy") else 404), (by, where)
        assert (await owner.call("POST", f"{path}/answer", json=answer)).status_code == 428
        await owner.call("POST", f"{path}/answer", json=answer, headers={"If-Match": '"1"'})
        again = await owner.call("POST", f"{path}/answer", json=answer, headers={"If-Match": '"1"'})
        assert again.status_code == 412
        twice = await owner.call("POST", f"{path}/answer", json=answer, headers={"If-Match": '"2"'})
        assert twice.status_code == 409


class WhenStaffAreTold:
    @pytest.mark.rule(63)
    async def test_each_reads_that_use_is_logged_and_who_has_not_is_listed(self, house: House) -> None:
        await busy(house)
        notice = "/log/notice"
        read = await house.person("kommune").get(notice)
        assert ("bliver logget" in read["text"], read["acknowledged_at"]) == (True, None)
        first = await house.person("kommune").post(f"{notice}/acknowledgement", status=200)
        again = await house.person("kommune").post(f"{notice}/acknowledgement", status=200)
        assert first == again
        state = await house.person("dpo").get(f"{notice}/acknowledgements")
        assert [one["person"] for one in state["acknowledged"]] == [str(OWNER)]
        assert state["missing"] == [str(DPO)]

    @pytest.mark.fault("C24")
    async def test_whoever_acted_in_the_last_six_months_is_missing_from_the_first_danish_day_on(
        self, house: House
    ) -> None:
        begins = start_of_day(danish_day(now()) - relativedelta(months=6))
        too_early, just_in_time = uuid4(), uuid4()
        await logged(house, (begins - timedelta(seconds=1)).isoformat(), caller=too_early)
        await logged(house, begins.isoformat(), caller=just_in_time)
        state = await house.person("dpo").get("/log/notice/acknowledgements")
        assert {str(too_early), str(just_in_time)}.intersection(state["missing"]) == {str(just_in_time)}

    @pytest.mark.rule(63)
    async def test_only_a_dpo_sees_who_has_read_it(self, house: House) -> None:
        notice = "/log/notice"
        await house.person("kommune").get(f"{notice}/acknowledgements", status=403)
