"""What one side looks at: every GET of the API's description, with each id that the history made, as each of its roles.

A route that is added to the application is looked at from that day.
"""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from noninterference.installation import Run
from one_api import description_of

NOT_LOOKED_AT = {
    "ListInfohuse": "it lists the infohuse of all runs, because they share an installation",
    "VerifyInstallationLog": "that log is the installation's, which all runs share",
    "ListInstallationLogEntries": "the same", "ProveInstallationLogEntry": "the same",
}
OPEN = ("/health", "/ready", "/problems")
FIXED = {
    "year": "2026", "version": "1", "leaf_index": "0", "level": "0", "place": "0", "slug": "x", "authority_id": "x",
}
ROLES = ("tovholder", "tovholder", "tovholder", "dpo", "legal", "guest", "admin")
"""Who looks, as often as they stand here."""
SUPERVISING = ("dpo", "legal")
_PARAMETER = re.compile(r"\{([a-z_]+)[^}]*\}")


@dataclass(frozen=True, slots=True)
class Look:
    """A GET; `ids` says for each parameter of the path which act made it, and under which name in its answer."""

    role: str
    operation: str
    path: str
    ids: tuple[tuple[str, int, str], ...]

    def address(self, run: Run) -> str:
        """Fill the path in for one run; what the run did not make gets an id that is nobody's."""
        path = self.path
        for parameter, number, name in self.ids:
            found = run.made.get(number, {}).get(name) or run.unknown((number, name))
            path = path.replace(parameter, str(found), 1)
        return path.replace("{infohus_id}", str(run.infohus_id))


@cache
def gets(app: Any) -> tuple[tuple[str, str], ...]:
    """List operation and path, with what is always the same filled in, of every GET that needs a caller."""
    paths = description_of(app)["paths"]
    return tuple(
        (methods["get"]["operationId"], _with_fixed(path) + _purpose(methods["get"]))
        for path, methods in sorted(paths.items())
        if "get" in methods and methods["get"]["operationId"] not in NOT_LOOKED_AT and not path.startswith(OPEN)
    )


def _purpose(operation: dict[str, Any]) -> str:
    """Say what a log is read for, where the route asks it."""
    is_asked = any(one["name"] == "purpose" and one.get("required") for one in operation.get("parameters", ()))
    return "?purpose=self_monitoring" if is_asked else ""


def all_looks(run: Run, made: dict[int, Any], role: str) -> list[Look]:
    """List everything that a role can ask for after the acts that `made` names."""
    looks = []
    for operation, path in gets(run.installation.app):
        looks += [Look(role, operation, path, ids) for ids in _choices(path, made)]
    return looks


def some_looks(run: Run, made: dict[int, Any], seed: str, *, count: int, often: float = 0.4) -> list[Look]:
    """Draw some of everything that is to be seen, over the side's roles; `often` is how likely each of OFTEN is."""
    drawn = random.Random(seed)
    everything = all_looks(run, made, "")
    chosen = [drawn.choice(everything) for _ in range(count)]
    # What a case is at now tells most, and costs little.
    chosen += [look for look in everything if look.operation in OFTEN and drawn.random() < often]
    return [Look(drawn.choice(ROLES), look.operation, look.path, look.ids) for look in chosen]


def final_looks(run: Run, made: dict[int, Any], seed: str, *, count: int) -> list[Look]:
    """List what the side looks at when all is over: the tovholder at everything, up to `count`; the others at some."""
    drawn = random.Random(seed)
    everything = all_looks(run, made, "tovholder")
    drawn.shuffle(everything)
    supervising = [
        Look(role, look.operation, look.path, look.ids)
        for look in everything if not look.path.startswith("/cases/") for role in SUPERVISING if drawn.random() < 0.5
    ]
    return [*everything[:count], *supervising[:count], *some_looks(run, made, seed, count=max(4, count // 6))]


OFTEN = ("ReadCase", "ReadNextSteps", "ReadClosing", "ListCases")


def _with_fixed(path: str) -> str:
    for name, value in FIXED.items():
        path = re.sub(rf"\{{{name}[^}}]*\}}", value, path)
    return re.sub(r"\{([a-z_]+)[^}]*\}", r"{\1}", path)


def _choices(path: str, made: dict[int, Any]) -> Iterator[tuple[tuple[str, int, str], ...]]:
    """Give every way to fill a path in with what was made."""
    names = [name for name in _PARAMETER.findall(path) if name != "infohus_id"]
    chosen: list[tuple[tuple[str, int, str], ...]] = [()]
    for name in names:
        before = path[: path.index(f"{{{name}")].strip("/").split("/")[-1]
        candidates = [(f"{{{name}}}", number, key) for number, one in made.items() if (key := _key(one, name, before))]
        chosen = [(*some, one) for some in chosen for one in candidates if _belongs(made, some, one)]
    yield from chosen


def _key(made: Any, name: str, segment: str) -> str | None:
    if name == "case_id":
        return name if made["_path"].startswith("/infohuse/") and name in made else None
    if isinstance(made.get(name), str):
        return name
    return "id" if made["_path"].rsplit("/", 1)[-1] == segment and "id" in made else None


def _belongs(made: dict[int, Any], some: tuple[tuple[str, int, str], ...], one: tuple[str, int, str]) -> bool:
    """Ask for a record in its own case alone."""
    if not some:
        return True
    case, record = made[some[0][1]], made[one[1]]
    return bool(case.get("case_id") == record.get("case_id", record["_path"].split("/")[2]))
