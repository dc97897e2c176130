"""`infohus template …`: load an infohus' own template of the assessment tool."""

import asyncio
from pathlib import Path
from uuid import UUID

import rich_click as click

from infohus.casework.assessments.template import TemplateNotUsable
from infohus.casework.assessments.templates import load_template
from infohus.cli.connected import connected
from infohus.cli.options import owner_address
from infohus.clock import now
from infohus.danish import words_for
from infohus.errors import TemplateScores


@click.group()
def template() -> None:
    """The assessment tool's template."""


@template.command("load")
@click.argument("file", type=click.Path(exists=True, path_type=Path))
@click.option("--infohus", "infohus_id", required=True, type=click.UUID, help="The infohus' id.")
@owner_address
def load_own_template(file: Path, infohus_id: UUID, owner_database: str) -> None:
    """Load the template FILE for one infohus; it applies to assessments opened from then on. Prints its version."""

    async def go(document: str) -> int:
        async with connected(owner_database) as owner:
            return await load_template(owner, document, infohus_id=infohus_id, clock=now)

    try:
        click.echo(asyncio.run(go(file.read_text(encoding="utf-8"))))
    except TemplateScores as refused:
        raise click.ClickException(words_for(refused)[1]) from None
    except (TemplateNotUsable, UnicodeDecodeError) as refused:
        raise click.ClickException(str(refused)) from None
