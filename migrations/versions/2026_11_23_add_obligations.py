"""Add what a plan promises as tasks, that they were met, and the material of the district-wide network."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

STAFF_OF_THE_PLAN = (
    "EXISTS (SELECT FROM infohus.infohus_authority o WHERE o.infohus_id = {table}.infohus_id"
    " AND o.authority_id = infohus.caller_authority())"
)
"""The same as the policy `staff-of-the-plan-read-the-plan`: nothing in these tables is of a case or a person."""


def upgrade() -> None:
    """Create the three tables. The owner writes obligations when a plan is loaded, so row security does not bind it."""
    _create_obligation()
    _create_fulfilment()
    _create_network_material()
    for table in ("obligation", "fulfilment", "network_material"):
        op.execute(f"ALTER TABLE infohus.{table} ENABLE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY select_{table} ON infohus.{table} FOR SELECT TO infohus_app"
            f" USING ({STAFF_OF_THE_PLAN.format(table=table)})"
        )
        op.execute(f"GRANT SELECT ON infohus.{table} TO infohus_app")
    for table in ("fulfilment", "network_material"):
        op.execute(
            f"CREATE POLICY insert_{table} ON infohus.{table} FOR INSERT TO infohus_app"
            " WITH CHECK (infohus.coordinates(infohus_id))"
        )
        op.execute(f"GRANT INSERT ON infohus.{table} TO infohus_app")
    op.execute(
        "CREATE POLICY update_obligation ON infohus.obligation FOR UPDATE TO infohus_app"
        " USING (infohus.coordinates(infohus_id)) WITH CHECK (infohus.coordinates(infohus_id))"
    )
    op.execute("GRANT UPDATE (due_on, fulfilled_on, version) ON infohus.obligation TO infohus_app")


def _create_obligation() -> None:
    op.create_table(
        "obligation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("infohus_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("every", sa.Text(), nullable=True),
        sa.Column("due_year", sa.Integer(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("fulfilled_on", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("is_owed", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["infohus_id"], ["infohus.infohus.id"], name=op.f("fk_obligation_infohus_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_obligation")),
        sa.UniqueConstraint("infohus_id", "code", name=op.f("uq_obligation_infohus_id_code")),
        schema="infohus",
    )


def _create_fulfilment() -> None:
    op.create_table(
        "fulfilment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("infohus_id", sa.Uuid(), nullable=False),
        sa.Column("obligation_id", sa.Uuid(), nullable=False),
        sa.Column("obligation_version", sa.Integer(), nullable=False),
        sa.Column("fulfilled_on", sa.Date(), nullable=False),
        sa.Column("audiences", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("attendance", sa.ARRAY(sa.Integer()), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "cardinality(audiences) = cardinality(attendance)", name=op.f("ck_fulfilment_one_count_an_audience")
        ),
        sa.ForeignKeyConstraint(["infohus_id"], ["infohus.infohus.id"], name=op.f("fk_fulfilment_infohus_id")),
        sa.ForeignKeyConstraint(["obligation_id"], ["infohus.obligation.id"], name=op.f("fk_fulfilment_obligation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fulfilment")),
        sa.UniqueConstraint(
            "obligation_id", "obligation_version", name=op.f("uq_fulfilment_obligation_id_obligation_version")
        ),
        schema="infohus",
    )


def _create_network_material() -> None:
    # No column here can hold a person or a case, and the texts are refused by the API when they name one (rule 25).
    # Who added it stands in the log alone.
    op.create_table(
        "network_material",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("infohus_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["infohus_id"], ["infohus.infohus.id"], name=op.f("fk_network_material_infohus_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_material")),
        schema="infohus",
    )
    op.create_index(op.f("ix_network_material_infohus_id"), "network_material", ["infohus_id"], schema="infohus")


def downgrade() -> None:
    """There is no way back: what was recorded as done would be lost."""
    raise RuntimeError
