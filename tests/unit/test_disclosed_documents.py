"""What is bound by a hash: exactly what was disclosed to whom, and a joint document that nobody can guess."""

import hashlib
import json
from typing import Any
from uuid import UUID

import msgspec
import pytest

from infohus.cases.disclosures.manifests import manifest_of, new_salt
from infohus.cases.disclosures.model import Item
from infohus.cases.joint_decisions.document import document_of, salted_document, signed_hash

FIRST = Item("information", UUID(int=1), "ishoj-kommune", 1, has_own_key=False, contents={"whole": bytes(32)})
SECOND = Item("concern", UUID(int=2), "ishoj-kommune", 1, has_own_key=False, contents={"observation": bytes(32)})
ITSELF = UUID(int=9)
FACTS: dict[str, Any] = {
    "recipients": ["kbh-vestegns-politi", "kriminalforsorgen"], "purpose": "screening", "channel": "system",
    "categories": ["ordinary", "purely_private"], "corrects_id": None,
}
TEXTS: dict[str, str | None] = {"necessity": "Ja.", "summary": "Nej."}
SIGNED: dict[str, Any] = {
    "outcome": "within", "kind": "scope_decision", "record_id": UUID(int=1), "case_id": UUID(int=2),
}


def manifest(*items: Item, exchange_id: UUID = ITSELF, salt: str = "00", **change: Any) -> bytes:
    """Hash an exchange that says something else in one thing."""
    facts, texts = {**FACTS}, {**TEXTS}
    for name, value in change.items():
        (facts if name in facts else texts)[name] = value
    return manifest_of(
        exchange_id, facts, recipients=facts.pop("recipients"), items=items or (FIRST, SECOND), texts=texts, salt=salt
    )


@pytest.mark.rule(13)
class WhenADisclosureIsHashed:
    @pytest.mark.parametrize("change", [
        {"recipients": ["kbh-vestegns-politi"]}, {"recipients": ["kbh-vestegns-politi", "vaerestedet"]},
        {"categories": ["ordinary"]}, {"categories": []}, {"purpose": "assessment"}, {"channel": "phone"},
        {"corrects_id": UUID(int=5)}, {"exchange_id": UUID(int=8)}, {"salt": "01"},
        *({name: "Andet."} for name in TEXTS), {"summary": None}, {"necessity": None, "proportionality": "Ja."},
        {"necessity": "Nej.", "summary": "Ja."},
    ])
    def test_whatever_else_it_tells_is_another_manifest(self, change: dict[str, Any]) -> None:
        assert manifest(**change) != manifest()

    @pytest.mark.parametrize("items", [
        (FIRST,), (SECOND,),
        *((msgspec.structs.replace(FIRST, **change), SECOND) for change in (
            {"kind": "note"}, {"record_id": UUID(int=3)}, {"contents": {"whole": bytes(31) + b"1"}},
            {"contents": {"told_reporter": bytes(32)}},
        )),
    ])
    def test_other_items_are_another_manifest(self, items: tuple[Item, ...]) -> None:
        assert manifest(*items) != manifest()

    def test_neither_order_nor_repetition_changes_it(self) -> None:
        assert manifest(SECOND, FIRST) == manifest()
        assert manifest(recipients=[*reversed(FACTS["recipients"]), FACTS["recipients"][0]]) == manifest()

    def test_it_is_the_hash_of_what_the_page_of_its_form_says(self) -> None:
        items = [["concern", str(UUID(int=2)), {"observation": "00" * 32}],
                 ["information", str(UUID(int=1)), {"whole": "00" * 32}]]  # fmt: skip
        facts = {name: FACTS[name] for name in sorted(FACTS) if name != "recipients"}
        told = ["infohus/v2/manifest", "00", str(UUID(int=9)), facts, FACTS["recipients"], items, TEXTS]
        assert manifest() == hashlib.sha256(json.dumps(told, separators=(",", ":")).encode()).digest()


class WhenItsTextsAreTried:
    @pytest.mark.rule(13)
    def test_the_salt_is_thirty_two_random_bytes(self) -> None:
        salts = {bytes.fromhex(new_salt()) for _ in range(50)}
        assert (len(salts), {len(salt) for salt in salts}) == (50, {32})


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
