"""Complete exchanges: the three answers, consent, PET, receipts, withdrawals, requests, releases from custody."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

REGIME = ("gdpr", "led", "pet")
ANSWERS = ("disclosed", "partly", "declined")


def upgrade() -> None:
    """Add what an exchange carries beyond its necessity, and what comes before and after it."""
    _widen_exchange()
    _create_tables()
    _withdrawing()
    _row_security()


def _widen_exchange() -> None:
    op.execute("ALTER TABLE infohus.exchange DROP CONSTRAINT ck_exchange_paragraph")
    op.execute(
        "ALTER TABLE infohus.exchange ADD CONSTRAINT ck_exchange_paragraph"
        " CHECK (paragraph IN ('rpl-115-1', 'rpl-115-2', 'rpl-115-3', 'pet-loven-4'))"
    )
    # No exchange is older than this migration: nothing was ever released without these columns.
    for column in (
        sa.Column("is_onward", sa.Boolean(), nullable=False),
        sa.Column("consent", _choice(("given", "refused", "sought", "not_sought"), "consent"), nullable=False),
        sa.Column("consent_reason", sa.LargeBinary(), nullable=True),
        sa.Column("proportionality", sa.LargeBinary(), nullable=False),
        sa.Column("subsidiarity", sa.LargeBinary(), nullable=False),
    ):
        op.add_column("exchange", column, schema="infohus")
    op.add_column("disclosure", sa.Column("withdrawn_at", sa.DateTime(timezone=True)), schema="infohus")
    op.add_column(
        "participant",
        sa.Column("public_task_confirmed", sa.Boolean(), server_default=sa.false(), nullable=False), schema="infohus",
    )
    op.alter_column("participant", "public_task_confirmed", server_default=None, schema="infohus")


def _create_tables() -> None:
    _create_record(
        "custody_release",
        sa.Column("released_on", sa.Date(), nullable=False),
        sa.Column("judgement", _choice(("radicalised", "at_risk"), "judgement"), nullable=False),
        sa.Column("basis", sa.LargeBinary(), nullable=False),
    )
    _create_record(
        "information_request",
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_of", sa.Text(), nullable=False),
        sa.Column("exchange_id", sa.Uuid(), nullable=True),
        sa.Column("answer", _choice(ANSWERS, "answer"), nullable=True),
        sa.Column("answer_exchange_id", sa.Uuid(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("question", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "answer IS NULL OR (answer = 'declined') = (answer_exchange_id IS NULL)",
            name=op.f("ck_information_request_disclosing_is_an_exchange"),
        ),
        sa.CheckConstraint(
            "(answer IS NULL) = (answered_at IS NULL)", name=op.f("ck_information_request_answered_at_some_time")
        ),
        _to("information_request", "asked_by", "authority"),
        _to("information_request", "asked_of", "authority"),
        _to("information_request", "exchange_id", "exchange"),
        _to("information_request", "answer_exchange_id", "exchange"),
    )
    _create_record(
        "withdrawal",
        sa.Column("exchange_id", sa.Uuid(), nullable=False),
        sa.Column("recipient_id", sa.Text(), nullable=False),
        sa.Column("was_acknowledged", sa.Boolean(), nullable=False),
        sa.Column("records", sa.Integer(), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        _to("withdrawal", "exchange_id", "exchange"),
        _to("withdrawal", "recipient_id", "authority"),
        sa.UniqueConstraint("exchange_id", "recipient_id", name=op.f("uq_withdrawal_exchange_id_recipient_id")),
    )
    op.create_table(
        "receipt",
        sa.Column("exchange_id", sa.Uuid(), nullable=False),
        sa.Column("authority_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("manifest", sa.LargeBinary(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=False),
        _to("receipt", "exchange_id", "exchange"),
        _to("receipt", "authority_id", "authority"),
        _to("receipt", "case_id", "case"),
        sa.PrimaryKeyConstraint("exchange_id", "authority_id", name=op.f("pk_receipt")),
        schema="infohus",
    )
    op.create_index(op.f("ix_receipt_case_id"), "receipt", ["case_id"], schema="infohus")


def _withdrawing() -> None:
    op.execute("""
        CREATE OR REPLACE FUNCTION infohus.was_told(of_record uuid) RETURNS boolean
          LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
          AS $$
          BEGIN
            RETURN EXISTS (
                  SELECT FROM infohus.disclosure d
                  WHERE d.record_id = of_record AND d.recipient_id = infohus.caller_authority()
                    AND d.withdrawn_at IS NULL
                );
          END
          $$
    """)
    # The recipient's wraps are the recipient's rows; only this function takes them away, and only for who gave them.
    op.execute("""
        CREATE FUNCTION infohus.withdraw(of_exchange uuid, recipient text, kinds text[]) RETURNS SETOF uuid
          LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
          AS $$
          DECLARE
            told record;
            other uuid;
          BEGIN
            IF NOT EXISTS (
              SELECT FROM infohus.exchange e
              WHERE e.id = of_exchange AND e.authority_id = infohus.caller_authority()
                AND infohus.takes_part(e.case_id, 'coordinators')
            ) THEN
              RETURN;
            END IF;
            FOR told IN
              UPDATE infohus.disclosure d SET withdrawn_at = infohus.acting_at()
              WHERE d.exchange_id = of_exchange AND d.recipient_id = recipient AND d.withdrawn_at IS NULL
                AND d.record_kind = ANY (kinds)
              RETURNING d.record_id
            LOOP
              SELECT d.exchange_id INTO other FROM infohus.disclosure d
              WHERE d.record_id = told.record_id AND d.recipient_id = recipient AND d.withdrawn_at IS NULL LIMIT 1;
              IF other IS NULL THEN
                DELETE FROM infohus.record_key k
                WHERE k.record_id = told.record_id AND k.authority_id = recipient AND k.authority_id <> k.owner_id;
              ELSE
                UPDATE infohus.record_key k SET exchange_id = other
                WHERE k.record_id = told.record_id AND k.authority_id = recipient AND k.exchange_id = of_exchange;
              END IF;
              RETURN NEXT told.record_id;
            END LOOP;
          END
          $$
    """)
    op.execute("REVOKE EXECUTE ON FUNCTION infohus.withdraw(uuid, text, text[]) FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION infohus.withdraw(uuid, text, text[]) TO infohus_app")


def _row_security() -> None:
    ours_or_told = "(authority_id = infohus.caller_authority() OR infohus.was_told(id))"
    for table in ("custody_release", "information_request", "withdrawal"):
        takes_part = "infohus.takes_part(case_id, 'coordinators')"
        rules = {
            "SELECT": f"{takes_part} AND {ours_or_told}",
            "INSERT": f"authority_id = infohus.caller_authority() AND {takes_part}",
        }
        if table == "information_request":
            rules["UPDATE"] = rules["SELECT"]
        if table == "withdrawal":
            rules["SELECT"] = f"{takes_part} AND authority_id = infohus.caller_authority()"
            rules["INSERT"] += (
                " AND EXISTS (SELECT FROM infohus.exchange e"
                " WHERE e.id = exchange_id AND e.authority_id = infohus.caller_authority())"
            )
        _policies(table, rules)
    _policies("receipt", {
        # Whoever may see the exchange: its own row security answers.
        "SELECT": "EXISTS (SELECT FROM infohus.exchange e WHERE e.id = exchange_id)",
        "INSERT": "authority_id = infohus.caller_authority() AND person_id = infohus.caller_person()"
                  " AND infohus.takes_part(case_id, 'coordinators')"
                  " AND EXISTS (SELECT FROM infohus.exchange e WHERE e.id = exchange_id)",
    })
    # `withdraw` runs as the owner, whom row security binds too: this much of these tables, and no more.
    ours = "USING (authority_id = infohus.caller_authority())"
    op.execute(f"CREATE POLICY withdrawing_read ON infohus.exchange FOR SELECT TO infohus_owner {ours}")
    op.execute(
        "CREATE POLICY withdrawing_update ON infohus.disclosure FOR UPDATE TO infohus_owner"
        " USING (infohus.caller_authority() IS NOT NULL)"
    )
    for command in ("SELECT", "UPDATE", "DELETE"):
        op.execute(
            f"CREATE POLICY withdrawing_{command.lower()} ON infohus.record_key FOR {command} TO infohus_owner"
            " USING (authority_id <> owner_id AND infohus.caller_authority() IS NOT NULL)"
        )


def _policies(table: str, rules: dict[str, str]) -> None:
    op.execute(f"ALTER TABLE infohus.{table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE infohus.{table} FORCE ROW LEVEL SECURITY")
    for command, rule in rules.items():
        clause = f"WITH CHECK ({rule})" if command == "INSERT" else f"USING ({rule})"
        op.execute(f"CREATE POLICY {command.lower()}_{table} ON infohus.{table} FOR {command} TO infohus_app {clause}")
        columns = " (answer, answer_exchange_id, answered_at, exchange_id)" if command == "UPDATE" else ""
        op.execute(f"GRANT {command}{columns} ON infohus.{table} TO infohus_app")


def _create_record(table: str, *more: sa.schema.SchemaItem) -> None:
    op.create_table(
        table,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("authority_id", sa.Text(), nullable=False),
        sa.Column("regime", _choice(REGIME, "regime"), nullable=False),
        sa.Column("record_version", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        *more,
        sa.ForeignKeyConstraint(
            ["authority_id", "regime"], ["infohus.authority.id", "infohus.authority.regime"],
            name=op.f(f"fk_{table}_authority_id_regime"),
        ),
        _to(table, "case_id", "case"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        schema="infohus",
    )
    op.create_index(op.f(f"ix_{table}_case_id"), table, ["case_id"], schema="infohus")


def _to(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"infohus.{other}.id"], name=op.f(f"fk_{table}_{column}"))


def _choice(values: tuple[str, ...], name: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=60)


def downgrade() -> None:
    """There is no way back: the answers and receipts would be lost."""
    raise RuntimeError
