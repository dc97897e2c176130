"""A witness that shares no code with us: on Go's own tlog and note packages, over real HTTP."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from house import now
from infohus.kernel.audit.formats.cosignature import cosignatures_on
from infohus.kernel.audit.signing.signer import Signer
from infohus.kernel.audit.storage.checkpoint_store import CheckpointStore
from infohus.kernel.audit.witness.client import witnesses_in
from town import AT, KEY, LOG, ORIGIN, Town

PROGRAM = Path(__file__).resolve().parents[1] / "go" / "witness.go"
GO_SOURCES = Path("/usr/share/gocode/src/golang.org/x/mod/sumdb/tlog")

pytestmark = pytest.mark.skipif(
    shutil.which("go") is None or not GO_SOURCES.exists(),
    reason="NOT CHECKED: Go's sumdb is missing (apt-get install golang-go golang-golang-x-mod-dev)",
)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    built = tmp_path_factory.mktemp("go") / "witness"
    go = {"GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOCACHE": str(built.parent / "cache"), "GOFLAGS": ""}
    subprocess.run(["go", "build", "-o", built, PROGRAM], env={**os.environ, **go}, check=True)  # noqa: S607 - Debian's own
    return built


@pytest.fixture
def running(program: Path, tmp_path: Path) -> Iterator[Path]:
    """Run the witness; give the file that names it."""
    with subprocess.Popen(
        [program, "vidne.example", "g" * 32, "0", str(KEY.verifier(ORIGIN))], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        key, address = process.stdout.readline().split()
        file = tmp_path / "witnesses.toml"
        file.write_text(f'need = 1\n[[witness]]\nurl = "http://{address}"\nkey = "{key}"\n', encoding="utf-8")
        yield file
        process.kill()


def signer(town: Town, file: Path, store: str = "signed") -> Signer:
    return Signer(KEY, CheckpointStore(town.folder / store), witnesses=witnesses_in(file, now), clock=lambda: AT)


class WhenItIsAsked:
    async def test_it_follows_the_logs_growth_and_its_word_holds(self, town: Town, running: Path) -> None:
        ours = signer(town, running)
        for grew in (1, 6, 250):
            await town.append(grew)
            assert (await ours.sign(town.connection, LOG)).cosigned_by == ("vidne.example",)
        await town.append(3)
        signed = await ours.sign(town.connection, LOG)
        assert [one.name for one in cosignatures_on(signed.note, ours.witnesses.keys)] == ["vidne.example"]

    @pytest.mark.rule(58)
    async def test_it_refuses_a_rewritten_log_and_remembers_the_one_that_was_cut(
        self, town: Town, running: Path
    ) -> None:
        await town.append(9)
        await signer(town, running).sign(town.connection, LOG)
        await town.cut_tail(5)
        await town.forget_the_archive()
        await town.append(9, "opdigtet")
        thief = signer(town, running, store="elsewhere")
        assert (await thief.sign(town.connection, LOG)).cosigned_by == ()
        assert thief.alarm(LOG) == "rewritten"
        told = await thief.witnesses.remembered(ORIGIN, KEY)
        assert told["vidne.example"] is not None
        assert told["vidne.example"].size == 9
