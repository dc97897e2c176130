"""The signer that an installation's settings describe, for the service and for commands that need only that."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from infohus.kernel.audit.formats.checkpoint import SigningKey
from infohus.kernel.audit.signing.signer import Signer
from infohus.kernel.audit.storage.checkpoint_store import CheckpointStore
from infohus.kernel.audit.witness.client import witnesses_in
from infohus.kernel.audit.witness.cosigning import WitnessesNotUsable
from infohus.settings import Settings


def signer_of(settings: Settings, clock: Callable[[], datetime]) -> Signer:
    """Build the signer of the audit logs.

    Raises:
        UnsafeSigningKey, WitnessesNotUsable: a file is missing or unsafe, or a witness has the log's own key.
    """
    key = SigningKey.load(settings.keys_folder / "log-signing.key")
    witnesses = witnesses_in(settings.witnesses_file, clock)
    if key.verifier("log").public in {witness.public for witness in witnesses.keys}:
        message = "a witness has the log's own key, and could vouch for nothing"
        raise WitnessesNotUsable(message)
    return Signer(key, CheckpointStore(folder_of_signer(settings)), witnesses=witnesses, clock=clock)


def folder_of_signer(settings: Settings) -> Path:
    """Give the folder in which the signer keeps what it signed."""
    return settings.signed_folder or settings.keys_folder / "signed"
