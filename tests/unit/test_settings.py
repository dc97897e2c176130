"""The settings: what each is when nobody says, where its bounds are, and what is refused by name and never by value."""

import re
from pathlib import Path

import pytest

from infohus.settings import OF_COMMANDS, REPOSITORY, Settings, UnsafeSetting, is_open_to_others, reference

REGENERATE = "deploy/settings.md is older than Settings. Make it anew: .venv/bin/infohus settings > deploy/settings.md"
SECRET = "kanariefugl"
REQUIRED = {
    "INFOHUS_DATABASE_URL": f"postgresql://infohus_app:{SECRET}@127.0.0.1/infohus",
    "INFOHUS_SIGNER_DATABASE_URL": f"postgresql://infohus_signer:{SECRET}@127.0.0.1/infohus",
    "INFOHUS_KEYS_DATABASE_URL": f"postgresql://infohus_keys:{SECRET}@127.0.0.1/infohus",
    "INFOHUS_SIGNERS_FILE": "/etc/infohus/signers.toml",
    "INFOHUS_KEYS_FOLDER": "/var/lib/infohus/keys",
    "INFOHUS_ISSUERS_FILE": "/etc/infohus/issuers.toml",
}
DEFAULTS = {
    "policies_folder": REPOSITORY / "policies",
    "audience": "infohus",
    "minimum_assurance": 2,
    "host": "127.0.0.1",
    "port": 8115,
    "pool_size": 12,
    "keep_keys_seconds": 300,
    "stalled_after_days": 60, "other_signs_within_days": 30, "police_answer_pet": True, "note_late_after_days": 3,
    "saturday_counts": True,
    "sign_every_seconds": 60, "log_check_every_months": 6, "log_check_least_sample": 25, "idempotency_days": 14,
    "signed_folder": None, "witnesses_file": None, "database_folder": None,
    "least_free_megabytes": 1024,
    "largest_request_bytes": 1_048_576,
    "log_format": "auto",
}
ACCEPTED = [
    ("DATABASE_URL", "postgres://infohus_app@/infohus?host=/run/postgresql",
     "postgres://infohus_app@/infohus?host=/run/postgresql"),
    ("KEYS_FOLDER", "/srv/nøgler", Path("/srv/nøgler")),
    ("SIGNERS_FILE", "signers.toml", Path("signers.toml")),
    ("ISSUERS_FILE", "issuers.toml", Path("issuers.toml")),
    ("POLICIES_FOLDER", "/srv/policies", Path("/srv/policies")),
    ("SIGNED_FOLDER", "/srv/signed", Path("/srv/signed")),
    ("WITNESSES_FILE", "witnesses.toml", Path("witnesses.toml")),
    ("SIGN_EVERY_SECONDS", "1", 1),
    ("LOG_CHECK_EVERY_MONTHS", "1", 1),
    ("AUDIENCE", "i", "i"),
    ("MINIMUM_ASSURANCE", "2", 2),
    ("MINIMUM_ASSURANCE", "3", 3),
    ("HOST", "::1", "::1"),
    ("PORT", "1", 1),
    ("PORT", "65535", 65535),
    ("POOL_SIZE", "2", 2),
    ("POOL_SIZE", "100", 100),
    ("KEEP_KEYS_SECONDS", "0", 0),
    ("KEEP_KEYS_SECONDS", "600", 600),
    ("LARGEST_REQUEST_BYTES", "1024", 1024),
    ("IDEMPOTENCY_DAYS", "2", 2),
    ("IDEMPOTENCY_DAYS", "90", 90),
    ("DATABASE_FOLDER", "/var/lib/postgresql", Path("/var/lib/postgresql")),
    ("LEAST_FREE_MEGABYTES", "1", 1),
    ("LOG_FORMAT", "json", "json"),
    ("LOG_FORMAT", "console", "console"),
]
REFUSED = [
    ("DATABASE_URL", SECRET),
    ("DATABASE_URL", f"mysql://infohus_app:{SECRET}@127.0.0.1/infohus"),
    ("DATABASE_URL", f"host=127.0.0.1 user=infohus_app password={SECRET}"),
    ("IDEMPOTENCY_DAYS", "1"),
    ("IDEMPOTENCY_DAYS", "91"),
    ("LEAST_FREE_MEGABYTES", "0"),
    ("MINIMUM_ASSURANCE", "1"),
    ("MINIMUM_ASSURANCE", "4"),
    ("MINIMUM_ASSURANCE", SECRET),
    ("HOST", "0.0.0.0"),  # noqa: S104 - what must be refused
    ("HOST", "::"),
    ("LOG_CHECK_EVERY_MONTHS", "7"),
    ("HOST", "10.0.0.7"),
    ("HOST", "localhost"),  # a name that resolves to two addresses, or to none; the server takes numbers
    ("HOST", "127.0.0.1.example.dk"),
    ("HOST", SECRET),
    ("PORT", "0"),
    ("PORT", "65536"),
    ("PORT", "-1"),
    ("PORT", "8115.5"),
    ("PORT", "8115 "),
    ("PORT", "0x50"),
    ("PORT", "٨١"),
    ("PORT", SECRET),
    ("POOL_SIZE", "1"),
    ("POOL_SIZE", "101"),
    ("POOL_SIZE", "true"),
    ("POOL_SIZE", "null"),
    ("KEEP_KEYS_SECONDS", "-1"),
    ("KEEP_KEYS_SECONDS", "601"),
    ("KEEP_KEYS_SECONDS", SECRET),
    ("LARGEST_REQUEST_BYTES", "1023"),
    ("LARGEST_REQUEST_BYTES", "1 MB"),
    ("LOG_FORMAT", "JSON"),
    ("LOG_FORMAT", f"json {SECRET}"),
]
EVERY = [name.upper() for name in Settings.__struct_fields__]


class WhenNothingButTheRequiredIsSet:
    def test_every_other_setting_has_its_default(self) -> None:
        settings = Settings.read(REQUIRED)
        assert {name: getattr(settings, name) for name in DEFAULTS} == DEFAULTS

    def test_the_defaults_and_the_required_are_all_there_is(self) -> None:
        required = {name.removeprefix("INFOHUS_").lower() for name in REQUIRED}
        assert set(Settings.__struct_fields__) == required | set(DEFAULTS)

    def test_variables_of_others_change_nothing(self) -> None:
        others = {"PORT": "1", "INFOHUSET_PORT": "2", **dict.fromkeys(OF_COMMANDS, "/usr/bin")}
        assert Settings.read({**REQUIRED, **others}) == Settings.read(REQUIRED)


class WhenASettingIsGiven:
    @pytest.mark.parametrize(("name", "text", "value"), ACCEPTED)
    def test_it_is_taken_up_to_its_bounds(self, name: str, text: str, value: object) -> None:
        settings = Settings.read({**REQUIRED, f"INFOHUS_{name}": text})
        assert getattr(settings, name.lower()) == value

    def test_it_cannot_be_changed_afterwards(self) -> None:
        with pytest.raises(AttributeError):
            Settings.read(REQUIRED).port = 80  # type: ignore[misc]

    def test_what_is_printed_holds_no_password(self) -> None:
        settings = Settings.read(REQUIRED)
        assert (repr(settings), str(settings)) == ("Settings(host='127.0.0.1', port=8115)",) * 2


class WhenASettingIsMissingMalformedOrUnsafe:
    @pytest.mark.parametrize("missing", REQUIRED)
    def test_a_required_one_is_missed_by_name(self, missing: str) -> None:
        with pytest.raises(UnsafeSetting) as refused:
            Settings.read({name: text for name, text in REQUIRED.items() if name != missing})
        assert str(refused.value) == f"{missing} is not set"

    @pytest.mark.parametrize("name", EVERY)
    def test_an_empty_one_is_no_value(self, name: str) -> None:
        with pytest.raises(UnsafeSetting) as refused:
            Settings.read({**REQUIRED, f"INFOHUS_{name}": ""})
        assert str(refused.value) == f"INFOHUS_{name} is empty"

    @pytest.mark.parametrize(("name", "text"), REFUSED)
    def test_a_bad_value_is_refused_by_name_and_never_repeated(self, name: str, text: str) -> None:
        with pytest.raises(UnsafeSetting) as refused:
            Settings.read({**REQUIRED, f"INFOHUS_{name}": text})
        assert str(refused.value).startswith((f"INFOHUS_{name} ", f"INFOHUS_{name}:"))
        assert SECRET not in str(refused.value)
        # Nothing of the value hangs on the error either, where a traceback would show it.
        assert refused.value.__suppress_context__ or refused.value.__context__ is None


MISSPELT = [
    ("INFOHUS_WITNESSES_FIL", "; is INFOHUS_WITNESSES_FILE meant?"),
    ("infohus_port", "; is INFOHUS_PORT meant?"),
    ("INFOHUS_VERIFIER_DATABASE_URI", "; is INFOHUS_VERIFIER_DATABASE_URL meant?"),
    ("INFOHUS_X", ""),
]
ELSEWHERE = [
    "@db.example.dk/infohus", "@db.example.dk:5432/infohus", "@10.0.0.7/infohus", "@127.0.0.1,db.example.dk/infohus",
    "@/infohus?host=db.example.dk", "@[fd00::7]:5432/infohus", "@127.0.0.1/infohus?host=/run,db.example.dk",
    "@localhost.example.dk/infohus",
]
HERE = [
    "@127.0.0.1/infohus", "@localhost:5432/infohus", "@[::1]/infohus", "@/infohus?host=/run/postgresql", "@/infohus",
    "@%2Frun%2Fpostgresql/infohus", "@127.0.0.2:6432,[::1]:5432/infohus",
]


@pytest.mark.fault("E5")
class WhenAVariableIsMisspelt:
    @pytest.mark.parametrize(("variable", "guess"), MISSPELT)
    def test_it_is_refused_by_name_with_the_one_that_was_meant(self, variable: str, guess: str) -> None:
        with pytest.raises(UnsafeSetting) as refused:
            Settings.read({**REQUIRED, variable: SECRET})
        assert str(refused.value) == f"{variable} is no setting{guess}"

    def test_all_faults_are_told_at_once(self) -> None:
        with pytest.raises(UnsafeSetting) as refused:
            Settings.read({"INFOHUS_PORT": "0", "INFOHUS_X": SECRET})
        said = str(refused.value)
        named = ("DATABASE_URL is not set", "KEYS_FOLDER is not set", "ISSUERS_FILE is not set", "PORT ", "X is no")
        assert [name for name in named if f"INFOHUS_{name}" not in said] == []
        assert SECRET not in said

    def test_what_commands_read_is_known(self) -> None:
        commands = (REPOSITORY / "src" / "infohus" / "cli").glob("*.py")
        named = {name for file in commands for name in re.findall(r'"(INFOHUS_\w+)"', file.read_text(encoding="utf-8"))}
        assert named
        assert named - OF_COMMANDS - {f"INFOHUS_{name}" for name in EVERY} == set()


@pytest.mark.fault("E5")
class WhenTheDatabaseIsOnAnotherMachine:
    @pytest.mark.parametrize("place", ELSEWHERE)
    @pytest.mark.parametrize("mode", ["", "disable", "prefer", "require", "verify-ca"])
    def test_it_is_refused_unless_its_name_is_verified(self, place: str, mode: str) -> None:
        join = "&" if "?" in place else "?"
        address = f"postgresql://infohus_app:{SECRET}{place}{f'{join}sslmode={mode}' if mode else ''}"
        with pytest.raises(UnsafeSetting, match=r"^INFOHUS_DATABASE_URL: .*sslmode=verify-full$"):
            Settings.read({**REQUIRED, "INFOHUS_DATABASE_URL": address})
        address = f"postgresql://infohus_app:{SECRET}{place}{join}sslmode=verify-full"
        assert Settings.read({**REQUIRED, "INFOHUS_DATABASE_URL": address}).database_url == address

    @pytest.mark.parametrize("place", HERE)
    def test_on_this_one_nothing_is_asked(self, place: str) -> None:
        address = f"postgresql://infohus_app:{SECRET}{place}"
        assert Settings.read({**REQUIRED, "INFOHUS_DATABASE_URL": address}).database_url == address

    def test_a_host_from_the_environment_is_one_too(self) -> None:
        address = f"postgresql://infohus_app:{SECRET}@/infohus"
        with pytest.raises(UnsafeSetting, match="sslmode=verify-full"):
            Settings.read({**REQUIRED, "INFOHUS_DATABASE_URL": address, "PGHOST": "db.example.dk"})


@pytest.mark.fault("E5")
class WhenOthersCouldWriteAFile:
    @pytest.mark.parametrize(("mode", "of_folder", "is_open"), [
        (0o640, 0o750, False), (0o644, 0o755, False), (0o666, 0o700, True), (0o620, 0o700, True), (0o602, 0o700, True),
        (0o600, 0o770, True), (0o600, 0o707, True), (0o600, 0o1777, False),
    ])
    def test_its_own_mode_and_its_folders_count(
        self, tmp_path: Path, mode: int, of_folder: int, is_open: bool  # noqa: FBT001 - a parameter of the test
    ) -> None:
        folder = tmp_path / "etc"
        folder.mkdir()
        (folder / "issuers.toml").touch()
        (folder / "issuers.toml").chmod(mode)
        folder.chmod(of_folder)
        assert is_open_to_others(folder / "issuers.toml") == is_open

    def test_a_link_is_as_open_as_what_it_leads_to(self, tmp_path: Path) -> None:
        (tmp_path / "real").touch()
        (tmp_path / "real").chmod(0o666)
        (tmp_path / "link").symlink_to(tmp_path / "real")
        assert is_open_to_others(tmp_path / "link")


class WhenTheReferenceIsRead:
    def test_it_is_what_the_settings_say(self) -> None:
        assert (REPOSITORY / "deploy" / "settings.md").read_text(encoding="utf-8") == reference(), REGENERATE

    def test_it_names_every_variable_once_and_no_path_of_this_machine(self) -> None:
        listed = [line.split("`")[1] for line in reference().splitlines() if line.startswith("| `")]
        assert listed == [f"INFOHUS_{name}" for name in EVERY]
        assert str(REPOSITORY) not in reference()

    def test_every_setting_is_used_by_the_application(self) -> None:
        files = ("app.py", "cli/serving.py", "kernel/audit/signing/of_settings.py")
        readers = [REPOSITORY / "src" / "infohus" / name for name in files]
        text = "\n".join(reader.read_text(encoding="utf-8") for reader in readers)
        assert [name for name in Settings.__struct_fields__ if f"settings.{name}" not in text] == []
