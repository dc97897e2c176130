"""The route of log reports."""

from uuid import UUID

from litestar import post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from infohus.kernel.access.model import Infohus
from infohus.kernel.audit.signing.pooled_signer import PooledSigner
from infohus.kernel.authorization.action import Action
from infohus.kernel.unit_of_work.begin import RequestScope
from infohus.whole_case.log_reports.model import LogReportDraft, LogReports
from infohus.whole_case.log_reports.operations import ask_for_report, reports_on, seal


@post("/infohuse/{infohus_id:uuid}/log-reports", operation_id="ReportSubjectLog", status_code=200)
async def report(
    infohus_id: FromPath[UUID], data: JSONBody[LogReportDraft], log_scope: NamedDependency[RequestScope],
    signer: NamedDependency[PooledSigner],
) -> LogReports:
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
    return LogReports(await seal(reports, log_scope.afterwards(work, work.log), signer, since=since))


handlers = [report]
