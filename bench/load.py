"""Drives one server with wrk, one thread of it, and reads what it measured. An error answer ends the benchmark."""

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

SCRIPT = Path(__file__).with_name("requests.lua")


class MeasuredErrors(Exception):  # noqa: N818 - names the situation
    """A server answered with errors; how fast it does that is of no interest."""


@dataclass(frozen=True, slots=True)
class Requests:
    """One kind of request, to many addresses. With `body` it is a POST; a peer's `script` sets what it likes."""

    paths: tuple[str, ...]
    token: str | None = None
    body: bytes | None = None
    script: Path | None = None


@dataclass(frozen=True, slots=True)
class Load:
    """What one run gave: answers per second, and the latency that half and 99 in 100 stayed under, milliseconds.

    A slow server may not have answered at all; then all of it is 0.
    """

    per_second: float
    p50_ms: float
    p99_ms: float
    answers: int


def find_wrk() -> str | None:
    """Give the path of wrk; as root on Debian, install it first where it is missing."""
    found = shutil.which("wrk")
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        print("Installing wrk …", flush=True)
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (["install", "-y", "wrk"], ["update"], ["install", "-y", "wrk"]):
            if shutil.which("wrk") is None:
                subprocess.run(  # noqa: S603 - our own arguments
                    ["apt-get", "-qq", *command], env=environment, check=False,  # noqa: S607 - Debian's own
                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                )
        found = shutil.which("wrk")
    return found


def drive(address: str, requests: Requests, *, connections: int, seconds: int) -> Load:
    """Send requests over `connections` for `seconds`.

    Raises:
        MeasuredErrors: an answer was 400 or above, or a connection broke.
    """
    wrk = find_wrk()
    assert wrk is not None  # noqa: S101 - nobody gets here without
    with tempfile.TemporaryDirectory() as folder:
        environment = _environment(requests, Path(folder))
        headers = ["-H", f"Authorization: Bearer {requests.token}"] if requests.token else []
        said = subprocess.run(  # noqa: S603 - our own arguments
            [wrk, "-t1", f"-c{connections}", f"-d{seconds}s", *headers, "-s", str(SCRIPT), address],
            env=environment, capture_output=True, text=True, check=True,
        ).stdout
    answers, microseconds, errors, p50, p99 = map(int, said.rsplit("RESULT ", 1)[1].split())
    if errors:
        message = f"{address}{requests.paths[0]}: {errors} of {answers} answers were errors"
        raise MeasuredErrors(message)
    return Load(answers / microseconds * 1e6, p50 / 1000, p99 / 1000, answers)


def _environment(requests: Requests, folder: Path) -> dict[str, str]:
    paths = folder / "paths"
    paths.write_text("\n".join(requests.paths))
    environment = {"PATH": os.environ.get("PATH", os.defpath), "BENCH_PATHS": str(paths)}
    if requests.body is not None:
        body = folder / "body"
        body.write_bytes(requests.body)
        environment["BENCH_BODY"] = str(body)
    if requests.script is not None:
        environment["BENCH_SCRIPT"] = str(requests.script)
    return environment
