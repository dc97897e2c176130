"""The procedure's table: whole, or the application does not start; and what its rows give an entry in the log."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from house_rules import Source, repository_files
from infohus import app
from infohus.cases.procedure.completeness import ProcedureIncomplete, require_complete
from infohus.cases.procedure.outcomes import RecommendationOutcome, ScreeningOutcome
from infohus.cases.procedure.row import NOT_STATED, OF_EXCHANGE, OF_SEARCH, ProcedureRow
from infohus.cases.procedure.table import PROCEDURE
from infohus.danish import STAGES
from infohus.danish.acts import ACTS, REACHED_BY
from infohus.kernel.access.model import Stage
from infohus.kernel.authorization.action import Action
from infohus.kernel.unit_of_work.audit_draft import AuditEventDraft
from infohus.kernel.unit_of_work.lookup import Lock
from infohus.kernel.unit_of_work.procedure import FixedPurpose, PurposeOfAnotherAct
from infohus.settings import Settings

SIGNING = Action.SIGN_SCREENING
LED: Mapping[Any, Stage] = PROCEDURE[SIGNING].leads_to
NOT_ACTS = {"requestBody"}
"""What reads like an act in the texts, and is a word of OpenAPI."""


def without(action: Action) -> dict[Action, ProcedureRow]:
    return {known: row for known, row in PROCEDURE.items() if known is not action}


def with_row(action: Action, **columns: Any) -> dict[Action, ProcedureRow]:
    return {**PROCEDURE, action: replace(PROCEDURE[action], **columns)}


def unknown_acts(source: Source) -> Iterator[str]:
    """Name what stands in quotes or backticks, begins with the verb of an act, and is none."""
    verbs = "|".join(sorted({re.split("[A-Z]", action.value)[0] for action in Action}))
    named = re.findall(rf"[\"'`]((?:{verbs})[A-Z][A-Za-z]*)[\"'`]", source.text)
    yield from sorted(set(named) - NOT_ACTS - {action.value for action in Action})


class WhenTheTableIsWhole:
    def test_every_act_has_a_row_with_words_that_nobody_else_has(self) -> None:
        require_complete(PROCEDURE, ACTS)
        assert sorted(row.words for row in PROCEDURE.values()) == sorted(ACTS)
        assert len(set(ACTS.values())) == len(ACTS)

    def test_an_act_that_holds_nothing_is_possible_at_every_stage(self) -> None:
        free = [row for row in PROCEDURE.values() if row.lock is Lock.NONE]
        assert len(free) > 30
        assert {row.stages for row in free} == {frozenset(Stage)}

    def test_what_brings_a_case_to_a_stage_is_said_of_stages(self) -> None:
        led_to = {stage.value for row in PROCEDURE.values() for stage in row.leads_to.values()}
        assert REACHED_BY.keys() <= led_to <= STAGES.keys()


class WhenTheTableLeavesSomethingOut:
    def test_each_act_without_a_row_is_named(self) -> None:
        for action in Action:
            with pytest.raises(ProcedureIncomplete, match=f"`{action.value}` has no row"):
                require_complete(without(action), ACTS)

    def test_each_act_without_words_is_named(self) -> None:
        for action, row in PROCEDURE.items():
            others = ACTS.keys() - {row.words}
            with pytest.raises(ProcedureIncomplete, match=f"^`{action.value}` has no Danish words `{row.words}`$"):
                require_complete(PROCEDURE, others)

    @pytest.mark.parametrize(("columns", "says"), [
        ({"leads_to": {**LED, "perhaps": Stage.ACTING}}, "`signScreening` leads on from `perhaps`"),
        ({"leads_to": {ScreeningOutcome.RECOMMEND: Stage.RECOMMENDING}}, "leads nowhere from `qualify_further`"),
        ({"leads_to": {}}, "`ScreeningOutcome` is settled by no act"),
        ({"leads_to": {**LED, RecommendationOutcome.RECOMMENDED: Stage.ACTING}},
         "`RecommendationOutcome` is settled by `signScreening`, `signRecommendation`"),
        ({"lock": Lock.RECORDING}, "`signScreening` moves a case that it does not have to itself"),
        ({"stages": frozenset()}, "`signScreening` is possible at no stage"),
    ])
    def test_it_says_of_which_act_and_what(self, columns: dict[str, Any], says: str) -> None:
        with pytest.raises(ProcedureIncomplete, match=says):
            require_complete(with_row(SIGNING, **columns), ACTS)

    def test_the_application_is_not_made(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        settings = Settings(
            database_url="postgresql://", signer_database_url="postgresql://", keys_database_url="postgresql://",
            keys_folder=tmp_path, signers_file=tmp_path / "signers.toml", issuers_file=tmp_path / "issuers.toml",
        )
        monkeypatch.setattr(app, "PROCEDURE", without(Action.WRITE_NOTE))
        with pytest.raises(ProcedureIncomplete, match="`writeNote` has no row"):
            app.create_app(settings)


class WhenAnEntryIsGivenItsPurpose:
    def test_a_fixed_one_is_written_once_the_act_is_done(self) -> None:
        draft = AuditEventDraft(purpose_of_act=PROCEDURE[Action.EXPORT_JOURNAL_NOTE].purpose)
        assert draft.purpose is None
        draft.complete_purpose()
        assert draft.purpose == "journal-note"

    def test_one_that_the_request_says_is_stated_by_the_operation(self) -> None:
        draft = AuditEventDraft(purpose_of_act=PROCEDURE[Action.RECORD_EXCHANGE].purpose)
        draft.complete_purpose()
        assert draft.purpose is None
        draft.state_purpose(OF_EXCHANGE, "screening")
        draft.complete_purpose()
        assert draft.purpose == "screening"

    @pytest.mark.parametrize("purpose", [NOT_STATED, OF_SEARCH, FixedPurpose("screening")])
    def test_one_that_the_row_does_not_have_is_our_own_mistake(self, purpose: Any) -> None:
        draft = AuditEventDraft(purpose_of_act=purpose)
        with pytest.raises(PurposeOfAnotherAct):
            draft.state_purpose(OF_EXCHANGE, "screening")
        assert draft.purpose is None


class WhenATextNamesAnAct:
    def test_one_that_does_not_exist_is_seen(self) -> None:
        assert list(unknown_acts(Source("a.md", 'first `readCase`, then `readCases` and "signOff"'))) == [
            "readCases", "signOff"
        ]

    def test_there_is_such_an_act(self) -> None:
        texts = [one for one in repository_files() if not one.is_in("tests/")]
        assert any("`recordExchange`" in one.text for one in texts)
        assert {one.path: found for one in texts if (found := list(unknown_acts(one)))} == {}
