"""Keep the three answers of an exchange once more, for the supervision of the authority that disclosed.

An exchange from before has none: its answers stay with the parties.
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the answers and their key, wrapped; one is never there without the other."""
    for name in ("answers", "answers_key"):
        op.add_column("exchange", sa.Column(name, sa.LargeBinary(), nullable=True), schema="infohus")
    op.create_check_constraint(
        "ck_exchange_answers_have_a_key", "exchange", "(answers IS NULL) = (answers_key IS NULL)", schema="infohus"
    )


def downgrade() -> None:
    """Drop both: the parties still hold the answers."""
    op.drop_constraint("ck_exchange_answers_have_a_key", "exchange", schema="infohus")
    for name in ("answers", "answers_key"):
        op.drop_column("exchange", name, schema="infohus")
