"""What the database acknowledged is looked for among the rows: a replaced append function is found out."""

import pytest

from house import House, told
from infohus.kernel.audit.signing.acknowledged import AcknowledgedEntries
from infohus.kernel.audit.storage.log import APPEND
from infohus.kernel.audit.verification.consistency import LogNotAsSigned
from small_entries import small_entry
from town import LOG, Town

DROPS = """
CREATE OR REPLACE FUNCTION audit.append(to_log uuid, VARIADIC new_entries bytea[]) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$ SELECT size FROM audit.frontier WHERE log_id = to_log $$
"""


class WhenEntriesWereAcknowledged:
    async def test_they_are_all_found_whenever_it_looks(self, town: Town) -> None:
        appended = AcknowledgedEntries()
        for number in range(30):
            entry = small_entry(LOG, f"post {number}")
            await town.app.execute(APPEND, LOG, entry)
            appended.add(LOG, entry)
            if number % 7 == 0:
                assert await appended.missing(town.connection, LOG) == 0
        assert await appended.missing(town.connection, LOG) == 0

    async def test_one_whose_answer_came_after_the_look_is_found_at_the_next(self, town: Town) -> None:
        appended = AcknowledgedEntries()
        appended.begin_at(LOG, 0)
        await town.app.execute(APPEND, LOG, small_entry(LOG, "slow"))
        assert await appended.missing(town.connection, LOG) == 0
        appended.add(LOG, small_entry(LOG, "slow"))
        assert await appended.missing(town.connection, LOG) == 0

    async def test_one_that_is_nowhere_is_counted(self, town: Town) -> None:
        appended = AcknowledgedEntries()
        await town.append(3)
        appended.add(LOG, small_entry(LOG, "never written"))
        assert await appended.missing(town.connection, LOG) == 1


class WhenTheAppendFunctionWasReplaced:
    @pytest.mark.rule(58)
    @pytest.mark.rule(59)
    async def test_the_next_signature_is_refused_and_stays_refused(self, town: Town) -> None:
        await town.append(3)
        signer = town.signer()
        await signer.sign(town.connection, LOG)
        await town.superuser.execute(DROPS)
        await town.app.execute(APPEND, LOG, small_entry(LOG, "dropped"))
        signer.acknowledged.add(LOG, small_entry(LOG, "dropped"))
        for _ in range(2):
            with pytest.raises(LogNotAsSigned):
                await signer.sign(town.connection, LOG)
        assert signer.alarm(LOG) == "rewritten"

    @pytest.mark.rule(59)
    async def test_the_dpo_is_told_when_a_whole_installation_loses_an_entry(self, house: House) -> None:
        dpo = house.person("dpo")
        true = (await house.sql("SELECT pg_get_functiondef('audit.append(uuid, bytea[])'::regprocedure) AS text"))[0]
        await house.case()
        await house.sql(DROPS)
        await house.case()
        await house.sql(true["text"])
        state = await dpo.get("/log")
        assert (state["is_whole"], state["checkpoint"]) == (False, "")

    @pytest.mark.rule(56)
    @pytest.mark.rule(59)
    @pytest.mark.parametrize(("by", "path", "status"), [
        ("politi", "/concerns/{concern}", 404), ("kommune", "/screenings", 409),
    ], ids=["a denial", "a refusal"])
    async def test_also_when_all_that_is_lost_is_an_attempt(
        self, house: House, by: str, path: str, status: int
    ) -> None:
        case, person = await house.case(), house.person(by)
        dpo = house.person("politi-dpo" if by == "politi" else "dpo")
        await person.get(case.path)
        assert (await dpo.get("/log"))["is_whole"]
        true = (await house.sql("SELECT pg_get_functiondef('audit.append(uuid, bytea[])'::regprocedure) AS text"))[0]
        screening = {"outcome": "recommend", "content": {"considered": "x", "reasons": "y"}, "disclosure": told()}
        await house.sql(DROPS)
        answer = await person.call(
            "GET" if status == 404 else "POST", case.path + path.format(concern=case.concern_id),
            **({} if status == 404 else {"json": screening}),
        )
        await house.sql(true["text"])
        assert answer.status_code == status
        state = await dpo.get("/log")
        assert (state["is_whole"], state["checkpoint"]) == (False, "")
