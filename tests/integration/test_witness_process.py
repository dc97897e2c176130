"""A witness, to which anyone may connect: slow strangers keep it neither from answering nor from ending."""

import socket
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import httpx
import pytest

from infohus.kernel.audit.witness.server import MOST_BODIES, MOST_CONNECTIONS
from witness_process import ASKED, ServedWitness, serving_witness

HALF = b"POST /add-checkpoint HTTP/1.1\r\nHost: x\r\nContent-Length: 139999\r\n\r\n" + b"x" * 50_000
BODY_SECONDS, STOP_SECONDS = 10, 5


def ask(served: ServedWitness) -> int:
    """Ask as a log does."""
    url = f"http://127.0.0.1:{served.port}/add-checkpoint"
    return httpx.post(url, content=ASKED, timeout=30, trust_env=False).status_code


def closing_answer(connection: socket.socket) -> bytes:
    """Read until the witness closes the connection."""
    answer = b""
    with connection:
        while piece := connection.recv(1000):
            answer += piece
    return answer


class WhenManyBodiesAreNeverSentToTheirEnd:
    def test_each_is_given_up_a_log_has_its_turn_and_the_witness_can_be_stopped(self, tmp_path: Path) -> None:
        with serving_witness(tmp_path) as served:
            assert ask(served) == 200
            began = time.monotonic()
            slow = [served.connect(HALF) for _ in range(MOST_CONNECTIONS)]
            assert ask(served) == 503
            assert time.monotonic() - began < BODY_SECONDS - 1
            answers = Counter(closing_answer(connection)[:13] for connection in slow)
            assert answers == {b"HTTP/1.1 408 ": MOST_BODIES, b"HTTP/1.1 503 ": MOST_CONNECTIONS - MOST_BODIES}
            assert BODY_SECONDS - 1 < time.monotonic() - began < BODY_SECONDS + 5
            assert ask(served) == 409
            slow = [served.connect(HALF) for _ in range(20)]
            began = time.monotonic()
            served.process.terminate()
            served.process.wait(30)
            assert time.monotonic() - began < STOP_SECONDS + 3
            for connection in slow:
                connection.close()


class WhenItIsStarted:
    @pytest.mark.fault("E10")
    def test_it_loads_what_a_witness_needs_and_nothing_of_cases_databases_or_policies(self) -> None:
        loaded = subprocess.run(
            [sys.executable, "-c", "import infohus.cli.commands, infohus.cli.witness, sys; print(*sys.modules)"],
            capture_output=True, text=True, check=True,
        ).stdout.split()
        ours = {name for name in loaded if name.startswith("infohus.") and name.count(".") < 3}
        assert "infohus.kernel.audit" in ours
        assert {name.split(".")[0] for name in loaded} & {"asyncpg", "sqlalchemy", "cedarpy", "jose", "httpx"} == set()
        assert {name for name in ours if name.split(".")[1] not in {"cli", "kernel", "clock"}} == set()
