"""How much memory an answer costs: the application is asked, and each piece of the answer is dropped as it comes."""

import tracemalloc
from typing import Any
from urllib.parse import urlsplit

import anyio
import msgspec

from house import House, Person
from log_purposes import with_purpose


def size_and_peak(house: House, person: Person, path: str, body: Any) -> tuple[int, int]:
    """Post to the application; give how many bytes its answer had, and how many were held at most meanwhile."""
    url = urlsplit(with_purpose(path))
    content, statuses, sizes = msgspec.json.encode(body), list[int](), list[int]()
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
        "path": url.path, "raw_path": url.path.encode(), "query_string": url.query.encode(), "root_path": "",
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80), "headers": [
            (b"host", b"127.0.0.1"), (b"authorization", f"Bearer {person.token}".encode()),
            (b"content-type", b"application/json"), (b"content-length", str(len(content)).encode()),
        ],
    }  # fmt: skip
    requests, is_over = [{"type": "http.request", "body": content, "more_body": False}], anyio.Event()

    async def receive() -> dict[str, Any]:
        if requests:
            return requests.pop()
        await is_over.wait()
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])
        else:
            sizes.append(len(message.get("body", b"")))
            if not message.get("more_body"):
                is_over.set()

    async def ask() -> int:
        tracemalloc.start()
        try:
            await house.app(scope, receive, send)  # type: ignore[arg-type]
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak = house.client.blocking_portal.call(ask)
    assert statuses == [200]
    return sum(sizes), peak
