"""A keeper of files: what it makes, what it refuses to use, and that it never overwrites a key or gives one out."""

import os
import re
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import pytest

from infohus.kernel.sealing.envelope import CannotOpen
from infohus.kernel.sealing.intake import Info
from infohus.kernel.sealing.keepers import INSTALLATION, FileKeyKeeper, UnsafeKeyFile

MUNICIPALITY, POLICE = "ishoj-kommune", "kbh-vestegns-politi"
INFOHUS = UUID("01890f3e-0000-7000-8000-0000000000f1")
OTHER_INFOHUS = UUID("01890f3e-0000-7000-8000-0000000000f2")
CASE_KEY = bytes(range(100, 132))
CONTEXT = b"a case"
INFO = Info(b"an exchange")
GOOD = b"k" * 32

Spoil = Callable[[Path], None]
Use = Callable[[FileKeyKeeper], object]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "keys"


@pytest.fixture
def keeper(folder: Path) -> FileKeyKeeper:
    return FileKeyKeeper.create(folder, [MUNICIPALITY, POLICE], [INFOHUS])


@pytest.fixture
def generous_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def tree(folder: Path) -> dict[str, tuple[str, int]]:
    """List everything below a folder: its mode, and a file's length (0 for a folder)."""
    return {
        str(path.relative_to(folder.parent)): (
            oct(stat.S_IMODE(path.lstat().st_mode)), path.lstat().st_size if path.is_file() else 0,
        )
        for path in [folder, *folder.rglob("*")]
    }  # fmt: skip


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.key")}


# --- what may be wrong with a key file: each takes the path of a good one and spoils it ------------------------------
def mode(bits: int) -> Spoil:
    return lambda path: path.chmod(bits)


def folder_mode(bits: int) -> Spoil:
    return lambda path: path.parent.chmod(bits)


def top_mode(bits: int) -> Spoil:
    return lambda path: path.parent.parent.chmod(bits)


def length(size: int) -> Spoil:
    def spoil(path: Path) -> None:
        path.write_bytes(bytes(size))

    return spoil


def linked(path: Path) -> None:
    target = path.with_name("elsewhere.key")
    path.rename(target)
    path.symlink_to(target)


def dangling(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.with_name("nowhere.key"))


def folder_linked(path: Path) -> None:
    target = path.parent.with_name("elsewhere")
    path.parent.rename(target)
    path.parent.symlink_to(target, target_is_directory=True)


def missing(path: Path) -> None:
    path.unlink()


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir(mode=0o700)


def a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path, 0o600)


FILE_FAULTS: dict[str, Spoil] = {
    **{f"file {bits:04o}": mode(bits) for bits in (0o644, 0o640, 0o604, 0o660, 0o606, 0o666, 0o610, 0o601, 0o777)},
    **{f"{size} bytes": length(size) for size in (0, 1, 16, 24, 31, 33, 64, 4096)},
    "a link to a good key": linked,
    "a link to nothing": dangling,
    "a folder": a_folder,
    "a pipe": a_pipe,
}
FOLDER_FAULTS: dict[str, Spoil] = {
    **{f"its folder {bits:04o}": folder_mode(bits) for bits in (0o755, 0o750, 0o705, 0o711, 0o770, 0o701, 0o1777)},
    **{f"the keeper's folder {bits:04o}": top_mode(bits) for bits in (0o755, 0o750, 0o770, 0o701, 0o1777)},
    "its folder a link": folder_linked,
}
FAULTS: dict[str, Spoil] = {**FILE_FAULTS, **FOLDER_FAULTS, "missing": missing}
USES: dict[str, tuple[str, Use]] = {
    "wrap": (f"{MUNICIPALITY}/kek-1.key", lambda keeper: keeper.wrap(MUNICIPALITY, CASE_KEY, CONTEXT)),
    "unwrap": (f"{MUNICIPALITY}/kek-1.key", lambda keeper: keeper.unwrap(MUNICIPALITY, bytes(60), CONTEXT)),
    "new_intake": (f"{MUNICIPALITY}/kek-1.key", lambda keeper: keeper.new_intake(MUNICIPALITY, CONTEXT)),
    "open_intake": (
        f"{MUNICIPALITY}/kek-1.key", lambda keeper: keeper.open_intake(MUNICIPALITY, bytes(60), CONTEXT, b"", INFO)
    ),
    "sign": (f"{MUNICIPALITY}/sign-1.key", lambda keeper: keeper.sign(MUNICIPALITY, b"a statement")),
    "signer_key": (f"{MUNICIPALITY}/sign-1.key", lambda keeper: keeper.signer_key(MUNICIPALITY)),
    "index_key": (f"index/{INFOHUS}.key", lambda keeper: keeper.index_key(INFOHUS)),
}


class WhenKeysAreMade:
    @pytest.mark.usefixtures("generous_umask")
    def test_each_is_32_bytes_that_only_the_owner_reads(self, folder: Path) -> None:
        FileKeyKeeper.create(folder, [MUNICIPALITY, POLICE], [INFOHUS])
        assert tree(folder) == {
            "keys": ("0o700", 0),
            f"keys/{MUNICIPALITY}": ("0o700", 0),
            f"keys/{MUNICIPALITY}/kek-1.key": ("0o600", 32),
            f"keys/{MUNICIPALITY}/sign-1.key": ("0o600", 32),
            f"keys/{MUNICIPALITY}.tilsyn": ("0o700", 0),
            f"keys/{MUNICIPALITY}.tilsyn/kek-1.key": ("0o600", 32),
            f"keys/{POLICE}": ("0o700", 0),
            f"keys/{POLICE}/kek-1.key": ("0o600", 32),
            f"keys/{POLICE}/sign-1.key": ("0o600", 32),
            f"keys/{POLICE}.tilsyn": ("0o700", 0),
            f"keys/{POLICE}.tilsyn/kek-1.key": ("0o600", 32),
            "keys/index": ("0o700", 0),
            f"keys/index/{INSTALLATION}.key": ("0o600", 32),
            f"keys/index/{INFOHUS}.key": ("0o600", 32),
        }

    def test_no_two_are_alike(self, tmp_path: Path) -> None:
        made: list[bytes] = []
        for name in ("one", "two"):
            FileKeyKeeper.create(tmp_path / name, [MUNICIPALITY, POLICE], [INFOHUS, OTHER_INFOHUS])
            made += contents(tmp_path / name).values()
        assert (len(made), len(set(made))) == (18, 18)

    def test_making_them_again_changes_none_and_adds_what_is_missing(self, folder: Path, keeper: FileKeyKeeper) -> None:
        wrapped = keeper.wrap(MUNICIPALITY, CASE_KEY, CONTEXT)
        before = contents(folder)
        again = FileKeyKeeper.create(folder, [POLICE, MUNICIPALITY, "kriminalforsorgen"], [INFOHUS, OTHER_INFOHUS])
        after = contents(folder)
        assert {name: key for name, key in after.items() if name in before} == before
        assert after.keys() - before.keys() == {
            "kriminalforsorgen/kek-1.key", "kriminalforsorgen/sign-1.key", "kriminalforsorgen.tilsyn/kek-1.key",
            f"index/{OTHER_INFOHUS}.key",
        }
        assert again.unwrap(MUNICIPALITY, wrapped, CONTEXT) == CASE_KEY

    @pytest.mark.parametrize("spoil", FILE_FAULTS.values(), ids=FILE_FAULTS)
    def test_a_bad_key_is_reported_and_left_as_it_is(self, folder: Path, keeper: FileKeyKeeper, spoil: Spoil) -> None:
        # A process that dies while making a key leaves an empty file: whether it is replaced, a person decides.
        del keeper
        spoil(folder / MUNICIPALITY / "kek-1.key")
        before = tree(folder)
        with pytest.raises(UnsafeKeyFile):
            FileKeyKeeper.create(folder, [MUNICIPALITY], [])
        assert tree(folder) == before

    def test_a_link_to_nothing_makes_no_key_where_it_points(self, folder: Path, tmp_path: Path) -> None:
        outside = tmp_path / "outside.key"
        (folder / MUNICIPALITY).mkdir(mode=0o700, parents=True)
        (folder / MUNICIPALITY / "kek-1.key").symlink_to(outside)
        with pytest.raises(UnsafeKeyFile):
            FileKeyKeeper.create(folder, [MUNICIPALITY], [])
        assert not outside.exists()


    @pytest.mark.parametrize("spoil", FOLDER_FAULTS.values(), ids=FOLDER_FAULTS)
    def test_none_is_made_in_a_folder_that_others_can_enter(self, folder: Path, spoil: Spoil) -> None:
        (folder / MUNICIPALITY).mkdir(mode=0o700, parents=True)
        folder.chmod(0o700)
        spoil(folder / MUNICIPALITY / "kek-1.key")
        with pytest.raises(UnsafeKeyFile):
            FileKeyKeeper.create(folder, [MUNICIPALITY], [])
        assert contents(folder) == {}


class WhenAKeyFileIsUnsafe:
    @pytest.mark.parametrize("spoil", FAULTS.values(), ids=FAULTS)
    @pytest.mark.parametrize(("name", "use"), USES.values(), ids=USES)
    def test_it_is_not_used(self, folder: Path, keeper: FileKeyKeeper, name: str, use: Use, spoil: Spoil) -> None:
        key = (folder / name).read_bytes()
        spoil(folder / name)
        with pytest.raises(UnsafeKeyFile) as refused:
            use(keeper)
        message = str(refused.value)
        assert message.startswith(f"the key file {name} ")
        assert [form for form in (key.hex(), repr(key), str(folder)) if form in message] == []

    @pytest.mark.parametrize("bits", [0o600, 0o400])
    def test_a_tight_one_is_used(self, folder: Path, keeper: FileKeyKeeper, bits: int) -> None:
        (folder / "index" / f"{INFOHUS}.key").write_bytes(GOOD)
        (folder / "index" / f"{INFOHUS}.key").chmod(bits)
        assert keeper.index_key(INFOHUS) == GOOD

    def test_the_others_keep_working(self, folder: Path, keeper: FileKeyKeeper) -> None:
        (folder / POLICE / "kek-1.key").chmod(0o644)
        assert keeper.unwrap(MUNICIPALITY, keeper.wrap(MUNICIPALITY, CASE_KEY, CONTEXT), CONTEXT) == CASE_KEY

    def test_an_authority_without_a_key_gets_none_made_by_the_way(self, folder: Path, keeper: FileKeyKeeper) -> None:
        before = tree(folder)
        with pytest.raises(UnsafeKeyFile, match=r"^the key file kriminalforsorgen/kek-1\.key cannot be opened$"):
            keeper.wrap("kriminalforsorgen", CASE_KEY, CONTEXT)
        assert tree(folder) == before


class WhenASecretIsWrapped:
    def test_it_is_60_bytes_that_show_no_part_of_either_key(self, folder: Path, keeper: FileKeyKeeper) -> None:
        wrapped = keeper.wrap(MUNICIPALITY, CASE_KEY, CONTEXT)
        secrets = CASE_KEY, (folder / MUNICIPALITY / "kek-1.key").read_bytes()
        windows = [secret[start : start + 4] for secret in secrets for start in range(29)]
        assert len(wrapped) == 60
        assert [window for window in windows if window in wrapped] == []

    def test_its_own_authority_unwraps_it(self, keeper: FileKeyKeeper) -> None:
        for authority in (MUNICIPALITY, POLICE):
            assert keeper.unwrap(authority, keeper.wrap(authority, CASE_KEY, CONTEXT), CONTEXT) == CASE_KEY

    @pytest.mark.rule(44)
    @pytest.mark.parametrize(("owner", "other"), [(MUNICIPALITY, POLICE), (POLICE, MUNICIPALITY)])
    def test_the_other_authority_does_not(self, keeper: FileKeyKeeper, owner: str, other: str) -> None:
        with pytest.raises(CannotOpen):
            keeper.unwrap(other, keeper.wrap(owner, CASE_KEY, CONTEXT), CONTEXT)

    @pytest.mark.parametrize("context", [b"", b"another case", CONTEXT + b"\0", CONTEXT[:-1]])
    def test_nor_does_its_own_for_anything_else(self, keeper: FileKeyKeeper, context: bytes) -> None:
        with pytest.raises(CannotOpen):
            keeper.unwrap(MUNICIPALITY, keeper.wrap(MUNICIPALITY, CASE_KEY, CONTEXT), context)

    def test_the_same_authority_of_another_installation_does_not(self, keeper: FileKeyKeeper, tmp_path: Path) -> None:
        elsewhere = FileKeyKeeper.create(tmp_path / "elsewhere", [MUNICIPALITY], [])
        with pytest.raises(CannotOpen):
            elsewhere.unwrap(MUNICIPALITY, keeper.wrap(MUNICIPALITY, CASE_KEY, CONTEXT), CONTEXT)

    def test_it_does_not_unwrap_changed_cut_or_lengthened(self, keeper: FileKeyKeeper) -> None:
        wrapped = keeper.wrap(MUNICIPALITY, CASE_KEY, CONTEXT)
        flipped = [
            wrapped[:at] + bytes([wrapped[at] ^ (1 << bit)]) + wrapped[at + 1 :] for at in range(60) for bit in range(8)
        ]
        cut = [wrapped[:size] for size in range(60)] + [wrapped[start:] for start in range(1, 60)]
        longer = [wrapped + bytes(size) for size in range(1, 41)] + [bytes(8) + wrapped, wrapped + wrapped]
        for changed in flipped + cut + longer:
            with pytest.raises(CannotOpen) as refused:
                keeper.unwrap(MUNICIPALITY, changed, CONTEXT)
            assert (refused.value.args, refused.value.__cause__) == ((), None)

    def test_the_name_of_the_wrapping_key_is_the_authoritys(self, keeper: FileKeyKeeper) -> None:
        assert keeper.key_id(MUNICIPALITY) == "ishoj-kommune/kek-1"
        assert keeper.key_id(POLICE) == "kbh-vestegns-politi/kek-1"


class WhenAKeeperIsLookedAt:
    def test_each_infohus_has_an_index_key_of_its_own(self, folder: Path) -> None:
        keeper = FileKeyKeeper.create(folder, [MUNICIPALITY], [INFOHUS, OTHER_INFOHUS])
        stored = contents(folder)
        assert keeper.index_key(INFOHUS) == stored[f"index/{INFOHUS}.key"]
        assert keeper.index_key(OTHER_INFOHUS) == stored[f"index/{OTHER_INFOHUS}.key"]

    def test_no_method_gives_a_wrapping_key_out(self) -> None:
        public = {name for name in vars(FileKeyKeeper) if not name.startswith("_")}
        assert public == {
            "create", "check", "authorities", "missing", "require_keys_of", "key_id", "wrap", "unwrap", "index_key",
            "new_intake", "open_intake", "sign", "signer_key", "replace_signer",
        }

    def test_it_shows_nothing_it_has_read(self, folder: Path, keeper: FileKeyKeeper) -> None:
        keeper.wrap(MUNICIPALITY, CASE_KEY, CONTEXT)
        keeper.index_key(INFOHUS)
        shown = f"{keeper!r} {keeper} {[keeper]}"
        name = "infohus.kernel.sealing.keepers.FileKeyKeeper"
        assert re.sub(r"0x[0-9a-f]+", "0x", repr(keeper)) == f"<{name} object at 0x>"
        assert [key for key in contents(folder).values() if repr(key) in shown or key.hex() in shown] == []
