"""When what the API's examples tell of happens in a history."""

import re
from typing import Any

from noninterference.installation import Run

DATES_OF_EXAMPLES = re.compile(r"2026-\d\d-\d\d(T.*)?")


def dated(run: Run, value: Any) -> Any:
    """Let what happened at a time of the examples happen now: before that no history would be allowed it."""
    found = DATES_OF_EXAMPLES.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return value
    now = run.installation.clock()
    return now.isoformat() if found.group(1) else f"{now:%Y-%m-%d}"
