"""Moments in an address. `web/strict_request.py` lets in only what is written with its zone and can be meant."""

from datetime import datetime
from typing import Annotated

from litestar.params import QueryParameter

from infohus.kernel.requests.moments import SAYS_MOMENT

MomentInQuery = Annotated[datetime | None, QueryParameter(description=SAYS_MOMENT)]
