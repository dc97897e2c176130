"""The route of log reports."""

from uuid import UUID

from litestar import post
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, JSONBody
from litestar.response import Stream

from infohus.kernel.access.model import Infohus
from infohus.kernel.answers.whole_answers import in_pieces
from infohus.kernel.audit.signing.pooled_signer import PooledSigner
from infohus.kernel.authorization.action import Action
from infohus.kernel.unit_of_work.begin import RequestScope
from infohus.whole_case.log_reports.model import LogReportDraft, LogReports
from infohus.whole_case.log_reports.operations import ask_for_report, reports_on, seal
from infohus.whole_case.log_reports.written import answer_of


@post(
    "/infohuse/{infohus_id:uuid}/log-reports", operation_id="ReportSubjectLog", status_code=200,
    responses={200: ResponseSpec(LogReports, description="The reports on the person.")},
)
async def report(
    infohus_id: FromPath[UUID], data: JSONBody[LogReportDraft], log_scope: NamedDependency[RequestScope],
    signer: NamedDependency[PooledSigner],
) -> Stream:
    """Make a person's log reports: dates and purposes, no staff, and proof that the log seals each word for word.

    There is one for each record of the person that the caller's authority has or was told, each under its own log id.
    """
    # Two units of work: the first one's entry is the reports' last line, so it must be in the log before they are made.
    # The second one's entry seals them, so they are given out with its proof after its end.
    async with log_scope.begin(Action.REPORT_SUBJECT_LOG, Infohus, infohus_id) as work:
        persons = await ask_for_report(work, data)
    async with log_scope.begin(Action.REPORT_SUBJECT_LOG, Infohus, infohus_id) as work:
        since = (await work.log.head()).size
        reports = await reports_on(work, signer, persons)
    sealed = await seal(reports, log_scope.afterwards(work, work.log), signer, since=since)
    return in_pieces(answer_of(sealed), media_type="application/json")


handlers = [report]
