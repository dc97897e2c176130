"""Runs the migrations of `migrations/`, which bring a database to the newest version of the schema."""

from pathlib import Path


def migrate(url: str) -> None:
    """Bring the schema to the newest version, as the role `infohus_owner`; a schema that has it is left as it is."""
    from alembic import command  # noqa: PLC0415 - only the command line needs Alembic
    from alembic.config import Config  # noqa: PLC0415

    config = Config(Path(__file__).resolve().parents[4] / "alembic.ini")
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    command.upgrade(config, "head")
