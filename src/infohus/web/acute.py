"""112 before all else: whatever is refused, acute danger waits for no form that is right (rule 31)."""

import re

from litestar.enums import HttpMethod
from litestar.types import Scope

from infohus.errors import Refused
from infohus.kernel.requests.asked import asked_now

_SAYS_ACUTE = re.compile(rb'"is_acute"\s*:\s*"?(?:true|ja|1)', re.IGNORECASE)
"""How a body says it that nobody understood, broken as it may be."""
_REPORTS_DANGER = "/danger-reports"


def say_112_first(refusal: Refused, scope: Scope) -> None:
    """Put the instruction on acute danger before the words of a refusal, where the request says that there is.

    A report of danger says so too that was not read, or not understood: what it says of that is not known.
    """
    asked = asked_now()
    reports_danger = scope.get("method") == HttpMethod.POST and scope["path"].rstrip("/").endswith(_REPORTS_DANGER)
    if asked.says_acute if asked.is_understood else reports_danger or _SAYS_ACUTE.search(asked.sent):
        refusal.facts["is_acute"] = 1
