"""Lets a route's dependencies be made one after another, without a task for each."""

from litestar import Litestar
from litestar.routes import HTTPRoute


def make_in_turn(app: Litestar) -> Litestar:
    """Make what a route depends on in turn, in the order of the names.

    Litestar makes those that do not depend on each other at the same time, each in a task of its own. None of ours
    waits for anything, and the tasks took a tenth of the processor time of recording an exchange.
    """
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for _, arguments in route.route_handler_map.values():
                arguments.dependency_batches = [
                    {dependency}
                    for batch in arguments.dependency_batches
                    for dependency in sorted(batch, key=lambda one: one.key)
                ]
    return app
