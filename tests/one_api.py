"""One set of routes and one description of the API for the applications that the tests of a process build in turn.

Both depend on the routes alone, which are the same whatever the settings. Made anew for each application they cost 120
and 480 ms of processor. All that depends on the settings is the new application's own: what routes depend on, the
middleware, and what is opened and closed with it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast
from unittest.mock import patch

from litestar import Litestar
from litestar.datastructures import State
from litestar.di import Provide
from litestar.types import ASGIApp

import infohus.app
from infohus.app import create_app
from infohus.settings import Settings

_described: list[dict[str, Any]] = []
_free: list["_Reusable"] = []


class _Reusable(Litestar):
    """An application that can become another one, of other settings, when nobody uses it any more."""

    def __init__(self, **arguments: Any) -> None:
        """Make the routes, and remember what they were made of."""
        super().__init__(**arguments)
        self._made_of, self._inner = arguments, self.asgi_handler

    def become(self, **arguments: Any) -> "_Reusable | None":
        """Take over what the settings decide; nothing if the routes would be made of something else, too."""
        if arguments["request_max_body_size"] != self._made_of["request_max_body_size"]:
            return None
        for name, new in arguments["dependencies"].items():
            cast("Provide", self.dependencies[name]).dependency = new.dependency
        (mine,), (new,) = self._made_of["middleware"], arguments["middleware"]
        vars(mine).clear()
        vars(mine).update(vars(new))
        self._lifespan_managers = list(arguments["lifespan"])
        self.state = State()
        self.asgi_handler: ASGIApp = self._inner
        return self


def _built(**arguments: Any) -> Litestar:
    taken = _free.pop().become(**arguments) if _free else None
    return taken or _Reusable(**arguments)


@contextmanager
def app_of(settings: Settings) -> Iterator[Litestar]:
    """Build an application of these settings, whose routes the next one may have when this one is over."""
    with patch.object(infohus.app, "Litestar", _built):
        app = create_app(settings)
    assert isinstance(app, _Reusable)
    yield app
    _free[:] = [app]


def description_of(app: Litestar) -> dict[str, Any]:
    """Give the description as it is served, written out for the first application; change nothing in it."""
    if not _described:
        _described.append(app.openapi_schema.to_schema())
    return _described[0]
