"""A plan file is read for any municipality, and one that holds anything else is refused and told where."""

from datetime import UTC, datetime, time
from pathlib import Path

import pytest

from infohus.danish_calendar import Hours
from infohus.kernel.database.tables import Regime
from infohus.kernel.identity.caller import AuthorityId, AuthorityKind
from infohus.plan.document import AuthorityOfPlan, slug_of
from infohus.plan.reading import PlanNotUsable, parse_plan, read_plan

PLANS = Path(__file__).resolve().parents[2] / "plans"
SOURCES = Path(__file__).resolve().parents[2] / "src"
BIRKELUNDE = (PLANS / "birkelunde.toml").read_text(encoding="utf-8")

UNUSABLE = [
    ("[plan]", "[plan", "", "not TOML"),
    ("[plan]", "[plan]\nscore = 1", "plan", "unknown field `score`"),
    ('title = "Plan for tidlig indsats mod ekstremisme"\n', "", "plan", "missing required field `title`"),
    ("adopted = 2026-02-15", 'adopted = "engang"', "plan.adopted", "Invalid RFC3339"),
    ('name = "Infohus Birkelunde"\nestablished', 'name = ""\nestablished', "infohus.name", "length >= 1"),
    ('"rpl-115-1-1"', '"rpl-115-4"', "infohus.cooperation_form", "Invalid enum value"),
    ('kind = "police"', 'kind = "army"', "authority[1].kind", "Invalid enum value"),
    ('kind = "police"\nregime = "led"', 'kind = "municipality"\nregime = "gdpr"', "authority", "exactly one"),
    ('kind = "police"\nregime = "led"', 'kind = "police"\nregime = "gdpr"', "authority[1]", "rule 42"),
    ('id = "midtskovens-politi"', 'id = "Midtskovens Politi"', "authority[1].id", "matching regex"),
    ('id = "midtskovens-politi"', 'id = "birkelunde-kommune"', "authority[1]", "twice"),
    ('id = "skovregionens-psykiatri"', 'id = "kriminalforsorgen"', "possible_participant[2]", "twice"),
    ('authority = "birkelunde-kommune"', 'authority = "nabokommunen"', "possible_participant[0].authority", "no `nabo"),
    ('authority = "birkelunde-kommune"\n', "", "possible_participant[0]", "give its `kind` and `regime`"),
    ('name = "Kriminalforsorgen"', 'name = "???"', "possible_participant[1]", "give it an `id`"),
    ('kind = "probation"\n', 'kind = "probation"\nsolves_public_task = true\n', "possible_participant[1]", "no other"),
    ("solves_public_task = true\n", "", "possible_participant[3]", "solves_public_task"),
    ('public_task_sector = "employment"\n', "", "possible_participant[3]", "public_task_sector"),
    ('"employment"', '"sport"', "possible_participant[3].public_task_sector", "Invalid enum value"),
    ('id = "vagt"', 'id = "infohus"', "contact[1].id", "twice"),
    ('phone = "112"\n', "", "contact[2]", "give an `email` or a `phone`"),
    ('closes = 00:00:00\ndays = "working_days"', 'days = "working_days"', "contact[1]", "together"),
    ("closes = 18:00:00", "closes = 08:00:00", "contact[0].hours[1]", "not after `opens`"),
    ('days = ["thursday"]', "days = []", "contact[0].hours[1]", "no day"),
    ('["thursday"]', '["torsdag"]', "contact[0].hours[1].days[0]", "Invalid enum value"),
    ('stands_in_for = ["vagt"]', 'stands_in_for = ["nobody"]', "contact[0].stands_in_for", "no other"),
    ('stands_in_for = ["vagt"]', 'stands_in_for = ["infohus"]', "contact[0].stands_in_for", "no other"),
    ('label = "Taler om vold som en løsning"\n', "", "concern_sign[0]", "give a `label`"),
    ('label = "Taler om vold som en løsning"\n', 'labels = ["Taler om vold"]\n', "concern_sign[0]", "without an `id`"),
    ('id = "withdraws"', 'id = "violence-as-solution"', "concern_sign[1].id", "twice"),
    ('id = "antistate"', 'id = "anti-state"', "extremism_form[0].id", "matching regex"),
    ('id = "online_forum"', 'id = "online-forum"', "concern_kind[0].id", "matching regex"),
    ('id = "antistate"', 'id = "other"', "extremism_form[1].id", "twice"),
    ('id = "selective"', 'id = "severe"', "prevention_level[0].id", "Invalid enum value"),
    ('every = "P1Y"', 'every = "yearly"', "obligation[0].every", "matching regex"),
]


class WhenAPlanIsRead:
    @pytest.mark.parametrize("name", ["ishoj", "birkelunde"])
    def test_every_plan_of_the_project_is_usable(self, name: str) -> None:
        assert read_plan(PLANS / f"{name}.toml").carrying

    def test_it_names_every_authority_that_can_take_part(self) -> None:
        assert parse_plan(BIRKELUNDE).authorities == (
            _authority("birkelunde-kommune", "Birkelunde Kommune", "municipality", "gdpr", is_named=True),
            _authority("midtskovens-politi", "Midtskovens Politi", "police", "led", is_named=True),
            _authority("kriminalforsorgen", "Kriminalforsorgen", "probation", "led", is_named=False),
            _authority(
                "skovregionens-psykiatri", "Social- og behandlingspsykiatrien", "health_region", "gdpr", is_named=True
            ),
            _authority(
                "vaerkstedet-aahuset", "Værkstedet Åhuset", "self_governing", "gdpr", "employment", is_named=False
            ),
        )

    @pytest.mark.fault("C18")
    def test_the_founding_plan_as_it_was_written_down_is_the_one_that_is_shipped(self) -> None:
        """There the signs stand in lists without ids; which contact answers for which is the same."""
        founding = Path(__file__).resolve().parents[3] / "shared" / "plan" / "ishoj.toml"
        if not founding.is_file():
            pytest.skip("NOT CHECKED: the founding plan is not here")
        theirs, ours = read_plan(founding), read_plan(PLANS / "ishoj.toml")
        assert theirs.contacts == ours.contacts
        assert [(one.group, one.label) for one in theirs.signs] == [(one.group, one.label) for one in ours.signs]
        assert [one.id for one in theirs.signs][:2] == [
            "parat-til-vold-fx-involveret-i-vold-elle", "interesse-for-at-rejse-ud-til-konflikter",
        ]
        assert [one.id for one in theirs.authorities] == [one.id for one in ours.authorities]

    def test_the_plan_of_ishoj_is_whole(self) -> None:
        plan = read_plan(PLANS / "ishoj.toml")
        assert [authority.id for authority in plan.authorities] == [
            "ishoj-kommune", "kbh-vestegns-politi", "kriminalforsorgen", "social-og-behandlingspsykiatrien", "pet",
        ]
        assert [sign.group for sign in plan.signs] == ["individual"] * 10 + ["social"] * 5
        assert len(plan.contacts) == 7
        assert [promise.id for promise in plan.obligations] == [
            "action-cards", "key-staff-briefing", "annual-status", "plan-revision",
        ]

    def test_it_is_the_same_plan_however_the_file_is_laid_out(self) -> None:
        laid_out_otherwise = BIRKELUNDE.replace("# Entirely", "# Ganske").replace("= ", "  =   ")
        assert parse_plan(laid_out_otherwise).digest() == parse_plan(BIRKELUNDE).digest()

    def test_another_word_is_another_plan(self) -> None:
        assert parse_plan(BIRKELUNDE.replace("Skolerne", "Skoler")).digest() != parse_plan(BIRKELUNDE).digest()

    def test_no_municipality_is_written_in_code(self) -> None:
        of_any_municipality = [file for file in SOURCES.rglob("*.py") if "demo" not in file.parts]
        assert of_any_municipality
        for file in of_any_municipality:
            text = file.read_text(encoding="utf-8").lower()
            for word in ("birkelunde", "midtskoven", "straxen", "43 57 75"):
                assert word not in text, f"{file.name}: {word}"


class WhenAPlanIsNotUsable:
    @pytest.mark.parametrize(("found", "put", "place", "what"), UNUSABLE)
    def test_it_is_refused_and_told_where(self, found: str, put: str, place: str, what: str) -> None:
        assert BIRKELUNDE.count(found) >= 1
        with pytest.raises(PlanNotUsable) as refusal:
            parse_plan(BIRKELUNDE.replace(found, put, 1))
        assert refusal.value.place == place
        assert what in refusal.value.what

    @pytest.mark.rule(34)
    @pytest.mark.parametrize("field", ["weight = 3", "count = 10", 'level = "high"', "points = [1, 2]"])
    def test_signs_can_carry_no_number(self, field: str) -> None:
        with pytest.raises(PlanNotUsable) as refusal:
            parse_plan(BIRKELUNDE.replace('group = "individual"', f'group = "individual"\n{field}'))
        assert refusal.value.place == "concern_sign[0]"

    @pytest.mark.parametrize("content", [None, b"\xff\xfe"])
    def test_a_file_that_cannot_be_read_is_named_without_its_folder(
        self, tmp_path: Path, content: bytes | None
    ) -> None:
        file = tmp_path / "plan.toml"
        if content is not None:
            file.write_bytes(content)
        with pytest.raises(PlanNotUsable) as refusal:
            read_plan(file)
        assert str(refusal.value) == "the file plan.toml cannot be read as UTF-8 text"


class WhenAnIdIsMadeOfAName:
    @pytest.mark.parametrize(("name", "slug"), [
        ("PET", "pet"),
        ("Børne- og ungerådgivningen", "boerne-og-ungeraadgivningen"),
        ("  Ærø / Åben Café ", "aeroe-aaben-cafe"),
        ("???", ""),
        ("å" * 40, "aa" * 30),
        ("a" * 59 + " b", "a" * 59),
    ])
    def test_it_is_a_slug(self, name: str, slug: str) -> None:
        assert slug_of(name) == slug


class WhenAContactHasHours:
    @pytest.mark.parametrize(("contact", "moment", "is_open"), [
        # Danish local time is UTC+1 in winter and UTC+2 in summer.
        ("infohus", datetime(2026, 11, 23, 8, 0, tzinfo=UTC), True),
        ("infohus", datetime(2026, 11, 23, 7, 59, tzinfo=UTC), False),
        ("infohus", datetime(2026, 11, 23, 14, 0, tzinfo=UTC), False),
        ("infohus", datetime(2026, 11, 26, 16, 59, tzinfo=UTC), True),
        ("infohus", datetime(2026, 11, 27, 10, 0, tzinfo=UTC), False),
        ("infohus", datetime(2026, 6, 15, 7, 0, tzinfo=UTC), True),
        ("vagt", datetime(2026, 11, 23, 22, 59, tzinfo=UTC), True),
        ("vagt", datetime(2026, 11, 23, 23, 0, tzinfo=UTC), False),
        ("vagt", datetime(2026, 11, 28, 16, 0, tzinfo=UTC), False),
        ("vagt", datetime(2026, 12, 25, 16, 0, tzinfo=UTC), False),
    ])
    def test_it_is_open_by_the_danish_clock_and_calendar(
        self, contact: str, moment: datetime, *, is_open: bool
    ) -> None:
        contacts = {one.id: one for one in parse_plan(BIRKELUNDE).contacts}
        assert any(hours.cover(moment) for hours in contacts[contact].opening_hours()) is is_open

    @pytest.mark.parametrize(("hour_utc", "is_open"), [(6, False), (7, True), (20, True), (21, False)])
    def test_the_hotline_is_open_from_8_to_22_every_day(self, hour_utc: int, *, is_open: bool) -> None:
        hotline = next(one for one in read_plan(PLANS / "ishoj.toml").contacts if one.id == "hotline")
        christmas_day = datetime(2026, 12, 25, hour_utc, tzinfo=UTC)
        assert hotline.opening_hours()[0].cover(christmas_day) is is_open

    def test_hours_name_no_zone_of_their_own(self) -> None:
        with pytest.raises(ValueError, match="Danish local time"):
            Hours(opens=time(8, tzinfo=UTC), closes=time(16), days="daily")


def _authority(
    authority_id: str, name: str, kind: str, regime: str, sector: str | None = None, *, is_named: bool
) -> AuthorityOfPlan:
    return AuthorityOfPlan(
        AuthorityId(authority_id), name, AuthorityKind(kind), Regime(regime), sector, is_named=is_named
    )
