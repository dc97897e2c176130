"""Asks the witnesses to cosign a checkpoint, or what they remember. Source: C2SP tlog-witness, "add-checkpoint".

Knows no HTTP: a `Sender` carries the requests (client.py). An unreachable witness stops no work: what it did not cosign
is logged as an alarm. No answer of a witness raises an exception here.
"""

import asyncio
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from http import HTTPStatus
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
import structlog

from infohus.kernel.audit.formats.checkpoint import Checkpoint, NotACheckpoint, SigningKey, split_note
from infohus.kernel.audit.formats.cosignature import Cosignature, WitnessKey
from infohus.kernel.audit.formats.merkle import EMPTY_ROOT, consistency_ranges, proof_from
from infohus.kernel.audit.storage.archive import at_size, holding, keep_cosignature, last_cosigned_by
from infohus.kernel.audit.storage.log import AnyConnection, hashes_of
from infohus.kernel.audit.witness.witness import AddCheckpoint
from infohus.settings import is_open_to_others

logger = structlog.get_logger()

_LOOPBACK = {"127.0.0.1", "::1", "localhost"}
_MOST_DIGITS = 19
_CLOCKS_APART = timedelta(hours=1)


class WitnessesNotUsable(Exception):  # noqa: N818 - names the situation
    """The file of the witnesses is missing, malformed or unsafe; the text says what is wrong."""


class WitnessUnreachable(Exception):  # noqa: N818 - names the situation
    """A witness did not answer in time, or with something that no witness sends."""


class Sender(Protocol):
    """Carries a request to a witness, and its status and text back."""

    async def __call__(self, url: str, body: bytes) -> tuple[int, str]:
        """Send an add-checkpoint request.

        Raises:
            WitnessUnreachable: there was no answer.
        """


class CosignFailure(StrEnum):
    """Why a witness did not cosign."""

    UNREACHABLE = "unreachable"
    AHEAD = "ahead"
    """It remembers more entries than the log has: the log was restored from a backup, or cut off."""
    INCONSISTENT = "inconsistent"
    """It remembers another tree: the log was rewritten, or forked."""
    REFUSED = "refused"
    """It does not know the log or its key, its clock is far from ours, or it answered something else."""


ALARMING = frozenset({CosignFailure.AHEAD, CosignFailure.INCONSISTENT})


class _Witness(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    url: str
    key: str
    run_by: str | None = None


class _Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    need: int
    witness: list[_Witness]


@dataclass(frozen=True, slots=True)
class WitnessPolicy:
    """The witnesses' keys and URLs, in one order, and how many must cosign: `need`, at least 1 and at most all.

    `run_by` is the id of the authority that runs each, `None` where the file does not say.
    """

    need: int
    keys: tuple[WitnessKey, ...]
    urls: tuple[str, ...]
    run_by: tuple[str | None, ...] = ()

    def of(self, authority_id: str) -> list[str]:
        """Name the witnesses that an authority runs."""
        return [key.name for key, run_by in zip(self.keys, self.run_by, strict=False) if run_by == authority_id]

    @property
    def of_nobody(self) -> list[str]:
        """Name the witnesses of which the file does not say who runs them."""
        return [key.name for key, run_by in zip(self.keys, self.run_by, strict=False) if run_by is None]

    @classmethod
    def read(cls, path: Path) -> "WitnessPolicy":
        """Read a TOML file: `need`, and a `[[witness]]` with `url`, `key` and `run_by` for each.

        Raises:
            WitnessesNotUsable: the text says what is wrong.
        """
        try:
            is_open = is_open_to_others(path)
            document = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), _Document)
            keys = tuple(WitnessKey.parse(one.key) for one in document.witness)
        except NotACheckpoint:
            message = f"{path.name}: a key is no witness' verifier key"
            raise WitnessesNotUsable(message) from None
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as wrong:
            message = f"{path.name}: the witnesses cannot be read: {wrong}"
            raise WitnessesNotUsable(message) from None
        if is_open:
            message = f"{path.name}: others may write this file or its folder; run chmod go-w on both"
            raise WitnessesNotUsable(message)
        if len({key.name for key in keys}) != len(keys) or len({key.public for key in keys}) != len(keys):
            message = f"{path.name}: each witness has a name and a key of its own"
            raise WitnessesNotUsable(message)
        if not 1 <= document.need <= len(keys):
            message = f"{path.name}: need must be at least 1 and at most the number of witnesses"
            raise WitnessesNotUsable(message)
        for one in document.witness:
            parts = urlsplit(one.url)
            if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
                message = f"{path.name}: {one.url} must be https, or http on loopback"
                raise WitnessesNotUsable(message)
        return cls(
            document.need, keys, tuple(one.url.rstrip("/") for one in document.witness),
            tuple(one.run_by for one in document.witness),
        )


@dataclass(frozen=True, slots=True)
class Remembers:
    """How many entries of a log a witness remembers; `agrees`: it remembers no other tree of the size asked about."""

    size: int
    agrees: bool


@dataclass(frozen=True, slots=True)
class Round:
    """What asking for cosignatures gave: the names of those that cosigned, and why the others did not."""

    cosigned: tuple[str, ...]
    failures: dict[str, CosignFailure]


class Witnesses:
    """The witnesses of this installation's logs; without a policy there are none."""

    def __init__(
        self, policy: WitnessPolicy | None = None, send: Sender | None = None,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        """Ask the witnesses of `policy` through `send`; their timestamps are compared with `clock`."""
        self.policy = policy
        self._send, self._clock = send, clock

    @property
    def keys(self) -> tuple[WitnessKey, ...]:
        """The witnesses' public keys."""
        return self.policy.keys if self.policy else ()

    @property
    def need(self) -> int:
        """How many must have cosigned; 0 without witnesses."""
        return self.policy.need if self.policy else 0

    @property
    def quorum(self) -> int:
        """How many must answer so that one of them saw the newest checkpoint that enough cosigned; 0 without any."""
        return max(self.need, len(self.keys) - self.need + 1) if self.policy else 0

    async def cosign(self, connection: AnyConnection, log_id: UUID, checkpoint: Checkpoint, note: str) -> Round:
        """Ask every witness to cosign an archived checkpoint, and archive their cosignatures.

        A witness that remembers another size than the archive says is asked once more, from that size.
        """
        if self.policy is None:
            return Round((), {})
        old_sizes = [await last_cosigned_by(connection, log_id, key) for key in self.keys]
        old_sizes = [min(old, checkpoint.size) for old in old_sizes]
        requests = [await _request(connection, log_id, checkpoint, note, old) for old in old_sizes]
        answers = await self._ask(requests)
        for place, (status, text) in enumerate(answers):
            remembered = _size_in(text) if status == HTTPStatus.CONFLICT else None
            if remembered is not None and remembered <= checkpoint.size and remembered != old_sizes[place]:
                retry = await _request(connection, log_id, checkpoint, note, remembered)
                answers[place] = await self._ask_one(self.policy.urls[place], retry)
        return await self._keep_cosignatures(connection, log_id, checkpoint, note, answers)

    async def remembered(self, origin: str, key: SigningKey) -> dict[str, Remembers | None]:
        """Ask each witness what it remembers of a log, with a checkpoint of the empty tree."""
        checkpoint = Checkpoint(origin, 0, EMPTY_ROOT)
        return await self.ask_about(checkpoint, key.sign(checkpoint))

    async def ask_about(self, checkpoint: Checkpoint, note: str) -> dict[str, Remembers | None]:
        """Ask each witness whether a signed checkpoint is the newest it knows; `None` for one that does not say.

        One that remembers another size answers with that ("the tlog-witness MUST respond with a 409", tlog-witness).
        """
        if self.policy is None:
            return {}
        answers = await self._ask([AddCheckpoint(checkpoint.size, (), note)] * len(self.keys))
        return {
            witness.name: self._remembered_by(witness, checkpoint, note, answer)
            for witness, answer in zip(self.keys, answers, strict=True)
        }

    async def _ask(self, requests: Sequence[AddCheckpoint]) -> list[tuple[int, str]]:
        assert self.policy is not None  # noqa: S101 - every caller has checked
        answers = (self._ask_one(url, request) for url, request in zip(self.policy.urls, requests, strict=True))
        return list(await asyncio.gather(*answers))

    async def _ask_one(self, url: str, request: AddCheckpoint) -> tuple[int, str]:
        assert self._send is not None  # noqa: S101 - whoever names witnesses says how to reach them
        try:
            return await self._send(f"{url}/add-checkpoint", request.body())
        except WitnessUnreachable:
            return 0, ""

    async def _keep_cosignatures(
        self, connection: AnyConnection, log_id: UUID, checkpoint: Checkpoint, note: str,
        answers: Sequence[tuple[int, str]],
    ) -> Round:
        kept = await at_size(connection, log_id, checkpoint.size)
        has_kept = {name for archived in kept if archived.note == note for name in archived.cosigners(self.keys)}
        cosigned: list[str] = []
        failures: dict[str, CosignFailure] = {}
        for witness, (status, text) in zip(self.keys, answers, strict=True):
            cosignature = self._cosignature(witness, note, status, text)
            if cosignature is not None:
                if witness.name not in has_kept:
                    await keep_cosignature(connection, log_id, checkpoint.size, cosignature)
                cosigned.append(witness.name)
                continue
            failures[witness.name] = failure = _failure_of(status, text, checkpoint.size)
            alarm = logger.critical if failure in ALARMING else logger.warning
            alarm(
                "witness_did_not_cosign", origin=checkpoint.origin, witness=witness.name, why=failure.value,
                status=status,
            )
        if len(cosigned) < self.need:
            logger.error(
                "checkpoint_not_cosigned", origin=checkpoint.origin, size=checkpoint.size, cosigned=len(cosigned),
                need=self.need,
            )
        return Round(tuple(cosigned), failures)

    def _remembered_by(
        self, witness: WitnessKey, checkpoint: Checkpoint, note: str, answer: tuple[int, str]
    ) -> Remembers | None:
        status, text = answer
        if self._cosignature(witness, note, status, text) is not None:
            return Remembers(checkpoint.size, agrees=True)
        remembered = _size_in(text) if status == HTTPStatus.CONFLICT else None
        # A conflict, although the size is the one we asked about: it remembers another tree of that size.
        return None if remembered is None else Remembers(remembered, agrees=remembered != checkpoint.size)

    def _cosignature(self, witness: WitnessKey, note: str, status: int, text: str) -> Cosignature | None:
        """Find in an answer the witness' own cosignature on this note, made within an hour of our clock, else `None`.

        It is "a sequence of one or more note signature lines, each starting with the — character (U+2014) and ending
        with a newline character" (tlog-witness). Other text could move the empty line that ends the note's text.
        """
        assert self._clock is not None  # noqa: S101 - whoever names witnesses says what time it is
        lines = text.split("\n")
        if status != HTTPStatus.OK or lines.pop() or not lines or not all(line.startswith("— ") for line in lines):
            return None
        try:
            if split_note(note + text)[0] != split_note(note)[0]:
                return None
        except NotACheckpoint:
            return None
        # Other implementations may send lines of several keys; only the known key counts.
        for cosignature in holding(note + text, [witness]):
            # Emptying relies on archived timestamps. Zero means that there is none (newer tlog-witness).
            apart = abs(cosignature.moment - self._clock().timestamp())
            if cosignature.moment and apart <= _CLOCKS_APART.total_seconds():
                return cosignature
        return None


async def _request(
    connection: AnyConnection, log_id: UUID, checkpoint: Checkpoint, note: str, old: int
) -> AddCheckpoint:
    if old in {0, checkpoint.size}:
        return AddCheckpoint(old, (), note)
    ranges = consistency_ranges(old, checkpoint.size)
    try:
        hashes = await hashes_of(connection, log_id, {node for nodes in ranges for node in nodes})
    except KeyError:
        # A row is missing that the signer did not read, since the witness named the size. Without a proof the witness
        # answers 422, and the log is alarmed as rewritten.
        return AddCheckpoint(old, (), note)
    return AddCheckpoint(old, tuple(proof_from(ranges, hashes.__getitem__)), note)


def _failure_of(status: int, text: str, size: int) -> CosignFailure:
    if status == 0:
        return CosignFailure.UNREACHABLE
    if status == HTTPStatus.CONFLICT:
        remembered = _size_in(text)
        if remembered is None:
            return CosignFailure.REFUSED
        # The same size and no cosignature: it remembers another tree of that size.
        return CosignFailure.AHEAD if remembered > size else CosignFailure.INCONSISTENT
    return CosignFailure.INCONSISTENT if status == HTTPStatus.UNPROCESSABLE_ENTITY else CosignFailure.REFUSED


def _size_in(text: str) -> int | None:
    digits = text.removesuffix("\n")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= _MOST_DIGITS else None
