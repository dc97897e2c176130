"""The settings, read once at start from the environment; an unsafe value is refused by the variable's name.

The reference in deploy/settings.md is generated from this class and checked by a test.
"""

import ipaddress
import os
import stat
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, get_type_hints
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec
from msgspec import Meta

PREFIX = "INFOHUS_"
REPOSITORY = Path(__file__).resolve().parents[2]

OF_COMMANDS = frozenset({
    "INFOHUS_OWNER_DATABASE_URL", "INFOHUS_VERIFIER_DATABASE_URL", "INFOHUS_RETENTION_DATABASE_URL",
    "INFOHUS_RECONCILER_DATABASE_URL", "INFOHUS_POSTGRES_BIN",
})
"""Variables that only commands read; the service, which shares its environment with them, leaves them alone."""

_REFERENCE = (
    "# Settings",
    "",
    "What `infohus serve` reads from its environment, once, at start. A variable that is missing, malformed or unsafe",
    "stops the start; the message names the variable and never its value. Made by `infohus settings`; a test keeps it.",
    "",
    "| variable | default | must be | meaning |",
    "|---|---|---|---|",
)


class UnsafeSetting(Exception):  # noqa: N818 - names the situation
    """A setting is missing, malformed or unsafe; the text names the variable and never its value."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that differs between two installations."""

    database_url: Annotated[str, Meta(description="PostgreSQL address of the role infohus_app.")]
    signer_database_url: Annotated[str, Meta(description="PostgreSQL address of the role infohus_signer.")]
    keys_database_url: Annotated[
        str, Meta(description="PostgreSQL address of the role infohus_keys, which reaches the schema of keys alone.")
    ]
    keys_folder: Annotated[
        Path, Meta(description="Folder of the file key keeper and the log's signing key; mode 0700, files 0600.")
    ]
    issuers_file: Annotated[
        Path, Meta(description="TOML file of the identity providers, each bound to one authority.")
    ]
    signers_file: Annotated[
        Path, Meta(description="TOML file of the public keys with which each authority's key keeper signs.")
    ]
    policies_folder: Annotated[Path, Meta(description="Folder of the Cedar schema and policies.")] = (
        REPOSITORY / "policies"
    )
    audience: Annotated[str, Meta(description="`aud` that tokens must carry.", min_length=1)] = "infohus"
    minimum_assurance: Annotated[
        int, Meta(description="Lowest NSIS level let in: 2 Betydelig, 3 Høj (rule 48).", ge=2, le=3)
    ] = 2
    host: Annotated[str, Meta(description="Loopback address to listen on; put a TLS proxy in front.")] = "127.0.0.1"
    port: Annotated[int, Meta(description="Port to listen on.", ge=1, le=65535)] = 8115
    pool_size: Annotated[
        int, Meta(description="Database connections per worker; half as many go to the keys, two to the signer.",
                  ge=2, le=100)
    ] = 12
    keep_keys_seconds: Annotated[
        int, Meta(description="How long what a key keeper opened may stay in memory.", ge=0, le=600)
    ] = 300
    stalled_after_days: Annotated[
        int, Meta(description="A measure without any event for so many days reaches both tovholdere (rule 77).",
                  ge=1, le=3650)
    ] = 60
    other_signs_within_days: Annotated[
        int, Meta(description="After so many days an authority that signed a closure may end its own side (rule 70).",
                  ge=1, le=3650)
    ] = 30
    police_answer_pet: Annotated[
        bool, Meta(description='Whether a police district is "anden forvaltningsmyndighed" in PET-lovens § 4, and so '
                               "cannot decline what PET asks under it (rule 14).")
    ] = True
    sign_every_seconds: Annotated[
        int, Meta(description="How often each log that grew is signed, and its witnesses asked.", ge=1, le=3600)
    ] = 60
    signed_folder: Annotated[
        Path | None,
        Meta(description="Where the signer remembers what it signed; `signed` in the keys' folder when not set. "
                         "Never restore it from a backup."),
    ] = None
    witnesses_file: Annotated[
        Path | None, Meta(description="TOML file of the witnesses that cosign; without it nothing is cosigned.")
    ] = None
    database_folder: Annotated[
        Path | None,
        Meta(description="A folder on the disk of the database, where that is this machine's; its free space is "
                         "watched as the keys' and the signer's are."),
    ] = None
    least_free_megabytes: Annotated[
        int, Meta(description="With less free space on a watched disk `/ready` answers 503, before the disk is full.",
                  ge=1)
    ] = 1024
    saturday_counts: Annotated[
        bool, Meta(description="Whether Saturday is one of the six hverdage of a child's receipt (rule 32).")
    ] = True
    note_late_after_days: Annotated[
        int, Meta(description="A note entered more days after the event shows as late (rule 68).", ge=0, le=365)
    ] = 3
    log_check_every_months: Annotated[
        int, Meta(description="How long after the end of one checked period the next is due (rule 63).", ge=1, le=6)
    ] = 6
    log_check_least_sample: Annotated[
        int, Meta(description="How many entries a log check draws at least, where there are as many.", ge=1, le=200)
    ] = 25
    idempotency_days: Annotated[
        int, Meta(description="How many days a repetition with the same Idempotency-Key does not act twice.",
                  ge=2, le=90)
    ] = 14
    largest_request_bytes: Annotated[int, Meta(description="Largest request body.", ge=1024)] = 1_048_576
    log_format: Annotated[
        str, Meta(description="`auto` (colours in a terminal, JSON elsewhere), `json` or `console`.",
                  pattern="^(auto|json|console)$")
    ] = "auto"

    def __repr__(self) -> str:
        """Leave out the database addresses, which may hold passwords."""
        return f"Settings(host={self.host!r}, port={self.port})"

    @classmethod
    def read(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Read the variables `INFOHUS_…`.

        Raises:
            UnsafeSetting: naming every variable that is missing, malformed, unsafe or misspelt.
        """
        settings, faults = cls.read_with_faults(environment)
        if settings is None or faults:
            raise UnsafeSetting("; ".join(faults))
        return settings

    @classmethod
    def read_with_faults(cls, environment: Mapping[str, str] = os.environ) -> "tuple[Settings | None, list[str]]":
        """Read the variables, and list everything that is wrong; `None` where one is missing or malformed."""
        values: dict[str, Any] = {}
        faults: list[str] = []
        hints = get_type_hints(cls, include_extras=True)
        for field in msgspec.structs.fields(cls):
            variable = PREFIX + field.name.upper()
            if variable in environment:
                try:
                    values[field.name] = _converted(variable, environment[variable], hints[field.name])
                except UnsafeSetting as refused:
                    faults.append(str(refused))
            elif field.required:
                faults.append(f"{variable} is not set")
        settings = None if faults else cls(**values)
        faults += _misspelt(environment)
        if settings is not None:
            faults += settings.unsafe_values(environment)
        return settings, faults

    def unsafe_values(self, environment: Mapping[str, str]) -> Iterator[str]:
        """Name each variable whose value would let others in; `environment` may hold the default host of addresses."""
        for name in (name for name in self.__struct_fields__ if name.endswith("database_url")):
            address = getattr(self, name)
            fault = address and _fault_of_address(address, environment.get("PGHOST", ""))
            if fault:
                yield f"{PREFIX}{name.upper()}{fault}"
        if self.host not in {"127.0.0.1", "::1"}:
            yield f"{PREFIX}HOST: listen on 127.0.0.1 or ::1 and let the TLS proxy face the network"


def is_open_to_others(file: Path) -> bool:
    """Say whether others than its owner may write a file, or put another in its place.

    Raises:
        OSError: the file is not there.
    """
    real = file.resolve(strict=True)
    folder = real.parent.stat().st_mode
    may_replace = folder & (stat.S_IWGRP | stat.S_IWOTH) and not folder & stat.S_ISVTX
    return bool(may_replace or real.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH))


def _misspelt(environment: Mapping[str, str]) -> Iterator[str]:
    """Name the variables that look like ours and are none: what they were to set would silently not be set."""
    known = {PREFIX + name.upper() for name in Settings.__struct_fields__} | OF_COMMANDS
    for variable in sorted(environment):
        if variable.upper().startswith(PREFIX) and variable not in known:
            near = get_close_matches(variable.upper(), known, n=1, cutoff=0.8)
            yield f"{variable} is no setting" + (f"; is {near[0]} meant?" if near else "")


def _fault_of_address(address: str, default_host: str) -> str | None:
    """Say what is wrong with a PostgreSQL address, never repeating it: another scheme, or a name without TLS."""
    try:
        parts = urlsplit(address)
        asked = parse_qs(parts.query)
    except ValueError:
        return " is not a PostgreSQL address"
    if parts.scheme not in {"postgresql", "postgres"} or not address.startswith(f"{parts.scheme}://"):
        return " is not a PostgreSQL address"
    places = [*parts.netloc.rpartition("@")[2].split(","), *",".join(asked.get("host", [])).split(",")]
    hosts = [_host_of(unquote(place)) for place in places if place] or [_host_of(default_host)]
    if all(_is_this_machine(host) for host in hosts) or asked.get("sslmode", [])[-1:] == ["verify-full"]:
        return None
    return ": the database is on another machine, so end the address with ?sslmode=verify-full"


def _host_of(place: str) -> str:
    """Take the port and the brackets of an IPv6 address away."""
    if place.startswith("["):
        return place[1:].partition("]")[0]
    return place if place.startswith(("/", "@")) or place.count(":") > 1 else place.partition(":")[0]


def _is_this_machine(host: str) -> bool:
    if not host or host == "localhost" or host.startswith(("/", "@")):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def reference() -> str:
    """Describe every variable as a Markdown page: deploy/settings.md."""
    rows = [_row(field) for field in msgspec.structs.fields(Settings)]
    return "\n".join([*_REFERENCE, *rows, ""])


def _row(field: msgspec.structs.FieldInfo) -> str:
    described = msgspec.inspect.type_info(get_type_hints(Settings, include_extras=True)[field.name])
    assert isinstance(described, msgspec.inspect.Metadata)  # noqa: S101 - every field has a description
    default = field.default.relative_to(REPOSITORY) if isinstance(field.default, Path) else field.default
    default = str(default).lower() if isinstance(default, bool) else default
    shown = "required" if field.required else "none" if default is None else f"`{default}`"
    meaning = (described.extra_json_schema or {})["description"]
    return f"| `{PREFIX}{field.name.upper()}` | {shown} | {_bounds(described.type)} | {meaning} |"


def _bounds(kind: msgspec.inspect.Type) -> str:
    match kind:
        case msgspec.inspect.IntType(ge=int(least), le=int(most)):
            return f"{least}–{most}"
        case msgspec.inspect.IntType(ge=int(least)):
            return f"{least} or more"
        case msgspec.inspect.BoolType():
            return "`true` or `false`"
        case msgspec.inspect.UnionType(types) if any(isinstance(one, msgspec.inspect.StrType) for one in types):
            return "text"
        case msgspec.inspect.CustomType() | msgspec.inspect.UnionType():
            return "a path"
        case _:
            return "text"


def _converted(variable: str, text: str, hint: Any) -> Any:  # noqa: ANN401 - the type is the field's
    if not text:
        # An empty path would silently mean the working directory.
        message = f"{variable} is empty"
        raise UnsafeSetting(message)
    try:
        return msgspec.convert(text, hint, strict=False, dec_hook=lambda kind, value: kind(value))
    except msgspec.ValidationError as refusal:
        message = f"{variable} cannot be used: {refusal}"
        raise UnsafeSetting(message) from None
