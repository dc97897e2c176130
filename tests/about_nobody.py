"""What a test writes in a case about several persons is about none of them, unless it says whom (rule 79)."""

from collections.abc import Awaitable, Callable
from typing import Any


async def about_nobody(send: Callable[[Any], Awaitable[Any]], body: Any) -> Any:
    """Send a body; where the answer asks whom it is about, send it as about nobody."""
    response = await send(body)
    status = getattr(response, "status_code", None) or response.status
    if status != 422 or (response.json() or {}).get("type") != "/problems/persons-not-named":
        return response
    if "contributions" in body:
        return await send({**body, "contributions": [{**one, "about": []} for one in body["contributions"]]})
    return await send({**body, "about": []})


async def send(sending: Callable[[Any], Awaitable[Any]], body: Any) -> Any:
    """Send a body as it is."""
    return await sending(body)
