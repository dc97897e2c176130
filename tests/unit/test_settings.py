"""The settings: what each is when nobody says, where its bounds are, and what is refused by name and never by value."""

from pathlib import Path

import pytest

from infohus.settings import REPOSITORY, Settings, UnsafeSetting, reference

REGENERATE = "deploy/settings.md is older than Settings. Make it anew: .venv/bin/infohus settings > deploy/settings.md"
SECRET = "kanariefugl"
REQUIRED = {
    "INFOHUS_DATABASE_URL": f"postgresql://infohus_app:{SECRET}@127.0.0.1/infohus",
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
    "keep_case_keys_seconds": 300,
    "stalled_after_days": 60, "note_late_after_days": 3,
    "sign_every_seconds": 60, "log_check_every_months": 6, "signed_folder": None, "witnesses_file": None,
    "largest_request_bytes": 1_048_576, "idempotency_days": 14, "database_folder": None, "least_free_megabytes": 1024,
    "log_format": "auto",
}
ACCEPTED = [
    ("DATABASE_URL", "postgres://infohus_app@/infohus?host=/run/postgresql",
     "postgres://infohus_app@/infohus?host=/run/postgresql"),
    ("KEYS_FOLDER", "/srv/nøgler", Path("/srv/nøgler")),
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
    ("KEEP_CASE_KEYS_SECONDS", "0", 0),
    ("KEEP_CASE_KEYS_SECONDS", "600", 600),
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
    ("KEEP_CASE_KEYS_SECONDS", "-1"),
    ("KEEP_CASE_KEYS_SECONDS", "601"),
    ("KEEP_CASE_KEYS_SECONDS", SECRET),
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
        others = {"PORT": "1", "infohus_port": "2", "INFOHUS_PORTS": "3", "INFOHUS_POSTGRES_BIN": "/usr/bin"}
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


class WhenTheReferenceIsRead:
    def test_it_is_what_the_settings_say(self) -> None:
        assert (REPOSITORY / "deploy" / "settings.md").read_text(encoding="utf-8") == reference(), REGENERATE

    def test_it_names_every_variable_once_and_no_path_of_this_machine(self) -> None:
        listed = [line.split("`")[1] for line in reference().splitlines() if line.startswith("| `")]
        assert listed == [f"INFOHUS_{name}" for name in EVERY]
        assert str(REPOSITORY) not in reference()

    def test_every_setting_is_used_by_the_application(self) -> None:
        readers = [REPOSITORY / "src" / "infohus" / name for name in ("app.py", "cli/serving.py")]
        text = "\n".join(reader.read_text(encoding="utf-8") for reader in readers)
        assert [name for name in Settings.__struct_fields__ if f"settings.{name}" not in text] == []
