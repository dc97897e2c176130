"""What PostgreSQL and the backup's timer start: a WAL file is archived once and whole, and only old backups end."""

import os
import subprocess
from pathlib import Path

import pytest

from runbook import DEPLOY

ARCHIVE = DEPLOY / "postgresql" / "archive-wal"
BASE_BACKUP = DEPLOY / "postgresql" / "base-backup"
SERVER = {
    "pg_basebackup": 'for one in "$@"; do case $one in --pgdata=*) to=${one#*=} ;; esac; done\nmkdir "$to"\n'
                     "echo 'START WAL LOCATION: 0/3000028 (file 0000000100000000000000FF)' > \"$to/backup_label\"",
    "pg_verifybackup": "exit ${BROKEN:-0}",
    "pg_archivecleanup": 'echo "$@" > "$ASKED"',
}
"""PostgreSQL's programs, as far as the script sees them."""


def archive(source: Path, to: Path) -> int:
    return subprocess.run([ARCHIVE, source, to], check=False).returncode


@pytest.fixture
def backups(tmp_path: Path) -> Path:
    """Lay out fifteen base backups and PostgreSQL's programs."""
    (tmp_path / "bin").mkdir()
    for name, script in SERVER.items():
        (tmp_path / "bin" / name).write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        (tmp_path / "bin" / name).chmod(0o755)
    for day in range(1, 16):
        base = tmp_path / "base" / f"2026-11-{day:02}T021500Z"
        base.mkdir(parents=True)
        label = f"START WAL LOCATION: 0/2 (file 0000000100000000000000{day:02})\n"
        (base / "backup_label").write_text(label, encoding="utf-8")
    (tmp_path / "base" / "2026-11-16T021500Z.new").mkdir()
    return tmp_path


def make_base_backup(backups: Path, **more: str) -> int:
    environment = {"PATH": f"{backups}/bin:{os.environ['PATH']}", "ASKED": str(backups / "asked"), **more}
    return subprocess.run([BASE_BACKUP, backups], env=environment, check=False).returncode


@pytest.mark.fault("E2")
class WhenAWalFileIsArchived:
    def test_it_is_there_and_closed_to_others(self, tmp_path: Path) -> None:
        (tmp_path / "wal").write_bytes(b"1" * 1000)
        assert archive(tmp_path / "wal", tmp_path / "archived") == 0
        assert (tmp_path / "archived").read_bytes() == b"1" * 1000
        assert (tmp_path / "archived").stat().st_mode & 0o077 == 0

    def test_the_same_again_is_done_and_another_under_its_name_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "wal").write_bytes(b"1" * 1000)
        assert [archive(tmp_path / "wal", tmp_path / "archived") for _ in range(2)] == [0, 0]
        (tmp_path / "wal").write_bytes(b"2" * 1000)
        assert archive(tmp_path / "wal", tmp_path / "archived") != 0
        assert (tmp_path / "archived").read_bytes() == b"1" * 1000

    def test_what_a_crash_left_half_done_is_done_again(self, tmp_path: Path) -> None:
        (tmp_path / "wal").write_bytes(b"1" * 1000)
        (tmp_path / "archived.new").write_bytes(b"1" * 10)
        assert archive(tmp_path / "wal", tmp_path / "archived") == 0
        assert (tmp_path / "archived").read_bytes() == b"1" * 1000
        assert not (tmp_path / "archived.new").exists()

    def test_a_copy_that_failed_is_not_called_done(self, tmp_path: Path) -> None:
        assert archive(tmp_path / "not there", tmp_path / "archived") != 0
        assert not (tmp_path / "archived").exists()


@pytest.mark.fault("E2")
class WhenABaseBackupIsMade:
    def test_the_newest_fourteen_stay_and_the_wal_since_the_oldest_of_them(self, backups: Path) -> None:
        assert make_base_backup(backups) == 0
        kept = sorted(base.name for base in (backups / "base").iterdir())
        assert (len(kept), kept[0]) == (14, "2026-11-03T021500Z")
        assert (backups / "asked").read_text(encoding="utf-8") == f"{backups}/wal 000000010000000000000003\n"

    def test_one_that_does_not_verify_is_none_and_ends_no_other(self, backups: Path) -> None:
        assert make_base_backup(backups, BROKEN="1") != 0
        assert len(list((backups / "base").glob("*Z"))) == 15
        assert not (backups / "asked").exists()
