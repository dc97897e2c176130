"""The routes of screenings."""

from infohus.cases.joint_decisions.decision_routes import DecisionKind, routes_of
from infohus.casework.screenings.model import Screening, ScreeningContent, ScreeningDraft
from infohus.casework.screenings.operations import amend_screening, propose_screening, sign_screening
from infohus.kernel.authorization.action import Action

KIND = DecisionKind(
    name="Screening", path="screenings", model=Screening, draft=ScreeningDraft, content=ScreeningContent,
    proposing=Action.PROPOSE_SCREENING, reading=Action.READ_SCREENING, amending=Action.AMEND_SCREENING,
    signing=Action.SIGN_SCREENING, propose=propose_screening, amend=amend_screening, sign=sign_screening,
)

handlers = routes_of(KIND)
