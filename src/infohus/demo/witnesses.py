"""The demo's three witnesses, each a process with a key and a memory of its own: municipality, police, DPO.

In earnest each runs on its party's own machine (deploy/README.md); here they share one, which protects nobody.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from infohus.kernel.audit.formats.checkpoint import SigningKey, VerifierKey
from infohus.kernel.audit.formats.cosignature import WitnessKey

NAMES = ("vidne.ishoj-kommune.example", "vidne.kbh-vestegns-politi.example", "vidne.databeskyttelse.example")
NEED = 2


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
        """Write where they are reached, for the service."""
        parts = [
            f'[[witness]]\nurl = "http://127.0.0.1:{port}"\nkey = "{key}"\n'
            for key, port in zip(self.keys, ports, strict=True)
        ]
        self.file.write_text("\n".join([f"need = {NEED}\n", *parts]), encoding="utf-8")

    def commands(self, logs: Sequence[VerifierKey], ports: Sequence[int]) -> list[list[str]]:
        """Give the command that runs each of them."""
        known = [f"--log-key={log}" for log in logs]
        return [
            [
                sys.executable, "-m", "infohus", "witness", "serve", f"--name={name}", f"--key={self._key(name)}",
                f"--state={self._folder / name}", f"--listen=127.0.0.1:{port}", *known,
            ]
            for name, port in zip(NAMES, ports, strict=True)
        ]

    def leave(self, folder: Path, logs: Sequence[VerifierKey]) -> None:
        """Leave every public key in `folder`, for whoever checks the log."""
        folder.mkdir(parents=True, exist_ok=True)
        for log in logs:
            (folder / f"{log.name.replace('/', '_')}.pub").write_text(f"{log}\n", encoding="utf-8")
        for key in self.keys:
            (folder / f"{key.name}.pub").write_text(f"{key}\n", encoding="utf-8")

    def _key(self, name: str) -> Path:
        return self._folder / f"{name}.key"
