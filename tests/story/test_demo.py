"""The two commands a newcomer types, as processes of their own on real ports."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from runbook import free_port

REPOSITORY = Path(__file__).resolve().parents[2]
INFOHUS = REPOSITORY / ".venv" / "bin" / "infohus"
STEPS = (
    "1. En lærer ringer", "2. Politiet tjekker", "3. De to tovholdere", "4. Hvad hver myndighed", "5. Fælles screening",
    "6. Vurderingsværktøjet", "7. Anbefaling", "8. »Til efterforskningen«", "9. Sagen lukkes", "en pige på 16",
    "et anonymt opkald", "tre brødre", "politiet tager alene", "tjekket hindrer", "de to er uenige",
    "hører til et andet sted", "10. DPO'en",
)


def infohus(*arguments: object, **more: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [INFOHUS, *map(str, arguments)], capture_output=True, text=True, check=False, timeout=180,
        env={**os.environ, "NO_COLOR": "1", **more},
    )


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Play the demo once; give the folder of results."""
    folder = tmp_path_factory.mktemp("demo")
    run = infohus("demo", "--once", "--out", folder / "out", "--data", folder / "data", "--port", free_port())
    assert run.returncode == 0, run.stdout + run.stderr
    return folder / "out"


class WhenTheDemoIsPlayedOnce:
    def test_it_leaves_the_story_with_every_step(self, played: Path) -> None:
        story = (played / "story.md").read_text(encoding="utf-8")
        places = [story.find(step) for step in STEPS]
        assert -1 not in places
        assert places == sorted(places)
        assert "Findes ikke, eller du har ikke adgang" in story
        assert "Oplysninger må ikke videregives til efterforskning" in story

    def test_it_leaves_the_schema(self, played: Path) -> None:
        schema = json.loads((played / "openapi.json").read_text(encoding="utf-8"))
        assert schema["openapi"].startswith("3.1")
        assert "/cases/{case_id}/exchanges" in schema["paths"]

    @pytest.mark.rule(58)
    def test_it_leaves_a_log_that_two_witnesses_and_a_stranger_accept(self, played: Path) -> None:
        """The verifier shares no code with us; the keys lie beside the log, not in it."""
        keys = played / "keys"
        cosigners = [one for key in sorted(keys.glob("vidne*.pub")) for one in ("--cosigner", key)]
        key = next(keys.glob("infohus_ishoj*.pub"))
        stranger = REPOSITORY / "deploy" / "verifier" / "verify.py"
        for command in ([INFOHUS, "audit", "verify"], [sys.executable, "-I", stranger]):
            asked = [*command, played / "log", "--key", key, *cosigners, "--need"]
            for need, code in ((2, 0), (3, 0), (4, 2)):
                run = subprocess.run([*map(str, asked), str(need)], capture_output=True, text=True, check=False)
                assert run.returncode == code, run.stdout + run.stderr

    @pytest.mark.rule(58)
    def test_it_leaves_a_log_that_verifies_and_one_flipped_bit_does_not(self, played: Path, tmp_path: Path) -> None:
        key = tmp_path / "log.pub"
        key.write_bytes((played / "log" / "log.pub").read_bytes())
        whole = infohus("audit", "verify", played / "log", "--key", key)
        assert (whole.returncode, whole.stdout.split()[0]) == (0, "Uændret:"), whole.stdout + whole.stderr
        bundle = max((played / "log" / "tile" / "entries").rglob("*"), key=lambda path: path.is_file())
        changed = bytearray(bundle.read_bytes())
        changed[100] ^= 1
        bundle.write_bytes(changed)
        broken = infohus("audit", "verify", played / "log", "--key", key)
        assert broken.returncode == 1
        assert "post 0" in broken.stdout


class WhenTheDemoStaysUp:
    def test_it_answers_hands_out_tokens_stops_cleanly_and_finds_its_data(self, tmp_path: Path) -> None:
        port = free_port()
        first = self.up(tmp_path, port=port)
        try:
            known = json.loads((tmp_path / "data" / "running.json").read_text(encoding="utf-8"))
            told = re.search(r"TOKEN=\$\(.*/infohus (.*)\)", (tmp_path / "said.txt").read_text(encoding="utf-8"))
            assert told is not None
            token = infohus(*told[1].split()).stdout.strip()
            cases = httpx.get(
                f"{known['server']}/cases", headers={"Authorization": f"Bearer {token}"}, trust_env=False
            )
            assert (cases.status_code, len(cases.json()["items"])) == (200, 8)
            assert sorted((tmp_path / "data" / "result" / "keys").glob("infohus_ishoj*.pub"))
            second = infohus("demo", "--once", "--fresh", "--out", tmp_path / "out", "--data", tmp_path / "data")
            said = " ".join(second.stderr.replace("│", " ").split())
            assert ("stands den med Ctrl-C" in said, "Traceback" in said) == (True, False), said
            assert (second.returncode, (tmp_path / "data" / "running.json").exists()) == (2, True)
        finally:
            self.down(first, tmp_path)
        again = self.up(tmp_path, port=port)
        self.down(again, tmp_path)
        said = (tmp_path / "said.txt").read_text(encoding="utf-8")
        assert said.count("1. En lærer ringer") == 1
        assert "Dataene fra sidst er fundet" in said

    def test_it_leaves_a_folder_of_somebody_elses_alone(self, tmp_path: Path) -> None:
        (tmp_path / "data").mkdir()
        (tmp_path / "data" / "brev.txt").write_text("vigtigt", encoding="utf-8")
        run = infohus("demo", "--fresh", "--data", tmp_path / "data")
        assert run.returncode == 1
        assert "røres ikke" in " ".join(run.stderr.split())
        assert (tmp_path / "data" / "brev.txt").read_text(encoding="utf-8") == "vigtigt"

    def up(self, folder: Path, *, port: int) -> "subprocess.Popen[bytes]":
        with (folder / "said.txt").open("ab") as said:
            already = said.tell()
            process = subprocess.Popen(
                [INFOHUS, "demo", "--data", folder / "data", "--port", str(port)], stdout=said, stderr=said,
                env={**os.environ, "NO_COLOR": "1", "PYTHONUNBUFFERED": "1"},
            )
        until = time.monotonic() + 120
        while "Ctrl-C" not in (folder / "said.txt").read_text(encoding="utf-8")[already:]:
            assert process.poll() is None, (folder / "said.txt").read_text(encoding="utf-8")
            assert time.monotonic() < until
            time.sleep(0.1)
        return process

    def down(self, process: "subprocess.Popen[bytes]", folder: Path) -> None:
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
        left = [
            command for command in Path("/proc").glob("[0-9]*/cmdline")
            if str(folder).encode() in self.read(command)
        ]
        assert left == []

    def read(self, command: Path) -> bytes:
        try:
            return command.read_bytes()
        except OSError:
            return b""
