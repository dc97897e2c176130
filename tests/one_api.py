"""One set of route models and one description of the API for all applications that the tests of a process build.

Both depend on the routes alone, which are the same whatever the settings. Made anew for each application they cost 20
and 480 ms of processor.
"""

from typing import Any, cast

from litestar import Litestar

from infohus.app import create_app
from infohus.settings import Settings
from infohus.web.api_description import ExactConfig

_described: list[dict[str, Any]] = []


def app_of(settings: Settings) -> Litestar:
    """Build an application whose routes are parsed for the first one only."""
    app = create_app(settings)
    for handler in cast("ExactConfig", app.openapi_config).handlers:
        # Litestar keeps the model with the handler, and each application copies the handler with what it keeps.
        assert handler.signature_model
    return app


def description_of(app: Litestar) -> dict[str, Any]:
    """Give the description as it is served, written out for the first application; change nothing in it."""
    if not _described:
        _described.append(app.openapi_schema.to_schema())
    return _described[0]
