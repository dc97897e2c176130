"""${message}.

Rename this file to YYYY_MM_DD_<verb>_<noun>.py. One statement per op.execute, because the driver prepares each.
Until 0.1.0 the baseline is edited in place: see README.md.
"""

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
