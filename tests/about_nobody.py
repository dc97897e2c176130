"""What a test writes in a case about several persons is about none of them, unless it says whom (rule 79)."""

from collections.abc import Awaitable, Callable
from typing import Any

Send = Callable[[Any], Awaitable[Any]]


async def about_nobody(send: Send, body: Any) -> Any:
    """Send a body; where the answer asks whom it is about, send it as about nobody."""

    async def nobody() -> list[str]:
        return []

    return await about_somebody(send, body, nobody)


async def about_somebody(send: Send, body: Any, persons: Callable[[], Awaitable[list[str]]]) -> Any:
    """Send a body; where the answer asks whom it is about, send it as about these."""
    response = await send(body)
    status = getattr(response, "status_code", None) or response.status
    if status != 422 or (response.json() or {}).get("type") != "/problems/persons-not-named":
        return response
    about = await persons()
    if "contributions" in body:
        return await send({**body, "contributions": [{**one, "about": about} for one in body["contributions"]]})
    return await send({**body, "about": about})


async def send(sending: Send, body: Any) -> Any:
    """Send a body as it is."""
    return await sending(body)
