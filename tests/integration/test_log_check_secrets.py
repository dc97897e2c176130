"""A reviewer's secret: promised in the log before the checkpoint is there, told at the draw, and not to be changed."""

import hashlib
from typing import Any

import pytest

from checked_log import CHECKS, COMMITMENT, SECRET, announced, busy, drawn, revealed, signed, today
from house import MUNICIPALITY, House
from infohus.kernel.audit.formats.entry import Entry, Outcome
from infohus.kernel.audit.storage.log import log_of
from infohus.web.api_examples import EXAMPLES

OTHER, THIRD = "0123456789abcdef" * 4, "fedcba9876543210" * 4
PROMISED_OTHER = hashlib.sha256(OTHER.encode()).hexdigest()


async def announcing(house: House, check: dict[str, Any]) -> tuple[int, Entry]:
    """Find the entry that announced a check, and its place in the log."""
    (found,) = [
        (index, entry) for index, entry in enumerate(await house.entries(log_of(MUNICIPALITY)))
        if ("insert", "log_check", check["id"]) in {(row.verb, row.table, str(row.row)) for row in entry.wrote}
    ]
    return found


class WhenASecretIsPromised:
    @pytest.mark.rule(63)
    async def test_the_announcing_entry_says_the_commitment_before_the_checkpoint_is_there(self, house: House) -> None:
        await busy(house)
        check = await announced(house, commitment=PROMISED_OTHER)
        index, entry = await announcing(house, check)
        assert entry.justification == f"draw commitment {PROMISED_OTHER}"
        assert (check["commitment"], check["secret"]) == (PROMISED_OTHER, None)
        await signed(house)
        draw = (await revealed(house, check, OTHER))["check"]
        assert (draw["commitment"], draw["secret"], draw["announced_size"]) == (PROMISED_OTHER, OTHER, index + 1)
        assert int(draw["note"].splitlines()[1]) >= index + 1

    @pytest.mark.rule(63)
    async def test_nothing_says_the_secret_before_the_draw_and_no_entry_ever(self, house: House) -> None:
        await busy(house)
        check, one = await announced(house), house.person("dpo")
        path = f"{CHECKS}/{check['id']}"
        early = await one.call("POST", f"{path}/draw", json={"secret": SECRET})
        await signed(house)
        wrong = await one.call("POST", f"{path}/draw", json={"secret": OTHER})
        answers = [early, wrong, *[await one.call("GET", where) for where in (path, CHECKS)]]
        assert [answer.status_code for answer in answers] == [409, 422, 200, 200]
        assert not [answer.text for answer in answers if SECRET in answer.text or OTHER in answer.text]
        assert [row["secret"] for row in await house.sql("SELECT secret FROM infohus.log_check")] == [None]
        await revealed(house, await announced(house, commitment=PROMISED_OTHER), OTHER, status=409)
        await drawn(house, commitment=hashlib.sha256(THIRD.encode()).hexdigest(), secret=THIRD)
        leaves = await house.sql("SELECT entry FROM audit.leaf")
        assert not [row for row in leaves for one in (SECRET, OTHER, THIRD) if one.encode() in row["entry"]]

    @pytest.mark.rule(63)
    async def test_one_that_was_told_before_a_checkpoint_is_spent_for_ever(self, house: House) -> None:
        await busy(house)
        check = await announced(house)
        assert (await revealed(house, check, status=409))["type"] == "/problems/not-drawable-yet"
        await signed(house)
        for _ in range(2):
            refused = await revealed(house, check, status=409)
            assert refused["type"] == "/problems/secret-told-too-early"
        assert await house.sql("SELECT * FROM infohus.log_check WHERE drawn_at IS NOT NULL") == []

    @pytest.mark.rule(63)
    async def test_a_wrong_one_told_too_early_tells_nothing(self, house: House) -> None:
        await busy(house)
        check = await announced(house)
        await revealed(house, check, OTHER, status=422)
        await signed(house)
        assert (await revealed(house, check))["check"]["secret"] == SECRET

    @pytest.mark.rule(63)
    @pytest.mark.parametrize("is_drawn", [False, True])
    async def test_no_secret_is_promised_twice(self, house: House, *, is_drawn: bool) -> None:
        await busy(house)
        await (drawn if is_drawn else announced)(house)
        again = {"period_from": today(), "period_until": today(), "commitment": COMMITMENT}
        refused = await house.person("dpo").post(CHECKS, again, status=422)
        assert refused["type"] == "/problems/secret-promised-before"

    def test_the_description_s_example_is_promised_as_it_is_revealed(self) -> None:
        assert EXAMPLES["AnnounceLogCheck"]["commitment"] == COMMITMENT == hashlib.sha256(SECRET.encode()).hexdigest()

    @pytest.mark.parametrize("commitment", [None, "", "0" * 63, "0" * 65, "A" * 64, "0" * 64 + "\n"])
    async def test_what_is_no_digest_is_not_understood(self, house: House, commitment: str | None) -> None:
        body = {"period_from": today(), "period_until": today()}
        draft = body if commitment is None else {**body, "commitment": commitment}
        assert (await house.person("dpo").post(CHECKS, draft, status=400))["type"].endswith("not-understood")


class WhenItIsRevealed:
    @pytest.mark.rule(63)
    async def test_another_than_was_promised_is_refused_and_the_right_one_draws(self, house: House) -> None:
        await busy(house)
        check = await announced(house)
        await signed(house)
        before = await house.sql("SELECT * FROM infohus.log_check")
        assert (await revealed(house, check, OTHER, status=422))["type"] == "/problems/secret-not-promised"
        assert await house.sql("SELECT * FROM infohus.log_check") == before
        assert await house.sql("SELECT * FROM infohus.log_check_entry") == []
        last = (await house.entries())[-1]
        assert (last.outcome, last.reason, last.wrote) == (Outcome.REFUSED, "secret-not-promised", [])
        found = await revealed(house, check)
        assert (found["check"]["secret"], len(found["items"]) > 0) == (SECRET, True)

    @pytest.mark.rule(63)
    async def test_with_another_secret_the_lot_falls_otherwise(self, house: House) -> None:
        await busy(house)
        one, other = await announced(house), await announced(house, commitment=PROMISED_OTHER)
        await signed(house)
        draws = [(await revealed(house, one))["check"], (await revealed(house, other, OTHER))["check"]]
        assert draws[0]["note"] == draws[1]["note"]
        assert draws[0]["seed"] != draws[1]["seed"]

    @pytest.mark.rule(63)
    async def test_a_check_from_before_secrets_were_promised_can_only_be_announced_again(self, house: House) -> None:
        await busy(house)
        check = await announced(house)
        await signed(house)
        await house.sql("UPDATE infohus.log_check SET commitment = decode(repeat('00', 32), 'hex')")
        assert (await revealed(house, check, status=422))["type"] == "/problems/secret-not-promised"
        found = await drawn(house, commitment=PROMISED_OTHER, secret=OTHER)
        assert found["check"]["id"] != check["id"]

    @pytest.mark.parametrize("body", [
        None, {}, {"secret": None}, {"secret": SECRET.upper()}, {"secret": f"{SECRET}\n"},
        {"secret": SECRET, "more": 1},
    ])
    async def test_what_is_no_secret_is_not_understood(self, house: House, body: dict[str, Any] | None) -> None:
        await busy(house)
        check = await announced(house)
        answer = await house.person("dpo").call("POST", f"{CHECKS}/{check['id']}/draw", json=body)
        assert (answer.status_code, SECRET in answer.text) == (400, False)
