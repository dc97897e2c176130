"""What is bound by a hash: exactly what was disclosed to whom, and a joint document that nobody can guess."""

import hashlib
from typing import Any
from uuid import UUID

import msgspec
import pytest

from infohus.cases.disclosures.model import DisclosureDraft, Item
from infohus.cases.disclosures.operations import manifest_of
from infohus.cases.joint_decisions.document import document_of, salted_document, signed_hash

FIRST = Item("information", UUID(int=1), "ishoj-kommune", 1, has_own_key=False, contents={"whole": bytes(32)})
SECOND = Item("concern", UUID(int=2), "ishoj-kommune", 1, has_own_key=False, contents={"observation": bytes(32)})
DRAFT: dict[str, Any] = {
    "recipients": ["kbh-vestegns-politi", "kriminalforsorgen"], "purpose": "screening",
    "categories": ["ordinary", "purely_private"],
}


SIGNED: dict[str, Any] = {
    "outcome": "within", "kind": "scope_decision", "record_id": UUID(int=1), "case_id": UUID(int=2),
}


def manifest(*items: Item, **change: Any) -> bytes:
    """Hash a disclosure that says something else in one thing."""
    draft = msgspec.convert({**DRAFT, **change}, DisclosureDraft)
    return manifest_of(draft, items or (FIRST, SECOND), to=draft.recipients)


class WhenADisclosureIsHashed:
    @pytest.mark.rule(13)
    @pytest.mark.parametrize("change", [
        {"recipients": ["kbh-vestegns-politi"]}, {"recipients": ["kbh-vestegns-politi", "vaerestedet"]},
        {"categories": ["ordinary"]}, {"categories": ["ordinary", "special_categories"]}, {"categories": []},
        {"purpose": "assessment"},
    ])
    def test_other_recipients_categories_or_purposes_are_another_manifest(self, change: dict[str, Any]) -> None:
        assert manifest(**change) != manifest()

    @pytest.mark.rule(13)
    @pytest.mark.parametrize("items", [
        (FIRST,), (SECOND,),
        *((msgspec.structs.replace(FIRST, **change), SECOND) for change in (
            {"kind": "note"}, {"record_id": UUID(int=3)}, {"owner": "kbh-vestegns-politi"}, {"record_version": 2},
        )),
    ])
    def test_other_items_are_another_manifest(self, items: tuple[Item, ...]) -> None:
        assert manifest(*items) != manifest()

    @pytest.mark.rule(13)
    def test_neither_order_nor_repetition_changes_it(self) -> None:
        assert manifest(SECOND, FIRST) == manifest()
        for name in ("recipients", "categories"):
            assert manifest(**{name: [*reversed(DRAFT[name]), DRAFT[name][0]]}) == manifest()

    def test_the_answers_to_the_law_s_questions_are_not_in_it(self) -> None:
        assert manifest(necessity="Ja.", strict_necessity="Ja.", consent="given") == manifest()


class Content(msgspec.Struct, frozen=True):
    """A document of one line."""

    reasons: str


class WhenAJointDocumentIsWritten:
    @pytest.mark.rule(18)
    def test_two_of_equal_content_have_different_hashes_and_say_the_same(self) -> None:
        written = [salted_document(Content("Ja.")) for _ in range(50)]
        assert len({signed_hash(text, **SIGNED) for text in written}) == 50
        assert {document_of(text, Content) for text in written} == {Content("Ja.")}

    @pytest.mark.rule(18)
    @pytest.mark.fault("A7")
    @pytest.mark.parametrize("change", [
        {"outcome": "outside"}, {"kind": "screening"}, {"record_id": UUID(int=3)}, {"case_id": UUID(int=3)},
        {"record_id": SIGNED["case_id"], "case_id": SIGNED["record_id"]},
        {"kind": "scope", "outcome": "_decisionwithin"},
    ])
    def test_what_is_signed_covers_all_that_it_says(self, change: dict[str, Any]) -> None:
        assert signed_hash("Ja.", **{**SIGNED, **change}) != signed_hash("Ja.", **SIGNED)
        assert signed_hash("Nej.", **SIGNED) != signed_hash("Ja.", **SIGNED)

    @pytest.mark.rule(18)
    def test_the_hash_is_that_of_the_parts_after_their_lengths(self) -> None:
        parts = (b"infohus/v1/signed", bytes(15) + b"\2", bytes(15) + b"\1", b"scope_decision", b"within", b"Ja.")
        written = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
        assert signed_hash("Ja.", **SIGNED) == hashlib.sha256(written).digest()

    @pytest.mark.rule(18)
    def test_its_salt_is_sixteen_random_bytes(self) -> None:
        salts = {bytes.fromhex(msgspec.json.decode(salted_document(Content("Ja.")))["salt"]) for _ in range(50)}
        assert (len(salts), {len(salt) for salt in salts}) == (50, {16})
