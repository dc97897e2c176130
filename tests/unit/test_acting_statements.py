"""A statement that stands alone tells row security who acts before it does anything."""

import pytest

from infohus.kernel.access.keys_model import ExchangeKey, KeptKey, SideSecret
from infohus.kernel.database.statements import acting, acting_insert, insert_of, insert_unless_there_of
from infohus.kernel.database.tables import Row


def test_a_query_reads_nothing_before() -> None:
    assert acting("SELECT $1", 1, schema="keys") == (
        "SELECT asked.* FROM (SELECT $1) AS asked WHERE (SELECT keys.act_as($2, $3, $4, $5))"
    )


def test_a_row_is_computed_only_afterwards() -> None:
    insert = "INSERT INTO keys.one (id, name) VALUES ($1::UUID, $2::VARCHAR) ON CONFLICT DO NOTHING"
    assert acting_insert(insert, 2, schema="keys") == (
        "INSERT INTO keys.one (id, name) SELECT $1::UUID, $2::VARCHAR WHERE (SELECT keys.act_as($3, $4, $5, $6)) "
        "AND set_config('synchronous_commit', CASE WHEN $7::TIMESTAMP WITH TIME ZONE = pg_postmaster_start_time() "
        "THEN 'off' ELSE current_setting('synchronous_commit') END, true) IS NOT NULL ON CONFLICT DO NOTHING"
    )


@pytest.mark.parametrize("model", [ExchangeKey, KeptKey, SideSecret])
def test_each_value_of_a_key_row_has_its_type(model: type[Row]) -> None:
    for insert in (insert_of(model), insert_unless_there_of(model)):
        rewritten = acting_insert(insert.sql, len(insert.names), schema="keys")
        assert rewritten is not None
        assert "VALUES" not in rewritten


def test_another_statement_is_not_rewritten() -> None:
    assert acting_insert("UPDATE keys.one SET id = $1", 1, schema="keys") is None
