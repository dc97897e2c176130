"""The file of a log's signing key is there whole or not at all, wherever the process that makes it dies."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from infohus.kernel.audit.formats.checkpoint import SigningKey

DYING = """
import os, pathlib, signal, sys
from infohus.kernel.audit.formats.checkpoint import SigningKey

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

{where} = die
SigningKey.create(pathlib.Path(sys.argv[1]))
"""


class WhenTheProcessDiesWhileItMakesAKey:
    @pytest.mark.parametrize("where", ["os.urandom", "os.fdopen", "os.fsync", "os.link", "pathlib.Path.unlink"])
    def test_the_next_start_finds_a_whole_key_or_makes_one(self, tmp_path: Path, where: str) -> None:
        path = tmp_path / "keys" / "log-signing.key"
        dying = [sys.executable, "-c", DYING.format(where=where), str(path)]
        assert subprocess.run(dying, check=False).returncode == -signal.SIGKILL
        assert not path.exists() or path.stat().st_size == 32
        key = SigningKey.create(path)
        assert SigningKey.load(path).verifier("x") == key.verifier("x")
        assert {file.stat().st_mode & 0o777 for file in path.parent.iterdir()} == {0o600}


class WhenTheKeyIsThere:
    def test_nothing_but_it_is_in_the_folder_and_it_stays(self, tmp_path: Path) -> None:
        path = tmp_path / "log-signing.key"
        first = SigningKey.create(path)
        assert SigningKey.create(path).verifier("x") == first.verifier("x")
        assert list(tmp_path.iterdir()) == [path]
