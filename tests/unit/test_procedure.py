"""The procedure's table: whole, or the application does not start; and what its rows give an entry in the log."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from house_rules import Source, repository_files
from infohus import app
from infohus.cases.disclosures.model import Purpose
from infohus.cases.procedure.completeness import ProcedureIncomplete, require_complete
from infohus.cases.procedure.outcomes import RecommendationOutcome, ScreeningOutcome
from infohus.cases.procedure.purposes import (
    OF_EXCHANGE,
    OF_SEARCH,
    OF_STAGE,
    LogPurpose,
    LogReadingPurpose,
)
from infohus.cases.procedure.row import ProcedureRow
from infohus.cases.procedure.table import PROCEDURE
from infohus.danish import STAGES
from infohus.danish.acts import ACTS, REACHED_BY
from infohus.danish.purposes import PURPOSES
from infohus.kernel.access.model import Stage
from infohus.kernel.authorization.action import Action
from infohus.kernel.requests.asked import Asked
from infohus.kernel.unit_of_work.audit_draft import AuditEventDraft
from infohus.kernel.unit_of_work.lookup import Lock
from infohus.kernel.unit_of_work.procedure import FixedPurpose, PurposeOfAnotherAct
from infohus.settings import Settings
from infohus.whole_case.searches.operations import SearchPurpose

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
        require_complete(PROCEDURE, ACTS, PURPOSES)
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
                require_complete(without(action), ACTS, PURPOSES)

    def test_each_act_without_words_is_named(self) -> None:
        for action, row in PROCEDURE.items():
            others = ACTS.keys() - {row.words}
            with pytest.raises(ProcedureIncomplete, match=f"^`{action.value}` has no Danish words `{row.words}`$"):
                require_complete(PROCEDURE, others, PURPOSES)

    @pytest.mark.parametrize(("columns", "says"), [
        ({"leads_to": {**LED, "perhaps": Stage.ACTING}}, "`signScreening` leads on from `perhaps`"),
        ({"leads_to": {ScreeningOutcome.RECOMMEND: Stage.RECOMMENDING}},
         "^`qualify_further` of `ScreeningOutcome` is settled by no act, and not by exactly one; "),
        ({"leads_to": {**LED, RecommendationOutcome.RECOMMENDED: Stage.ACTING}},
         "`recommended` of `RecommendationOutcome` is settled by `signScreening`, `signRecommendation`, and not by"),
        ({"lock": Lock.RECORDING}, "`signScreening` moves a case that it does not have to itself"),
        ({"stages": frozenset()}, "`signScreening` is possible at no stage"),
    ])
    def test_it_says_of_which_act_and_what(self, columns: dict[str, Any], says: str) -> None:
        with pytest.raises(ProcedureIncomplete, match=says):
            require_complete(with_row(SIGNING, **columns), ACTS, PURPOSES)

    def test_the_application_is_not_made(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        settings = Settings(
            database_url="postgresql://", signer_database_url="postgresql://", keys_database_url="postgresql://",
            keys_folder=tmp_path, signers_file=tmp_path / "signers.toml", issuers_file=tmp_path / "issuers.toml",
        )
        monkeypatch.setattr(app, "PROCEDURE", without(Action.WRITE_NOTE))
        with pytest.raises(ProcedureIncomplete, match="`writeNote` has no row"):
            app.create_app(settings)


def draft_of(action: Action, stage: Stage | None = None, *, asked: Asked | None = None) -> AuditEventDraft:
    return AuditEventDraft(PROCEDURE[action].purpose, stage, asked=asked or Asked())


@pytest.mark.rule(57)
@pytest.mark.fault("C13")
class WhenAnEntryIsGivenItsPurpose:
    def test_no_act_is_without_one_at_any_stage_and_each_has_danish_words(self) -> None:
        stated = {draft_of(action, stage).purpose for action in Action for stage in (None, *Stage)}
        stated |= {one.value for codes in (Purpose, SearchPurpose, LogReadingPurpose) for one in codes}
        assert stated <= {one.value for one in LogPurpose}
        assert PURPOSES.keys() == {one.value for one in LogPurpose}
        assert len(set(PURPOSES.values())) == len(PURPOSES)

    def test_the_start_names_an_act_whose_purpose_nobody_could_read(self) -> None:
        with pytest.raises(ProcedureIncomplete, match="`writeNote` is for `journal`, which has no Danish words"):
            require_complete(PROCEDURE, ACTS, PURPOSES.keys() - {"journal"})

    def test_a_reading_of_the_case_serves_the_step_that_is_due(self) -> None:
        at = {stage: draft_of(Action.READ_CASE, stage).purpose for stage in Stage}
        assert at[Stage.RECEIVED] == "intake"
        assert at[Stage.QUALIFYING] == "assessment"
        assert at[Stage.POLICE_ALONE] == at[Stage.HINDERED] == "own_handling"
        assert at[Stage.CLOSED] == "closed_case"
        assert draft_of(Action.READ_CASE).purpose == "casework"

    def test_one_that_the_request_says_is_there_before_the_operation_and_after(self) -> None:
        assert draft_of(Action.RECORD_EXCHANGE).purpose == "exchange"
        draft = draft_of(Action.RECORD_EXCHANGE, asked=Asked(purpose="screening"))
        assert draft.purpose == "screening"
        draft.state_purpose(OF_EXCHANGE, "assessment")
        assert draft.purpose == "assessment"

    def test_one_that_the_request_says_does_not_change_a_fixed_one(self) -> None:
        assert draft_of(Action.WRITE_NOTE, asked=Asked(purpose="screening")).purpose == "journal"

    @pytest.mark.parametrize("purpose", [OF_STAGE, OF_SEARCH, FixedPurpose("screening")])
    def test_one_that_the_row_does_not_have_is_our_own_mistake(self, purpose: Any) -> None:
        draft = AuditEventDraft(purpose)
        with pytest.raises(PurposeOfAnotherAct):
            draft.state_purpose(OF_EXCHANGE, "screening")
        assert draft.purpose != "exchange"


class WhenATextNamesAnAct:
    def test_one_that_does_not_exist_is_seen(self) -> None:
        assert list(unknown_acts(Source("a.md", 'first `readCase`, then `readCases` and "signOff"'))) == [
            "readCases", "signOff"
        ]

    def test_there_is_such_an_act(self) -> None:
        texts = [one for one in repository_files() if not one.is_in("tests/")]
        assert any("`recordExchange`" in one.text for one in texts)
        assert {one.path: found for one in texts if (found := list(unknown_acts(one)))} == {}
