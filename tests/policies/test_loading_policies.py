"""What the application refuses to start on, and how a decision behaves at its edges."""

import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from infohus.kernel.authorization.action import Action
from infohus.kernel.authorization.check import faults, write
from infohus.kernel.authorization.policies import FRESH, Participation, Policies, PoliciesUnsound, Resource
from infohus.kernel.identity.caller import Assurance, AuthorityId, AuthorityKind, Caller, Role
from policies.asking import FOLDER, NOW

ALLOWING = '@id("an-extra")\n@source("en kilde; regel 46")\npermit (principal, action, resource)'
FORBIDDING = ALLOWING.replace("permit", "forbid")
COORDINATOR = Participation("coordinator", frozenset())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Copy the policies, to be spoiled."""
    return shutil.copytree(FOLDER, tmp_path / "policies")


SOMEBODY = UUID(int=1)


def caller(*, signed_in: timedelta = timedelta(0), authority: str = "ours", person: UUID = SOMEBODY) -> Caller:
    return Caller(
        person, AuthorityId(authority), AuthorityKind.MUNICIPALITY, Role.MUNICIPAL_COORDINATOR, Assurance.SUBSTANTIAL,
        NOW - signed_in, NOW + timedelta(hours=1), b"token",
    )


def record(*, kind: str = "reporter", owner: str = "ours") -> Resource:
    return Resource.record(uuid4(), kind=kind, owner=owner, readers=[owner], case_id=uuid4())


def adding(text: str) -> Callable[[Path], object]:
    return lambda folder: (folder / "extra.cedar").write_text(text, encoding="utf-8")


def replacing(old: str, new: str, *, file: str = "infohus.cedarschema") -> Callable[[Path], object]:
    def replace(folder: Path) -> None:
        text = (folder / file).read_text(encoding="utf-8")
        assert old in text
        (folder / file).write_text(text.replace(old, new), encoding="utf-8")

    return replace


def removing(*names: str) -> Callable[[Path], object]:
    def remove(folder: Path) -> None:
        for file in [file for name in names for file in folder.glob(name)]:
            file.unlink()

    return remove


UNSOUND = {
    "no @id": (adding('@source("en kilde; regel 46")\npermit (principal, action, resource);'), "needs @id"),
    "an empty @id": (adding(f"{ALLOWING};".replace("an-extra", "")), "needs @id"),
    "an @id not in kebab-case": (adding(f"{ALLOWING};".replace("an-extra", "An_Extra")), "needs @id"),
    "an @id that stands twice": (adding(f"{ALLOWING};".replace("an-extra", "dpo-supervises")), "stands twice"),
    "no @source": (adding('@id("an-extra")\npermit (principal, action, resource);'), "needs @id"),
    "a @source without a rule": (adding(f"{ALLOWING};".replace("; regel 46", "")), "needs @id"),
    "a template": (adding(ALLOWING.replace("principal,", "principal == ?principal,") + ";"), "templates"),
    "no policies": (removing("*.cedar"), "no policies"),
    "no schema": (removing("*.cedarschema"), "cannot be read"),
    "a word that is no Cedar": (adding(f"{ALLOWING} whenever {{ true }};"), "cannot be read"),
    "a sentence that ends in the next file": (
        lambda folder: (
            adding("permit (principal, ")(folder), (folder / "extrb.cedar").write_text("action, resource);"),
        ),
        "cannot be read",
    ),
    "bytes that are no UTF-8": (
        lambda folder: (folder / "extra.cedar").write_bytes(f"// æ\n{ALLOWING};".encode("latin-1")), "cannot be read",
    ),
    "an attribute nobody has": (adding(f"{ALLOWING} when {{ principal.shoeSize == 42 }};"), "shoeSize"),
    "an action nobody has": (
        adding(f"{ALLOWING};".replace("action,", 'action == Infohus::Action::"deleteEverything",')), "deleteEverything",
    ),
    "a type that does not fit": (
        adding(f'{ALLOWING} when {{ context.fresh == "yes" && principal.assurance }};'), "type",
    ),
    "one person by name": (
        adding(f"{ALLOWING};".replace("(principal,", '(principal == Infohus::Person::"ole",')), "may name roles",
    ),
    "one authority by name, in a condition": (
        adding(f'{ALLOWING} when {{ principal.authority == Infohus::Authority::"ishoj-kommune" }};'), "may name roles",
    ),
    "an action the system lacks": (replacing("action signIn,", "action signOut, signIn,"), "signOut"),
    "an action the schema lacks": (replacing("verifyLog, ", ""), "verifyLog"),
    "a group nothing is in": (replacing("action content;", "action content;\n  action nothing;"), "nothing"),
    "a group in a group": (replacing("action supervision;", "action supervision in [content];"), "differ"),
}  # fmt: skip


class WhenPoliciesAreLoaded:
    @pytest.mark.parametrize(("spoil", "complaint"), UNSOUND.values(), ids=UNSOUND.keys())
    def test_it_is_refused_if_there_is(self, spoil: Callable[[Path], object], complaint: str, folder: Path) -> None:
        Policies.load(folder)
        spoil(folder)
        with pytest.raises(PoliciesUnsound, match=complaint):
            Policies.load(folder)

    def test_the_digest_follows_every_change_and_nothing_else(self, folder: Path) -> None:
        before = Policies.load(folder).digest
        assert Policies.load(FOLDER).digest == before
        replacing("principal.assurance < 2", "principal.assurance < 1", file="prohibitions.cedar")(folder)
        changed = Policies.load(folder).digest
        replacing("fresh: Bool,", "fresh: Bool, // signed in lately")(folder)
        assert len({before, changed, Policies.load(folder).digest}) == 3


class WhenAPolicyCannotBeEvaluated:
    OVERFLOWING = "when { principal.assurance * 9223372036854775807 > 0 }"

    def test_cedar_would_pass_over_it_but_the_answer_is_no(self, folder: Path) -> None:
        question = (caller(), Action.READ_REPORTER, record(), COORDINATOR)
        assert Policies.load(folder).decide(*question, now=NOW).allowed
        adding(f"{FORBIDDING} {self.OVERFLOWING};")(folder)
        decision = Policies.load(folder).decide(*question, now=NOW)
        assert (decision.allowed, decision.policies) == (False, ())

    def test_a_failing_permit_does_not_let_another_through_either(self, folder: Path) -> None:
        adding(f"{ALLOWING} {self.OVERFLOWING};")(folder)
        decision = Policies.load(folder).decide(caller(), Action.READ_REPORTER, record(), COORDINATOR, now=NOW)
        assert (decision.allowed, decision.policies) == (False, ())

    def test_a_question_the_schema_does_not_know_is_answered_no(self) -> None:
        decision = Policies.load(FOLDER).decide(caller(), Action.SIGN_IN, record(), COORDINATOR, now=NOW)
        assert (decision.allowed, decision.policies) == (False, ())


class WhenAQuestionIsAskedAgain:
    def test_a_decision_hangs_on_what_somebody_is_and_never_on_who(self) -> None:
        policies = Policies.load(FOLDER)
        for authority, allowed in (("ours", True), ("theirs", False), ("ours", True), ("theirs", False)):
            asking = caller(authority=authority, person=uuid4())
            decision = policies.decide(asking, Action.READ_REPORTER, record(), COORDINATOR, now=NOW)
            assert decision.allowed is allowed

    def test_a_login_grows_stale_between_two_askings(self) -> None:
        policies = Policies.load(FOLDER)
        for age, allowed in ((FRESH - timedelta(microseconds=1), True), (FRESH, False)):
            decision = policies.decide(caller(signed_in=age), Action.READ_REPORTER, record(), COORDINATOR, now=NOW)
            assert decision.allowed is allowed


class WhenTheFolderIsChecked:
    def test_the_repository_s_own_has_no_faults(self) -> None:
        assert faults(FOLDER) == []

    def test_an_unsound_set_is_named_as_such(self, folder: Path) -> None:
        adding("permit (principal, action, resource);")(folder)
        (fault,) = faults(folder)
        assert "needs @id" in fault
        with pytest.raises(PoliciesUnsound):
            write(folder)

    def test_format_and_the_lawyers_table_are_checked_and_can_be_written(self, folder: Path) -> None:
        adding(f"{ALLOWING} when   {{ context.fresh }};\n")(folder)
        assert faults(folder) == ["extra.cedar is not formatted", "README.md does not tell what the files say"]
        write(folder)
        assert faults(folder) == []
        assert "| `extra.cedar` | `an-extra` | tillader | en kilde; regel 46 |" in (folder / "README.md").read_text()

    def test_a_table_that_was_lost_is_written_again(self, folder: Path) -> None:
        told = (folder / "README.md").read_text(encoding="utf-8")
        (folder / "README.md").write_text(told.partition("<!--")[0], encoding="utf-8")
        assert faults(folder) == ["README.md does not tell what the files say"]
        write(folder)
        assert (folder / "README.md").read_text(encoding="utf-8") == told
