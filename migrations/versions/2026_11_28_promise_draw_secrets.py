"""Let the reviewer promise a secret when a log check is announced, and keep what was revealed at the draw.

A check from before has a commitment of 32 zero bytes, whose secret nobody knows: one that is not drawn yet is announced
again, and one that was drawn stays as it is.
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the commitment, which stays as announced, and the secret, which is written with the draw."""
    op.add_column(
        "log_check",
        sa.Column(
            "commitment", sa.LargeBinary(), nullable=False, server_default=sa.text("decode(repeat('00', 32), 'hex')")
        ),
        schema="infohus",
    )
    op.alter_column("log_check", "commitment", server_default=None, schema="infohus")
    op.add_column("log_check", sa.Column("secret", sa.Text(), nullable=True), schema="infohus")
    for name, what in (
        ("ck_log_check_commitment_is_a_digest", "octet_length(commitment) = 32"),
        ("ck_log_check_undrawn_has_no_secret", "drawn_at IS NOT NULL OR secret IS NULL"),
        ("ck_log_check_secret_was_promised", "secret IS NULL OR commitment = sha256(secret::bytea)"),
    ):
        op.create_check_constraint(op.f(name), "log_check", what, schema="infohus")
    op.execute("GRANT UPDATE (secret) ON infohus.log_check TO infohus_app")


def downgrade() -> None:
    """There is no way back: what was promised would be lost."""
    raise RuntimeError
