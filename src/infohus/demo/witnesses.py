"""The demo's three witnesses, each a process with its own key and stored checkpoints: municipality, police, DPO.

In production each runs on its party's own machine (deploy/README.md). Here they share one, so they are no protection
against whoever operates it.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from infohus.demo.people import ISHOJ, VESTEGNEN
from infohus.kernel.audit.formats.checkpoint import SigningKey, VerifierKey
from infohus.kernel.audit.formats.cosignature import WitnessKey

NAMES = ("vidne.ishoj-kommune.example", "vidne.kbh-vestegns-politi.example", "vidne.databeskyttelse.example")
NEED = 2
RUN_BY = (str(ISHOJ), str(VESTEGNEN), "databeskyttelse")
"""Who runs which: none of the logs has two witnesses of its own authority."""


class DemoWitnesses:
    """Three witnesses below one folder."""

    def __init__(self, folder: Path) -> None:
        """Use `folder`, which is made when missing."""
        self._folder = folder
        self.file = folder / "witnesses.toml"

    @property
    def keys(self) -> list[WitnessKey]:
        """The witnesses' public keys; the private ones are made when missing."""
        return [WitnessKey(name, SigningKey.create(self._key(name)).verifier(name).public) for name in NAMES]

    def write(self, ports: Sequence[int]) -> None:
        """Write `witnesses.toml`, from which the service reads their addresses and keys."""
        parts = [
            f'[[witness]]\nurl = "http://127.0.0.1:{port}"\nkey = "{key}"\nrun_by = "{party}"\n'
            for key, port, party in zip(self.keys, ports, RUN_BY, strict=True)
        ]
        self.file.write_text("\n".join([f"need = {NEED}\n", *parts]), encoding="utf-8")
        self.file.chmod(0o644)  # whatever the umask: one that others may write is refused

    def commands(self, logs: Sequence[VerifierKey], ports: Sequence[int]) -> list[list[str]]:
        """Give, for each witness, the command that runs it."""
        log_keys = [f"--log-key={log}" for log in logs]
        return [
            [
                sys.executable, "-m", "infohus", "witness", "serve", f"--name={name}", f"--key={self._key(name)}",
                f"--state={self._folder / name}", f"--listen=127.0.0.1:{port}", *log_keys,
            ]
            for name, port in zip(NAMES, ports, strict=True)
        ]

    def leave(self, folder: Path, logs: Sequence[VerifierKey]) -> None:
        """Write every public key to `folder`, for whoever checks the log."""
        folder.mkdir(parents=True, exist_ok=True)
        for log in logs:
            (folder / f"{log.name.replace('/', '_')}.pub").write_text(f"{log}\n", encoding="utf-8")
        for key in self.keys:
            (folder / f"{key.name}.pub").write_text(f"{key}\n", encoding="utf-8")

    def _key(self, name: str) -> Path:
        return self._folder / f"{name}.key"
