"""`infohus witness serve` as a process, for tests of it and of the proxy in front of it."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from infohus.kernel.audit.formats.checkpoint import Checkpoint, SigningKey
from infohus.kernel.audit.formats.cosignature import WitnessKey
from infohus.kernel.audit.formats.merkle import leaf_hash
from infohus.kernel.audit.witness.witness import AddCheckpoint
from runbook import ENDS_WITH_US, free_port
from town import KEY, ORIGIN

NAME = "dpo.example"
NOTE = KEY.sign(Checkpoint(ORIGIN, 1, leaf_hash(b"")))
ASKED = AddCheckpoint(0, (), NOTE).body()
START_SECONDS = 30


@dataclass(frozen=True, slots=True)
class ServedWitness:
    """A running witness that cosigns the log of `town.py`."""

    process: "subprocess.Popen[bytes]"
    port: int
    verifier: WitnessKey

    def connect(self, sent: bytes) -> socket.socket:
        """Open a connection and send some bytes, which need not be a whole request."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        connection.sendall(sent)
        return connection


@contextmanager
def serving_witness(folder: Path) -> Iterator[ServedWitness]:
    """Run a witness with its key and its state below `folder`."""
    key, port = SigningKey.create(folder / "key"), free_port()
    command = [
        sys.executable, "-m", "infohus", "witness", "serve", f"--name={NAME}", f"--state={folder}/state",
        f"--key={folder}/key", f"--log-key={KEY.verifier(ORIGIN)}", f"--listen=127.0.0.1:{port}",
    ]
    with subprocess.Popen([*ENDS_WITH_US, *command]) as process:
        served = ServedWitness(process, port, WitnessKey(NAME, key.verifier(NAME).public))
        try:
            until = time.monotonic() + START_SECONDS
            while True:
                try:
                    served.connect(b"").close()
                    break
                except OSError:
                    assert process.poll() is None
                    assert time.monotonic() < until
                    time.sleep(0.1)
            yield served
        finally:
            process.terminate()
