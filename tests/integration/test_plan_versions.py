"""Every version of a plan is kept, what it changed reads in Danish, and loading one is logged."""

import asyncio
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from click.testing import CliRunner, Result

from conftest import Database
from house import MUNICIPALITY, POLICE, PROBATION, House, now
from infohus.cli.commands import main
from infohus.kernel.audit.formats.entry import decode
from infohus.kernel.audit.storage.log import INSTALLATION_LOG, log_of
from infohus.plan.comparison import changes_between
from infohus.plan.loading import load_plan
from infohus.plan.reading import parse_plan

PLANS = Path(__file__).resolve().parents[2] / "plans"
ISHOJ = (PLANS / "ishoj.toml").read_text(encoding="utf-8")
CHANGED = (
    ISHOJ.replace("due_year = 2028", "due_year = 2029")
    .replace('name = "Infohus Ishøj"', 'name = "Infohus Ishøj og Omegn"')
    .replace('[[obligation]]\nid = "action-cards"\ntext = "Action cards distribueres til relevante medarbejdere"\n', "")
    .replace('who = ["Ishøj Ungdom"]', 'who = ["Ishøj Ungdom", "biblioteket"]')
    .replace('every = "P2Y"\n', 'every = "P1Y"\n')
    + '\n[[extremism_form]]\nid = "eco"\nname = "Miljøekstremisme"\n'
)
EXPECTED = [
    ("infohus.name", "changed", "Infohuset: navnet var »Infohus Ishøj«, nu »Infohus Ishøj og Omegn«."),
    ("extremism_form[eco]", "added", "Formen »Miljøekstremisme« er kommet til."),
    ("obligation[action-cards]", "removed",
     "Forpligtelsen »Action cards distribueres til relevante medarbejdere« er taget ud."),
    ("obligation[key-staff-briefing].every", "changed",
     "Forpligtelsen »Orientering af nøglemedarbejdere«: hyppigheden var »hvert andet år«, nu »hvert år«."),
    ("obligation[plan-revision].due_year", "changed",
     "Forpligtelsen »Revision af beredskabsplanen«: fristens år var »2028«, nu »2029«."),
    ("briefing_audience[Center for Kultur og Fritid].who", "added",
     "Målgruppen »Center for Kultur og Fritid«: kredsen har nu også »biblioteket«."),
]


async def load(house: House, database: Database, *plans: str) -> None:
    owner = await asyncpg.connect(database.dsn("owner"))
    try:
        for plan in plans:
            await load_plan(owner, parse_plan(plan), infohus_id=house.infohus_id, clock=now)
    finally:
        await owner.close()


def shown(changes: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    return [(one["place"], one["what"], one["words"]) for one in changes]


class WhenTwoPlansAreCompared:
    def test_every_change_is_told_in_danish(self) -> None:
        changes = changes_between(parse_plan(ISHOJ), parse_plan(CHANGED))
        assert [(one.place, one.what, one.words) for one in changes] == EXPECTED

    @pytest.mark.parametrize("plan", [ISHOJ, CHANGED, (PLANS / "birkelunde.toml").read_text(encoding="utf-8")])
    def test_a_plan_is_like_itself(self, plan: str) -> None:
        assert changes_between(parse_plan(plan), parse_plan(plan)) == []

    def test_the_way_back_undoes_it(self) -> None:
        way_back = changes_between(parse_plan(CHANGED), parse_plan(ISHOJ))
        opposite = {"added": "removed", "removed": "added", "changed": "changed"}
        assert {(one.place, opposite[one.what]) for one in way_back} == {(place, what) for place, what, _ in EXPECTED}


class WhenAPlanHasVersions:
    async def test_each_is_listed_with_its_digest(self, house: House, database: Database) -> None:
        await load(house, database, ISHOJ, CHANGED, CHANGED)
        path = f"/infohuse/{house.infohus_id}/plan-versions"
        page = await house.person("politi").get(path)
        assert [(one["version"], one["digest"], one["adopted"]) for one in page["items"]] == [
            (number, parse_plan(plan).digest().hex(), str(parse_plan(plan).plan.adopted))
            for number, plan in ((1, ISHOJ), (2, CHANGED))
        ]
        first = await house.person("politi").get(f"{path}?limit=1")
        rest = await house.person("politi").get(f"{path}?limit=1&after={first['next']}")
        assert (first["items"] + rest["items"], rest["next"]) == (page["items"], None)

    async def test_what_one_changed_is_told(self, house: House, database: Database) -> None:
        await load(house, database, ISHOJ, CHANGED, ISHOJ)
        path = f"/infohuse/{house.infohus_id}/plan-versions"
        raadgiver = house.person("raadgiver")
        second = await raadgiver.get(f"{path}/2/changes")
        assert (second["version"], second["since"], shown(second["changes"])) == (2, 1, EXPECTED)
        assert await raadgiver.get(f"{path}/1/changes") == {"version": 1, "since": None, "changes": []}
        assert await raadgiver.get(f"{path}/3/changes?since=1") == {"version": 3, "since": 1, "changes": []}

    @pytest.mark.parametrize("asked", ["9/changes", "2/changes?since=9", "1/changes?since=2147483647"])
    async def test_one_that_was_never_loaded_is_unknown(self, house: House, database: Database, asked: str) -> None:
        await load(house, database, ISHOJ, CHANGED)
        await house.person("kommune").get(f"/infohuse/{house.infohus_id}/plan-versions/{asked}", status=404)

    @pytest.mark.parametrize("asked", ["0/changes", "2147483648/changes", "2/changes?since=0"])
    async def test_what_can_be_none_is_refused(self, house: House, asked: str) -> None:
        answer = await house.person("kommune").call("GET", f"/infohuse/{house.infohus_id}/plan-versions/{asked}")
        assert answer.status_code in {400, 404}


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


class WhenTheOwnerActsFromTheCommandLine:
    def test_loading_a_plan_stands_in_the_installations_log(self, database: Database, tmp_path: Path) -> None:
        file = tmp_path / "plan.toml"
        ids = set()
        for text in (ISHOJ, ISHOJ, CHANGED):
            file.write_text(text, encoding="utf-8")
            loaded = run("plan", "load", str(file), "--owner-database", database.dsn("owner"))
            assert loaded.exit_code == 0, loaded.output
            ids.add(loaded.output.strip())
        (infohus,) = ids
        assert [
            (one.action, str(one.subject), one.caller, one.role, one.purpose, one.justification)
            for one in entries(database)
        ] == [
            ("loadPlan", infohus, None, "owner", "administration",
             f"sha256:{parse_plan(plan).digest().hex()}")
            for number, plan in ((1, ISHOJ), (2, CHANGED))
        ]

    def test_a_broken_plan_is_refused_with_its_place_and_loses_nothing(
        self, database: Database, tmp_path: Path
    ) -> None:
        file, owner = tmp_path / "plan.toml", ("--owner-database", database.dsn("owner"))
        file.write_text(ISHOJ, encoding="utf-8")
        run("plan", "load", str(file), *owner)
        before = entries(database)
        file.write_text(ISHOJ.replace('every = "P2Y"', 'every = "engang"'), encoding="utf-8")
        refused = run("plan", "load", str(file), *owner)
        assert (refused.exit_code, "obligation[1].every" in refused.output) == (1, True)
        assert entries(database) == before

    @pytest.mark.rule(90)
    def test_registering_a_tovholder_stands_there_once_and_in_the_authoritys_log(self, database: Database) -> None:
        owner, person = ("--owner-database", database.dsn("owner")), str(uuid4())
        infohus = run("plan", "load", str(PLANS / "ishoj.toml"), *owner).output.strip()
        add = ("users", "add-coordinator", "--infohus", infohus, "--person", person, *owner)
        assert run(*add, "--authority", MUNICIPALITY).output == "Tovholderen er registreret.\n"
        assert run(*add, "--authority", MUNICIPALITY).output == "Personen var allerede tovholder.\n"
        last = entries(database)[-1]
        assert (last.action, str(last.subject), last.purpose, last.justification) == (
            "registerCoordinator", infohus, "administration", f"person:{person}"
        )
        assert len(entries(database)) == 2
        (own,) = [one for one in entries(database, log_of(MUNICIPALITY)) if one.action == "registerCoordinator"]
        assert (own.justification, own.correlation) == (last.justification, last.correlation)
        assert [one.action for one in entries(database, log_of(POLICE))] == ["loadPlan"]
        refused = run(*add, "--authority", PROBATION)
        assert (refused.exit_code, PROBATION in refused.output) == (1, True)
        other = run("users", "add-coordinator", "--infohus", str(uuid4()), "--person", person, "--authority", POLICE,
                    *owner)
        assert other.exit_code == 1
        assert len(entries(database)) == 2

    @pytest.mark.rule(94)
    @pytest.mark.fault("A15")
    def test_taking_a_tovholder_off_the_list_stands_there_and_in_the_authoritys_log(self, database: Database) -> None:
        owner, person = ("--owner-database", database.dsn("owner")), str(uuid4())
        infohus = run("plan", "load", str(PLANS / "ishoj.toml"), *owner).output.strip()
        of = ("--infohus", infohus, "--person", person, "--authority", MUNICIPALITY, *owner)
        run("users", "add-coordinator", *of)
        aborted = CliRunner().invoke(main, ["users", "remove-coordinator", *of], input="n\n")
        assert aborted.exit_code == 1
        assert [one.action for one in entries(database)] == ["loadPlan", "registerCoordinator"]
        removed = run("users", "remove-coordinator", "--yes", *of)
        assert "Tovholderen er taget af listen." in removed.output
        assert f"{MUNICIPALITY} har ingen tovholder" in removed.output
        assert run("users", "remove-coordinator", "--yes", *of).output == "Personen var ikke tovholder.\n"
        for log in (INSTALLATION_LOG, log_of(MUNICIPALITY)):
            last = entries(database, log)[-1]
            assert (last.action, last.justification, [one.verb for one in last.wrote]) == (
                "removeCoordinator", f"person:{person}", ["delete"]
            )
        assert [one.action for one in entries(database, log_of(POLICE))] == ["loadPlan"]
        assert run("audit", "verify", "--rows", "--reconciler-database", database.dsn("reconciler")).exit_code == 0

    def test_files_and_loaded_versions_are_compared(self, database: Database, tmp_path: Path) -> None:
        old, new, owner = tmp_path / "old.toml", tmp_path / "new.toml", ("--owner-database", database.dsn("owner"))
        old.write_text(ISHOJ, encoding="utf-8")
        new.write_text(CHANGED, encoding="utf-8")
        told = "".join(f"- {words}\n" for _, _, words in EXPECTED)
        assert run("plan", "compare", str(old), str(new)).output == told
        assert run("plan", "compare", str(old), str(old)).output == "Planerne er ens.\n"
        infohus, _ = (run("plan", "load", str(file), *owner).output.strip() for file in (old, new))
        stored = ("--infohus", infohus, *owner)
        assert run("plan", "compare", "1", "2", *stored).output == told
        assert run("plan", "compare", "1", str(new), *stored).output == told
        missing = run("plan", "compare", "1", "7", *stored)
        assert (missing.exit_code, "no version 7" in missing.output) == (1, True)


def entries(database: Database, log_id: UUID = INSTALLATION_LOG) -> list[Any]:
    """Read the installation's log, or another."""
    async def read() -> list[Any]:
        connection = await asyncpg.connect(database.dsn("superuser"))
        try:
            rows = await connection.fetch(
                "SELECT entry FROM audit.leaf WHERE log_id = $1 ORDER BY index", log_id
            )
            return [decode(row["entry"]) for row in rows]
        finally:
            await connection.close()

    return asyncio.run(read())
