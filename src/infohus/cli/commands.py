"""All commands and the modules they are in. A command's module is imported when the command is used.

So `infohus witness` loads only what a witness needs; `infohus --help` loads all.
"""

from importlib import import_module
from typing import Any

import rich_click as click

COMMANDS = {
    "serve": "infohus.cli.serving:serve",
    "check": "infohus.cli.start_check:check",
    "settings": "infohus.cli.serving:print_settings",
    "migrate": "infohus.cli.migrating:migrate",
    "plan": "infohus.cli.plan:plan",
    "template": "infohus.cli.template:template",
    "keys": "infohus.cli.keys:keys",
    "users": "infohus.cli.users:users",
    "audit": "infohus.cli.audit:audit",
    "witness": "infohus.cli.witness:witness",
    "demo": "infohus.cli.demo:demo",
    "token": "infohus.cli.demo:token",
}


class LazyGroup(click.RichGroup):
    """A group whose commands are imported by name. Source: click's documentation, "Lazily Loading Subcommands"."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List the commands' names, in the order of the table."""
        return [*COMMANDS, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command by its name; `None` when there is none."""
        if cmd_name not in COMMANDS:
            return super().get_command(ctx, cmd_name)
        module, _, name = COMMANDS[cmd_name].partition(":")
        command: Any = getattr(import_module(module), name)
        assert isinstance(command, click.Command)  # noqa: S101 - narrows the type
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """infohus: kommunens og politiets fælles sagsbehandling efter retsplejelovens § 115."""
