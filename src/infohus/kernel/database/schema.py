"""Runs the migrations of `migrations/`, which bring a database to the newest version of the schema."""

from pathlib import Path

ALEMBIC_SETTINGS = Path(__file__).resolve().parents[4] / "alembic.ini"


class SchemaNotKnown(Exception):  # noqa: N818 - names the situation
    """The database has a version of the schema that is not in `migrations/`."""


class MigrationRefused(Exception):  # noqa: N818 - names the situation
    """Alembic ran no migration, for a reason that lies in `migrations/` and not in the database; the text says it."""


def migrate(url: str) -> None:
    """Bring the schema to the newest version, as the role `infohus_owner`; a schema that has it is left as it is.

    Raises:
        SchemaNotKnown: the database was made before the baseline of 0.1.0, or by a newer release.
        MigrationRefused: any other fault that Alembic finds; nothing was changed.
    """
    from alembic import command  # noqa: PLC0415 - only the command line needs Alembic
    from alembic.config import Config  # noqa: PLC0415
    from alembic.script.revision import ResolutionError  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415

    config = Config(ALEMBIC_SETTINGS)
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    try:
        command.upgrade(config, "head")
    except CommandError as failure:
        # Only a revision that Alembic does not find means that the database is another release's.
        not_known = isinstance(failure.__cause__, ResolutionError)
        raise (SchemaNotKnown if not_known else MigrationRefused)(str(failure)) from failure
