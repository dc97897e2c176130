"""The log's functions and triggers are compared with the shipped ones."""

import pytest

from infohus.kernel.audit.verification import catalog
from infohus.kernel.audit.verification.catalog import POLICIES_DIGEST, SHIPPED, catalog_faults, digest_of
from town import Town


class WhenNothingWasTouched:
    async def test_every_function_has_the_digest_that_is_written_down(self, town: Town) -> None:
        rows = await town.superuser.fetch(catalog._FUNCTIONS)
        assert {row["name"]: digest_of(row["definition"]) for row in rows} == SHIPPED
        assert digest_of(await town.superuser.fetchval(catalog.POLICIES)) == POLICIES_DIGEST
        assert await catalog_faults(town.superuser) == []


class WhenASuperuserChangedThem:
    @pytest.mark.rule(58)
    @pytest.mark.parametrize(
        ("statement", "says"),
        [
            ("ALTER TABLE audit.leaf DISABLE TRIGGER leaf_is_never_changed", "leaf_is_never_changed er slået fra"),
            ("ALTER TABLE audit.leaf DISABLE TRIGGER ALL", "leaf_is_never_changed er slået fra"),
            ("DROP TRIGGER log_is_never_changed ON audit.log", "log_is_never_changed er slået fra eller væk"),
            ("DROP FUNCTION audit.open_log", "audit.open_log: funktionen er væk"),
            (
                """CREATE OR REPLACE FUNCTION audit.append(to_log uuid, new_entry bytea) RETURNS bigint
                LANGUAGE sql AS 'SELECT 1::bigint'""",
                "audit.append: funktionen er ikke den",
            ),
            ("ALTER FUNCTION audit.append(uuid, bytea) SECURITY INVOKER", "audit.append: funktionen er ikke den"),
            ("ALTER FUNCTION audit.append(uuid, bytea) SET search_path = public", "audit.append: funktionen er ikke"),
            (
                "CREATE FUNCTION audit.append(text, bytea) RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint'",
                "audit.append: funktionen er ikke den",
            ),
            (
                """CREATE TRIGGER quiet BEFORE UPDATE ON audit.leaf FOR EACH ROW
                EXECUTE FUNCTION suppress_redundant_updates_trigger()""",
                "quiet er ikke leveret",
            ),
            ("ALTER TABLE audit.leaf DISABLE ROW LEVEL SECURITY", "audit.leaf: tabellen er ikke den"),
            ("ALTER POLICY select_leaf ON audit.leaf USING (true)", "hvem der ser hvad"),
            ("CREATE POLICY hiding ON audit.leaf AS RESTRICTIVE FOR SELECT USING (index < 1)", "hvem der ser hvad"),
            ("DROP POLICY select_all_logs ON audit.log", "hvem der ser hvad"),
        ],
    )
    async def test_what_is_not_as_shipped_is_named(self, town: Town, statement: str, says: str) -> None:
        await town.superuser.execute(statement)
        assert says in " | ".join(map(str, await catalog_faults(town.superuser)))
