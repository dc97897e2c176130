"""What somebody drawn in reported of danger, for the world of rows: they see its row while they take part."""

from house import MUNICIPALITY, CaseInHand
from infohus.web.api_examples import EXAMPLES
from invitations import invitation


async def report_danger(case: CaseInHand) -> None:
    """Draw the adviser in for measures, and let them report danger."""
    adviser = case.house.person("raadgiver")
    draft = invitation(MUNICIPALITY, person_id=str(adviser.person_id), scope=["measures"])
    await case.kommune.post(f"{case.path}/participants", draft)
    await adviser.post(f"{case.path}/danger-reports", EXAMPLES["ReportDanger"])
