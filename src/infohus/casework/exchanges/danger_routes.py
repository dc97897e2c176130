"""The route by which danger is reported."""

from datetime import datetime
from uuid import UUID

import msgspec
from litestar import post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from infohus.cases.disclosures.model import Exchange, Paragraph
from infohus.casework.exchanges.danger import DangerDraft, report_danger
from infohus.casework.exchanges.operations import EXCHANGE_BY_ID
from infohus.danish import WARNINGS
from infohus.kernel.access.model import Case
from infohus.kernel.authorization.action import Action
from infohus.kernel.unit_of_work.begin import RequestScope


class DangerView(msgspec.Struct, frozen=True, kw_only=True):
    """What was reported to whom, on which basis; `instruction` is what acute danger says before all else (rule 31)."""

    instruction: str | None
    id: UUID
    case_id: UUID
    discloser: str
    recipients: list[str]
    paragraph: Paragraph
    is_acute: bool
    was_told_112: bool
    exchanged_at: datetime
    recorded_at: datetime
    manifest: str

    @classmethod
    def of(cls, report: Exchange) -> "DangerView":
        """Show a report without its texts, which whoever reported knows."""
        is_acute = bool(report.is_acute)
        return cls(
            instruction=WARNINGS["acute"] if is_acute else None, id=report.id, case_id=report.case_id,
            discloser=report.authority_id, recipients=report.recipients, paragraph=report.paragraph, is_acute=is_acute,
            was_told_112=bool(report.was_told_112), exchanged_at=report.exchanged_at, recorded_at=report.recorded_at,
            manifest=report.manifest.hex(),
        )


@post("/cases/{case_id:uuid}/danger-reports", operation_id="ReportDanger")
async def report(
    case_id: FromPath[UUID], data: JSONBody[DangerDraft], idempotent_scope: NamedDependency[RequestScope],
) -> DangerView:
    """Report new danger at whatever stage the case is, to the police, and from them to the municipality; 112 first."""
    async with idempotent_scope.begin(Action.REPORT_DANGER, Case, case_id) as work:
        return DangerView.of(await work.earlier(Exchange, EXCHANGE_BY_ID) or await report_danger(work, data))


handlers = [report]
