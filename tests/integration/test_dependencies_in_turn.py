"""What a route depends on is made one after another, in the request's own task."""

import asyncio

from litestar import Litestar, get
from litestar.di import NamedDependency, Provide
from litestar.routes import HTTPRoute
from litestar.testing import TestClient

from house import House
from infohus.app import create_app
from infohus.web.dependencies import make_in_turn

made: list[tuple[str, int]] = []


def _make(name: str) -> str:
    made.append((name, id(asyncio.current_task())))
    return name


@get("/", sync_to_thread=False)
def together(second: NamedDependency[str], first: NamedDependency[str], third: NamedDependency[str]) -> list[str]:
    made.append(("route", id(asyncio.current_task())))
    return [first, second, third]


async def third(first: NamedDependency[str]) -> str:
    return _make("third" if first == "first" else "too early")


def _app() -> Litestar:
    return Litestar([together], dependencies={
        "second": Provide(lambda: _make("second"), sync_to_thread=False),
        "first": Provide(lambda: _make("first"), sync_to_thread=False),
        "third": Provide(third),
    })


def _answered(app: Litestar) -> list[str]:
    made.clear()
    with TestClient(app) as client:
        assert client.get("/").json() == ["first", "second", "third"]
    return [name for name, _ in made]


class WhenARouteDependsOnSeveral:
    def test_they_are_made_in_the_order_of_their_names_in_one_task(self) -> None:
        assert _answered(make_in_turn(_app())) == ["first", "second", "third", "route"]
        assert len({task for _, task in made}) == 1

    def test_without_it_some_have_a_task_of_their_own(self) -> None:
        assert sorted(_answered(_app())) == ["first", "route", "second", "third"]
        assert len({task for _, task in made}) > 1

    async def test_no_route_of_ours_needs_a_task_for_each(self, house: House) -> None:
        routes = [route for route in create_app(house.settings).routes if isinstance(route, HTTPRoute)]
        batches = [
            batch
            for route in routes
            for _, arguments in route.route_handler_map.values()
            for batch in arguments.dependency_batches
        ]
        assert len(batches) > 100
        assert {len(batch) for batch in batches} == {1}
