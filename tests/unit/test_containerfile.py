"""The Containerfile, instruction by instruction: it cannot be built here, so its text is checked."""

import ast
import json
import re
import sys
from dataclasses import dataclass
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from msgspec import structs

from infohus.cli.commands import COMMANDS
from infohus.settings import REPOSITORY, Settings

CONTAINERFILE = REPOSITORY / "deploy" / "container" / "Containerfile"
PORT = next(field.default for field in structs.fields(Settings) if field.name == "port")


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction: its word, what follows, and the stage it is in, counted from 0."""

    word: str
    rest: str
    stage: int

    @property
    def command(self) -> list[str]:
        """Read the exec form, the one without a shell."""
        words: list[str] = json.loads(self.rest)
        return words


def instructions(text: str) -> list[Instruction]:
    """Read a Containerfile: comments away, continued lines joined."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    found: list[Instruction] = []
    stage = -1
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        word, _, rest = line.strip().partition(" ")
        stage += word == "FROM"
        found.append(Instruction(word, " ".join(rest.split()), stage))
    return found


FOUND = instructions(CONTAINERFILE.read_text(encoding="utf-8"))
LAST_STAGE = FOUND[-1].stage


def only(word: str) -> Instruction:
    """Give the last stage's one instruction of a kind."""
    (one,) = [found for found in FOUND if found.word == word and found.stage == LAST_STAGE]
    return one


class WhenTheImageIsBuilt:
    def test_both_stages_stand_on_the_same_debian_python_named_without_a_registry(self) -> None:
        bases = [found.rest.split()[0] for found in FOUND if found.word == "FROM"]
        assert bases == ["python:3.11-slim-bookworm"] * 2

    def test_every_file_it_copies_is_there_and_stays_in_the_repository(self) -> None:
        copies = [found.rest.split() for found in FOUND if found.word == "COPY" and "--from" not in found.rest]
        sources = [Path(source) for copy in copies for source in copy[:-1]]
        assert {str(source) for source in sources} >= {"src", "migrations", "policies", "requirements.txt"}
        assert [source for source in sources if source.is_absolute() or ".." in source.parts] == []
        assert [source for source in sources if not (REPOSITORY / source).exists()] == []

    def test_it_copies_no_test_no_data_and_no_key(self) -> None:
        copies = " ".join(found.rest for found in FOUND if found.word == "COPY" and "--from" not in found.rest)
        assert re.findall(r"(?:^|[\s/])(\.|tests|var|bench|\.git|\.venv|\S+\.(?:key|pem|env))(?=\s)", copies) == []

    def test_nothing_is_fetched_but_what_the_lock_names_with_its_hash(self) -> None:
        assert [found.word for found in FOUND if found.word == "ADD"] == []
        installs = [found.command for found in FOUND if found.word == "RUN" and "install" in found.rest]
        fetching = [command for command in installs if "--no-deps" not in command]
        assert fetching == [[
            ".venv/bin/pip", "install", "--no-cache-dir", "--require-hashes", "--only-binary", ":all:",
            "-r", "requirements.txt",
        ]]
        assert [command for command in installs if "--no-deps" in command] == [[
            ".venv/bin/pip", "install", "--no-cache-dir", "--no-deps", "--no-build-isolation", "--editable", ".",
        ]]

    @pytest.mark.parametrize("word", ["RUN", "ENTRYPOINT", "CMD"])
    def test_no_shell_has_a_hand_in_it(self, word: str) -> None:
        commands = [found.command for found in FOUND if found.word == word]
        assert commands
        assert [command for command in commands if command[0].endswith("sh")] == []

    def test_no_secret_is_baked_in(self) -> None:
        given = [found.rest for found in FOUND if found.word in {"ENV", "ARG"}]
        assert given == ["PYTHONUNBUFFERED=1 INFOHUS_LOG_FORMAT=json"]

    def test_everything_the_application_imports_is_in_the_lock(self) -> None:
        locked = {
            re.split(r"[=\[]", line)[0].lower()
            for line in (REPOSITORY / "requirements.txt").read_text(encoding="utf-8").splitlines() if "==" in line
        }
        distributions = packages_distributions()
        unlocked = {
            name for name in self.imported() - sys.stdlib_module_names - {"infohus", "migrations"}
            if not locked & {one.lower().replace("_", "-") for one in distributions.get(name, [])}
        }
        assert unlocked == set()

    def imported(self) -> set[str]:
        """List the packages that the source and the migrations import."""
        found: set[str] = set()
        for folder in ("src", "migrations"):
            for file in (REPOSITORY / folder).rglob("*.py"):
                for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                    if isinstance(node, ast.Import):
                        found |= {alias.name.split(".")[0] for alias in node.names}
                    elif isinstance(node, ast.ImportFrom) and not node.level:
                        found.add((node.module or "").split(".")[0])
        return found


class WhenTheContainerRuns:
    def test_it_runs_as_an_account_that_is_not_root_and_owns_nothing(self) -> None:
        assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", only("USER").rest)
        assert "--chown" not in only("COPY").rest
        after = FOUND[FOUND.index(only("USER")):]
        assert [found.word for found in after if found.word in {"RUN", "COPY"}] == []

    def test_it_serves_with_a_command_that_there_is(self) -> None:
        assert only("ENTRYPOINT").command == [".venv/bin/infohus"]
        (command,) = only("CMD").command
        assert command in COMMANDS

    def test_its_health_check_asks_the_port_it_listens_on(self) -> None:
        assert only("EXPOSE").rest == str(PORT)
        options, _, command = only("HEALTHCHECK").rest.partition("CMD ")
        assert f"http://127.0.0.1:{PORT}/health" in json.loads(command)[-1]
        compile(json.loads(command)[-1], "HEALTHCHECK", "exec")
        assert {option.split("=")[0] for option in options.split()} == {
            "--interval", "--timeout", "--start-period", "--retries",
        }
