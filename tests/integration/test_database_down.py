"""A command whose database cannot be reached or is not migrated ends with one sentence, which says no address."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import click
import pytest
from click.testing import CliRunner, Result

from conftest import Database
from infohus.cli.commands import COMMANDS, main

SECRET = "hemmelig-adgangskode"
ADDRESSES = (
    f"postgresql://infohus_owner:{SECRET}@127.0.0.1:9/infohus", f"postgresql://infohus_owner:{SECRET}@nowhere.invalid/x",
    f"postgresql://infohus_owner:{SECRET}@/infohus?host=/nowhere", f"postgresql://{SECRET}@:notaport/x",
)
ISHOJ = Path(__file__).resolve().parents[2] / "plans" / "ishoj.toml"
TEMPLATE = ISHOJ.parents[1] / "src" / "infohus" / "casework" / "assessments" / "template-cdie-1.toml"
ACTING: dict[str, tuple[list[str], tuple[str, ...]]] = {
    "migrate": (["migrate"], ("--owner-database",)),
    "plan load": (["plan", "load", str(ISHOJ)], ("--owner-database",)),
    "plan compare": (["plan", "compare", "1", "2", "--infohus", str(uuid4())], ("--owner-database",)),
    "template load": (["template", "load", str(TEMPLATE), "--infohus", str(uuid4())], ("--owner-database",)),
    "users remove-coordinator": (
        ["users", "remove-coordinator", "--yes", "--infohus", str(uuid4()), "--authority", "ishoj-kommune", "--person",
         str(uuid4())],
        ("--owner-database",),
    ),
    "users add-coordinator": (
        ["users", "add-coordinator", "--infohus", str(uuid4()), "--authority", "ishoj-kommune", "--person",
         str(uuid4())],
        ("--owner-database",),
    ),
    "keys intake": (
        ["keys", "intake", "--infohus", str(uuid4()), "--folder", "keys", "--signers", "signers.toml"],
        ("--owner-database",),
    ),
    "keys withdraw-again": (["keys", "withdraw-again"], ("--reconciler-database", "--owner-database")),
    "audit keep": (["audit", "keep", "--log", "ishoj-kommune", "--years", "5"], ("--owner-database",)),
    "audit empty": (["audit", "empty", "--log", "ishoj-kommune"], ("--database", "--reconciler-database")),
}
"""Commands that act on the database: how each is called, and the options that name an address."""
READING = {"audit export", "audit prove", "audit verify", "audit verify-all", "audit watch", "audit watch-rows"}
"""Commands that read a log, and have exit codes of their own."""
KEYS_FIRST = {"keys replace-signer"}
"""Reads files of keys before it asks for the database; test_intake_commands.py tries it."""


def run(command: str, address: str) -> Result:
    arguments, options = ACTING[command]
    return CliRunner().invoke(main, [*arguments, *(part for option in options for part in (option, address))])


def commands_of(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    """Walk over all commands."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from commands_of(command, (*path, name))
        elif command is not None:
            yield " ".join((*path, name)), command


def assert_one_sentence(ended: Result) -> None:
    assert ended.exit_code == 1, ended.output
    assert isinstance(ended.exception, SystemExit), ended.exception
    said = " ".join(ended.output.replace("│", " ").split())
    assert "Traceback" not in said
    assert SECRET not in said
    assert said.count("Databasen") == 1, said


class WhenTheDatabaseIsDown:
    @pytest.mark.fault("E1")
    @pytest.mark.parametrize("command", ACTING)
    def test_a_command_that_acts_says_so_in_one_sentence(self, command: str) -> None:
        for address in ADDRESSES:
            ended = run(command, address)
            assert_one_sentence(ended)
            assert "kan ikke nås" in " ".join(ended.output.replace("│", " ").split())

    def test_no_command_that_names_a_database_is_forgotten(self) -> None:
        assert isinstance(main, click.Group)
        naming = {
            name for name, command in commands_of(main)
            if any("database" in option for one in command.params for option in one.opts)
        }
        assert naming - READING - KEYS_FIRST == ACTING.keys()
        assert set(COMMANDS) >= {name.split()[0] for name in naming}


class WhenTheDatabaseIsEmpty:
    @pytest.mark.parametrize("command", sorted(ACTING.keys() - {"migrate", "keys intake"}))  # reads the signers first
    def test_the_command_says_what_to_do_first(self, unmigrated_database: Database, command: str) -> None:
        address = unmigrated_database.dsn("retention" if command == "audit empty" else "owner")
        ended = run(command, address)
        assert_one_sentence(ended)
        assert "infohus migrate" in " ".join(ended.output.replace("│", " ").split())
