"""What is shown of a record to somebody who is given it: no bytes, no keyed index, no sealed text, at any depth."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from enum import Enum, StrEnum
from typing import Any, cast, get_args, get_type_hints
from uuid import UUID

import msgspec
import pytest
import sqlalchemy as sa

from infohus.cases.disclosures.model import Category
from infohus.cases.joint_decisions.document import salted_document
from infohus.cases.joint_decisions.model import JointDecision
from infohus.cases.procedure.outcomes import (
    AssessmentOutcome,
    ClosureOutcome,
    RecommendationOutcome,
    ScopeOutcome,
    ScreeningOutcome,
)
from infohus.danish import CONCERN_KINDS, EXTREMISM_FORMS
from infohus.danish.codes import CODES as CODE_WORDS
from infohus.kernel.database.statements import table_of
from infohus.kernel.database.tables import Record, Regime
from infohus.kernel.sealing.column import SealedColumn
from infohus.kernel.sealing.envelope import Sealed
from infohus.plan.in_force import ConcernCodes
from infohus.whole_case.erasure.own_records import OWN_RECORDS
from infohus.whole_case.rights.accessible_records import ACCESSIBLE
from infohus.whole_case.rights.model import AccessKind
from infohus.whole_case.rights.package import PackedItem
from infohus.whole_case.shown_facts import shown_facts, shown_texts

AT = datetime(2026, 11, 30, tzinfo=UTC)
ELSEWHERE = UUID(int=7)
CODES = ConcernCodes(CONCERN_KINDS, {"social-0": "Isolerer sig"}, {"right": "Højreekstremisme", **EXTREMISM_FORMS})
VALUES: dict[type, Any] = {
    bool: True, int: 1, str: "text", bytes: b"hidden", date: AT.date(), datetime: AT, UUID: ELSEWHERE,
}


class Content(msgspec.Struct):
    """What a joint document says."""

    reasons: str


def filled(model: type[Record], **columns: Any) -> Record:
    """Give a record in which every column holds something of its type."""
    return model.of(**{one.name: _value(one.type) for one in table_of(model).columns} | columns)


def _value(column_type: Any) -> Any:
    if isinstance(column_type, sa.ARRAY):
        return [_value(column_type.item_type)]
    if isinstance(column_type, sa.types.TypeDecorator):
        return Sealed(b"hidden")
    if isinstance(column_type, sa.Enum):
        return list[StrEnum](cast("type[StrEnum]", column_type.enum_class))[0]
    return VALUES[column_type.python_type]


def packed_item(kind: AccessKind, record: Record, texts: dict[str, str]) -> PackedItem:
    return PackedItem.of(kind, record, texts, codes=CODES)


def packed(kind: AccessKind, record: Record) -> dict[str, Any]:
    return packed_item(kind, record, {}).facts


GIVERS: dict[str, Callable[[Record], dict[str, Any]]] = {
    "package": lambda record: packed(AccessKind(record.__tablename__), record),
    "content on request": lambda record: shown_facts(record, with_ids=True),
}
GIVEN = [
    *(("package", model) for model in ACCESSIBLE.values()), *(("content on request", model) for model in OWN_RECORDS),
]


@pytest.mark.parametrize(("giver", "model"), GIVEN)
def test_what_is_given_of_a_record_is_plain_whatever_columns_it_has(giver: str, model: type[Record]) -> None:
    facts = GIVERS[giver](filled(model))
    assert facts == msgspec.json.decode(msgspec.json.encode(facts))
    inner = [one for fact in facts.values() for one in (fact if isinstance(fact, list) else [fact])]
    assert {type(one) for one in inner} <= {str, int, bool}
    secret = {
        column.name for column in table_of(model).columns
        if isinstance(column.type, sa.types.TypeDecorator) or "hidden" in str(_value(column.type))
    }
    assert facts.keys().isdisjoint(secret | {"revision", "cpr_is_odd", "recorded_by", "record_version"})
    assert giver != "package" or str(ELSEWHERE) not in str(facts)


def test_a_package_says_the_plans_codes_in_danish_and_leaves_one_that_the_plan_no_longer_has() -> None:
    concern = filled(ACCESSIBLE[AccessKind.CONCERN], kind="person")
    reading = {"signs": "social-0,social-9", "extremism_form": "right", "extremism_weight": "main"}
    item = packed_item(AccessKind.CONCERN, concern, reading)
    assert (item.facts["kind"], item.texts["signs"]) == (CONCERN_KINDS["person"], ["Isolerer sig", "social-9"])
    assert item.texts["extremism_form"] == "Højreekstremisme"
    assert item.texts["extremism_weight"] == "ekstremisme er det vigtigste i bekymringen"


OUTCOMES = {
    "scope_decision": ScopeOutcome, "screening": ScreeningOutcome, "assessment": AssessmentOutcome,
    "recommendation": RecommendationOutcome, "closure": ClosureOutcome,
}
"""What the outcomes of joint decisions are; these columns are text."""


def coded() -> Iterator[tuple[str, str, type[Enum]]]:
    """Give each column of codes that a package can hold: its record, its name, and the codes."""
    yield from (("exchange", "categories", Category), *((kind, "outcome", codes) for kind, codes in OUTCOMES.items()))
    for kind, model in ACCESSIBLE.items():
        for name, hint in get_type_hints(model).items():
            for one in (found for part in get_args(hint) for found in (part, *get_args(part))):
                if isinstance(one, type) and issubclass(one, Enum) and one is not Regime:
                    yield kind.value, name, one


@pytest.mark.parametrize(("kind", "column", "codes"), [*coded()])
def test_a_package_has_danish_words_for_every_code(kind: str, column: str, codes: type[Enum]) -> None:
    model = ACCESSIBLE[AccessKind(kind)]
    for code in codes:
        value = [code.value] if column == "categories" else code.value
        said = packed(AccessKind(kind), filled(model, **{column: value}))[column]
        (words,) = said if isinstance(said, list) else [said]
        assert words == CODE_WORDS[kind, column][code.value]
        assert "_" not in words


def test_there_are_columns_of_codes() -> None:
    found = {(kind, column) for kind, column, _ in coded()}
    assert found == CODE_WORDS.keys()


@pytest.mark.parametrize("model", OWN_RECORDS)
def test_what_is_given_of_its_texts_holds_no_salt(model: type[Record]) -> None:
    document, record = salted_document(Content("Ja.")), filled(model)
    texts = {
        column.name: document if issubclass(model, JointDecision) else f"Tekst i {column.name}."
        for column in table_of(model).columns if isinstance(column.type, SealedColumn)
    }
    shown = shown_texts(record, texts)
    assert [word for word in ("salt", msgspec.json.decode(document)["salt"]) if word in str(shown)] == []
    assert texts.keys() - shown.keys() <= {"manifest_salt"}
    if issubclass(model, JointDecision):
        assert shown["content"] == '{"reasons":"Ja."}'
        given = PackedItem.of(AccessKind(record.__tablename__), record, texts, codes=CODES)
        assert given.texts["content"] == {"reasons": "Ja."}
