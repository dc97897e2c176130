"""A side of a case is seen and changed by its own authority alone, in every role (rule 44)."""

import asyncpg
import pytest

from infohus.kernel.authorization.action import Action
from policies.asking_rows import who
from policies.conftest import Compared
from policies.test_row_writing import writers

SIDES = ("case_side", "side_person")


class WhenThereAreTwoSides:
    @pytest.mark.rule(44)
    def test_both_sides_of_a_case_are_there_and_nobody_sees_another_s(self, compared: Compared) -> None:
        rows = [row for row in compared.asked.world.rows if row.table in SIDES]
        sides = {(row.case_id, row.columns["authority_id"]) for row in rows}
        assert any({(row.case_id, "ishoj-kommune"), (row.case_id, "kbh-vestegns-politi")} <= sides for row in rows)
        for looker, seen in compared.seen.items():
            shown = {row.columns["authority_id"] for row in rows if (row.table, row.place) in seen}
            assert shown <= {looker.caller.authority_id}, looker

    @pytest.mark.rule(44)
    async def test_only_whoever_takes_part_changes_the_own_one(
        self, compared: Compared, app: asyncpg.Connection
    ) -> None:
        rows = [row for row in compared.asked.world.rows if row.table == "case_side"]
        changed_by = set()
        for looker in writers(compared):
            attempt = app.transaction()
            await attempt.start()
            await app.execute("SELECT infohus.act_as($1, $2, $3, $4)", *who(looker))
            found = await app.fetch("UPDATE infohus.case_side SET version = version RETURNING case_id, authority_id")
            await attempt.rollback()
            assert {row["authority_id"] for row in found} <= {looker.caller.authority_id}, looker
            own = {row.case_id for row in rows if row.columns["authority_id"] == looker.caller.authority_id}
            let = {
                case_id for case_id in own
                if compared.asked.allows(looker, compared.asked.on_case(looker, Action.READ_CASE, case_id))
            }
            assert {row["case_id"] for row in found} == let, looker
            changed_by |= {looker.caller.authority_id} if found else set()
        assert {"ishoj-kommune", "kbh-vestegns-politi"} <= changed_by

    @pytest.mark.rule(60)
    async def test_no_log_id_is_ever_changed(self, app: asyncpg.Connection) -> None:
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied"):
            await app.execute("UPDATE infohus.side_person SET log_id = ''")
