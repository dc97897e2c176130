"""Runs the migrations of `migrations/`, which bring a database to the newest version of the schema."""

from pathlib import Path


class SchemaNotKnown(Exception):  # noqa: N818 - names the situation
    """The database has a version of the schema that is not in `migrations/`."""


def migrate(url: str) -> None:
    """Bring the schema to the newest version, as the role `infohus_owner`; a schema that has it is left as it is.

    Raises:
        SchemaNotKnown: the database was made before the baseline of 0.1.0, or by a newer release.
    """
    from alembic import command  # noqa: PLC0415 - only the command line needs Alembic
    from alembic.config import Config  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415

    config = Config(Path(__file__).resolve().parents[4] / "alembic.ini")
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    try:
        command.upgrade(config, "head")
    except CommandError as failure:
        raise SchemaNotKnown(str(failure)) from failure
