"""What an answer holds many of is a page's items, comes piece by piece, or does not grow, for the reason given here."""

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from litestar.response import Stream

from house import House
from infohus.whole_case.closures import blockers
from one_api import description_of

JSON = "application/json"
DECISIONS = ("ClosureContent", "Conclusion", "RecommendationContent", "ScopeContent", "ScreeningContent")
EXCHANGES = ("ExchangeLine", "ExchangeView", "ReviewedExchange", "SupervisedExchange")

DOES_NOT_GROW = {
    "a list of the program, the settings, the plan or a template, as it was loaded": {
        "ContactView.hours", "Hours.days", "InfohusView.authorities", "ListContacts", "ListProblems",
        "LogCheckOverview.rules", "PlanChanges.changes", "PlanPreventionLevel.carried_out_by",
        "PlanView.concern_kinds", "PlanView.concern_signs", "PlanView.contacts", "PlanView.extremism_forms",
        "PlanView.possible_participants", "PlanView.prevention_levels", "Template.dimension", "Template.step",
        "TemplateStep.instruments", "CheckpointPage.witnesses", "KeptCheckpoint.cosigned_by", "LogState.cosigned_by",
        "InstitutionLogState.cosigned_by", "InstitutionProof.cosigned_by", "Ready.parts",
    },
    "one for each dimension of a template": {"AssessmentView.changes", "AtTheTableView.dimensions"},
    "codes of a closed list": {
        "AgeView.warnings", "ClosingView.blockers", "DisclosedRecord.parts", "StillRead.parts", "ConcernView.signs",
        "ConcernView.parts",
        "ConcernView.told_parts", "ConcernView.warnings", "SubjectView.warnings",
        "RecordedConcern.warnings", "NextStepsView.steps", "InvitedView.scope", "ParticipantView.scope",
        "ErasureLine.hindered_by", "ErasureLine.records", "CheckedEntry.reasons", "ExchangeCounts.by_category",
        "ExchangeCounts.by_paragraph", "ReviewedExchange.kinds", "SupervisedExchange.kinds", "Counted.refusals",
        *(f"DecisionView[{content}].warnings" for content in DECISIONS), *(f"{one}.categories" for one in EXCHANGES),
    },
    "authorities: those of one infohus, or those that one act names": {
        "CaseLogLine.told", "DangerView.recipients", "ExchangeCounts.by_authority", "FirstViews.views",
        "Receipts.receipts",
        "Receipts.unacknowledged", "Receipts.withdrawn_from", "ReviewedExchange.receipts",
        "ReviewedExchange.unacknowledged", "ExchangeLine.unacknowledged", "SupervisedExchange.unacknowledged",
        "NoticeFacts.recipients", "NoticeView.recipients", "Waiting.signed_by", "YearlyStatusesView.contributions",
        "ReadRetention",
        *(f"DecisionView[{content}].signatures" for content in DECISIONS), *(f"{one}.recipients" for one in EXCHANGES),
        *(f"{one}.withdrawn_from" for one in EXCHANGES),
    },
    "what one request wrote, whose draft has a longest list": {
        "Conclusion.dimensions_to_work_on", "ConcernView.subjects", "ConcernView.child_notifications",
        "FulfilmentView.briefed", "InvitedView.records", "ParticipantView.records", "KeptMarkView.records",
        "KeptMarkView.corrected", "KeptMarkView.withdrawn", "ScopeContent.residences", "WithdrawalView.still_read",
        "NoticeFacts.records", "NoticeView.records", "ExchangeLine.records", "ExchangeView.records",
        "ReviewedExchange.records",
    },
    "the persons of one side, and what was stated of one's age: each said by hand": {
        "AgeView.later", "AgeView.stated", "ConcernView.about", "ContributionView.about", "CustodyReleaseView.about",
        "ExchangeView.about", "InformationView.about", "InvitedView.about", "MeasureView.about", "NoteView.about",
        "RequestView.about",
    },
    "the first so many, and how many more there are": {"LookedThrough.warnings"},
    "the columns of one row": {"ContentOnRequest.facts", "ContentOnRequest.texts", "Wrote.key"},
    "steps that are taken once each": {"ChildNotificationView.steps", "LeaveCase"},
    "the query has a limit": {
        "Blocker.on", "NextStep.on", "CaseView.stalled_measures", "OneLogCheck.items", "ObligationView.fulfilments",
    },
    "verification ends after some hundred faults": {"LogState.faults"},
    "an entry of a log has a longest, and an act that says more has several": {
        f"Entry.{field}" for field in (
            "asked", "opened", "persons", "policies", "read", "recipients", "tally", "wrote",
        )
    },
    "a table of a year, frozen": {"StatusTable.lines", "YearlyStatus.tables", "ExchangeCounts.by_month"},
    "a page's items, which have a name of their own": {"LogCheckOverview.checks", "NoticeState.acknowledged"},
    "places of the same page": {"CaseLogPage.bad"},
    "open proposals: a kind of decision has one at a time": {"NextStepsView.proposals"},
    "people, each appointed or drawn in by hand": {"AssessmentView.at_the_table", "CaseView.participants"},
    "the staff of one authority, and what one of them was called": {"ActorRecord.names", "NoticeState.missing"},
}
"""Why what stands at a place does not grow with the number of cases, records or entries."""
NOT_JSON = {
    "TakeBackClosureSignature": "nothing", "EraseCase": "nothing", "ReadYearlyStatusSheet": "a table of a year",
    "ServeCheckpoint": "one checkpoint", "ServeTile": "a tile has 256 entries",
}


def resolved(schema: Any, description: dict[str, Any]) -> dict[str, Any]:
    """Follow a reference; what may be anything has nothing in it."""
    while isinstance(schema, dict) and "$ref" in schema:
        schema = description["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return schema if isinstance(schema, dict) else {}


def many_in(
    schema: Any, description: dict[str, Any], place: str, seen: frozenset[str] = frozenset()
) -> Iterator[str]:
    """Name every array, and every object of any keys, in an answer; a page's items are none."""
    name = schema.get("$ref", "").rsplit("/", 1)[-1] if isinstance(schema, dict) else ""
    if name in seen:
        return
    schema, within = resolved(schema, description), frozenset({*seen, name} - {""})
    for other in (*schema.get("oneOf", ()), *schema.get("anyOf", ()), *schema.get("allOf", ())):
        yield from many_in(other, description, place, within)
    for of_any_number in ("items", "additionalProperties"):
        if isinstance(part := schema.get(of_any_number), dict):
            yield place
            yield from many_in(part, description, place, within)
    fields = schema.get("properties", {})
    is_page = {"items", "next"} <= fields.keys()
    for field, part in fields.items():
        if is_page and field == "items":
            yield from many_in(resolved(part, description)["items"], description, place, within)
        elif not is_page or field != "not_readable":
            yield from many_in(part, description, f"{schema.get('title', place)}.{field}", within)


def given_in_pieces(house: House) -> set[str]:
    """Name the operations whose answer is a stream."""
    handlers = [handler for route in house.app.routes for handler in getattr(route, "route_handlers", ())]
    return {str(one.operation_id) for one in handlers if one.fn.__annotations__.get("return") is Stream}


def answers_of(description: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give the content of every answer that is no refusal, with its operation."""
    for path in description["paths"].values():
        for operation in path.values():
            for status, answer in operation["responses"].items():
                if status.startswith("2"):
                    yield operation["operationId"], answer.get("content", {})


@pytest.mark.fault("B3")
class WhenAnAnswerHoldsMany:
    async def test_it_is_a_page_or_comes_in_pieces_or_a_reason_stands_here_why_it_does_not_grow(
        self, house: House
    ) -> None:
        description, streamed = description_of(house.app), given_in_pieces(house)
        found = {
            place for operation, content in answers_of(description) if JSON in content and operation not in streamed
            for place in many_in(content[JSON]["schema"], description, operation)
        }
        named = [place for places in DOES_NOT_GROW.values() for place in places]
        assert (found - set(named), set(named) - found) == (set(), set())
        assert len(named) == len(set(named))

    def test_what_stands_in_the_way_of_a_closure_is_named_up_to_a_limit(self) -> None:
        unlimited = {
            name for name, one in vars(blockers).items() if isinstance(one, sa.Select)
            and not one._has_row_limiting_clause
        }
        assert unlimited == {"_TO_HAND_OVER"}, "from which the others are made"

    async def test_what_is_no_json_comes_in_pieces_or_is_short(self, house: House) -> None:
        others = {operation for operation, content in answers_of(description_of(house.app)) if JSON not in content}
        assert others - given_in_pieces(house) == NOT_JSON.keys()

    async def test_packages_reports_notes_and_logs_come_in_pieces(self, house: House) -> None:
        assert given_in_pieces(house) == {
            "ExportAccessPackage", "ReportSubjectLog", "ExportJournalNote", "ExportLog", "ExportInstallationLog",
        }
