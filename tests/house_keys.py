"""The keys of a test's installation: its authorities', its log's, and its identity providers'."""

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

from infohus.demo.issuer import DemoIssuers
from infohus.demo.keys import DemoKey, demo_keys
from infohus.kernel.audit.formats.checkpoint import SigningKey
from infohus.kernel.sealing.keepers import FileKeyKeeper


@cache
def issuer_keys() -> dict[str, DemoKey]:
    """Make the issuers' keys, once per process: making an RSA key takes longer than most tests."""
    with TemporaryDirectory() as folder:
        return demo_keys(Path(folder) / "issuers")


def make_keys(keys: Path, authorities: Sequence[str], infohus_id: UUID) -> None:
    """Make the keys of an installation."""
    FileKeyKeeper.create(keys, authorities, [infohus_id])
    SigningKey.create(keys / "log-signing.key")


def issuers_with_their_keys(issuers: DemoIssuers, folder: Path) -> str:
    """Give `issuers.toml`, in which the issuers' keys are files instead of addresses to fetch."""
    text = issuers.issuers_toml()
    for name in ("kommune", "politi"):
        (folder / f"{name}.json").write_text(json.dumps(issuers.key_set(name)), encoding="utf-8")
        text = text.replace(f'keys_url = "{issuers.address(name)}/jwks"', f'keys_file = "{name}.json"')
    return text
