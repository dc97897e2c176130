"""Drives one server with one thread of wrk, and reads what wrk measured. A run with error answers does not count."""

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

SCRIPT = Path(__file__).with_name("requests.lua")
PATIENCE = "60s"
"""wrk's time limit for an answer; its own two seconds are too short on a busy machine."""


class MeasuredErrors(Exception):  # noqa: N818 - names the situation
    """A server answered with errors, so its speed means nothing."""


class NoAnswer(MeasuredErrors):
    """A server gave no answer in the whole run; it may be slow, or still starting."""


@dataclass(frozen=True, slots=True)
class Requests:
    """One kind of request to many paths. With `body` it is a POST; a peer's Lua `script` can set anything."""

    paths: tuple[str, ...]
    token: str | None = None
    body: bytes | None = None
    script: Path | None = None


@dataclass(frozen=True, slots=True)
class Load:
    """The result of one run; `p50_ms` and `p99_ms` are percentiles of the latency in milliseconds."""

    per_second: float
    p50_ms: float
    p99_ms: float
    answers: int


def find_wrk() -> str | None:
    """Give the path of wrk, `None` without it; as root on Debian, install it when missing."""
    path = shutil.which("wrk")
    if path is None and os.geteuid() == 0 and shutil.which("apt-get"):
        print("Installing wrk …", flush=True)
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (["install", "-y", "wrk"], ["update"], ["install", "-y", "wrk"]):
            if shutil.which("wrk") is None:
                subprocess.run(  # noqa: S603 - our own arguments
                    ["apt-get", "-qq", *command], env=environment, check=False,  # noqa: S607 - Debian's own
                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                )
        path = shutil.which("wrk")
    return path


def drive(address: str, requests: Requests, *, connections: int, seconds: int) -> Load:
    """Send requests over `connections` for `seconds`.

    Raises:
        NoAnswer: there was no answer in that time.
        MeasuredErrors: an answer was 400 or above, or the connection failed.
    """
    wrk = find_wrk()
    assert wrk is not None  # noqa: S101 - the caller has checked
    with tempfile.TemporaryDirectory() as folder:
        environment = _environment(requests, Path(folder))
        headers = ["-H", f"Authorization: Bearer {requests.token}"] if requests.token else []
        options = ["-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", PATIENCE]
        output = subprocess.run(  # noqa: S603 - our own arguments
            [wrk, *options, *headers, "-s", str(SCRIPT), address],
            env=environment, capture_output=True, text=True, check=True,
        ).stdout
    answers, microseconds, errors, p50, p99 = map(int, output.rsplit("RESULT ", 1)[1].split())
    if errors:
        message = f"{address}{requests.paths[0]}: {errors} of {answers} answers were errors"
        raise MeasuredErrors(message)
    if not answers:
        message = f"{address}{requests.paths[0]}: no answer in {seconds} s"
        raise NoAnswer(message)
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
