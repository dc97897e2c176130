"""Logs written to a folder as the application exports them, and the verifier that shares no code with it."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from infohus.kernel.audit.formats.checkpoint import Checkpoint, SigningKey
from infohus.kernel.audit.formats.merkle import Frontier, leaf_hash
from infohus.kernel.audit.formats.tiles import TileWriter
from small_entries import small_entry

VERIFIER = Path(__file__).resolve().parents[1] / "deploy" / "verifier" / "verify.py"
KEY = SigningKey(bytes(range(32)))
LOG, ORIGIN = UUID(int=1), "infohus.test/log"


def entry(number: int) -> bytes:
    return small_entry(LOG, str(number))


def write_log(folder: Path, size: int, *, first: int = 0) -> Path:
    """Write a log of `size` entries as the application exports one."""
    return write_entries(folder, [entry(number) for number in range(first, first + size)])


def write_entries(folder: Path, entries: Sequence[bytes]) -> Path:
    """Write a log of these entries."""
    writer, frontier = TileWriter(folder), Frontier()
    for one in entries:
        hashed = leaf_hash(one)
        frontier.append(hashed)
        writer.append(one, hashed)
    writer.finish()
    writer.add("checkpoint", KEY.sign(Checkpoint(ORIGIN, len(entries), frontier.root())))
    writer.add("log.pub", f"{KEY.verifier(ORIGIN)}\n")
    return folder


def verifier(*arguments: object) -> tuple[int, str]:
    run = subprocess.run(
        [sys.executable, "-I", VERIFIER, *map(str, arguments)], capture_output=True, text=True, check=False
    )
    return run.returncode, run.stdout.strip() + run.stderr.strip()
