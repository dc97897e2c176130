"""Every kind of joint decision, sorted by name."""

from infohus.cases.joint_decisions.model import JointDecision
from infohus.casework.assessments.model import Assessment
from infohus.casework.measures.model import Recommendation
from infohus.casework.scope_decisions.model import ScopeDecision
from infohus.casework.screenings.model import Screening
from infohus.whole_case.closures.model import Closure

JOINT_DECISIONS: tuple[type[JointDecision], ...] = (Assessment, Closure, Recommendation, ScopeDecision, Screening)
