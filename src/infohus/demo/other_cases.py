"""The story's other cases, a few lines each, every one with another ending."""

from datetime import date, datetime
from typing import Any

from dateutil.relativedelta import relativedelta

from infohus.clock import now
from infohus.danish_calendar import danish_day, danish_time
from infohus.demo.people import ISHOJ, VESTEGNEN
from infohus.demo.playing import Play, ago


def tell_other_cases(play: Play) -> None:
    """Play them all."""
    a_girl_of_16(play)
    anonymous_and_unfounded(play)
    three_brothers(play)
    handled_by_the_police_alone(play)
    hindered(play)
    not_agreed_upon(play)
    outside_the_infohus(play)


def concern(**more: Any) -> dict[str, Any]:
    """Give the body of a concern, with `more` on top of what all of them share."""
    return {
        "channel": "phone", "received_at": ago(hours=2), "reporter_kind": "professional",
        "told_reporter": "At infohuset ser på det.", "subjects": [], **more,
    }


def a_girl_of_16(play: Play) -> None:
    """Under 18: two deadlines, and screening waits; a recommendation, and closed as handed over."""
    tell = play.teller
    tell.begin("Imens: en pige på 16")
    born = str(danish_day(now()) - relativedelta(years=16, days=40))
    case, recorded = play.another_case(concern(
        channel="mail", observation="Hun skriver stile om at rejse ud og kæmpe.",
        subjects=[{"name": "Freja Sandbjerg", "birth_date": born}],
    ))
    task = recorded["child_notifications"][0]
    assess_by = f"{danish_time(datetime.fromisoformat(task['assess_by'])):%d.%m.%Y kl. %H.%M}"
    receipt_by = f"{date.fromisoformat(task['receipt_by']):%d.%m.%Y}"
    tell.say(f"Underretningen får to ure: vurderet inden {assess_by}, bekræftelse senest {receipt_by}.")
    play.clear_and_accept(case, recorded["id"])
    content = {"considered": "Stilene.", "reasons": "Hun har brug for en voksen."}
    draft = {"outcome": "recommend", "content": content, "disclosure": play.disclosure_from(play.kommune, "screening")}
    waiting = play.kommune.post(f"{case}/screenings", draft, status=409)
    tell.shown(f"{waiting['title']}. {waiting['detail']}")
    play.kommune.post(f"{case}/child-notifications/{task['id']}/hand-over", {
        "handed_over_at": ago(minutes=5), "handed_over_to": "StraXen",
    }, status=200)
    for clock, stopped in (
        ("assessment", {"assessed_at": ago(minutes=1)}), ("receipt", {"receipt_given_on": str(danish_day(now()))}),
    ):
        play.kommune.post(f"{case}/child-notifications/{task['id']}/{clock}", stopped, status=200)
    play.propose("screenings", "recommend", content, "screening", case=case)
    tell.say("Underretningen er afleveret til StraXen; nu kan der screenes, og det bliver til en anbefaling.")
    play.propose("recommendations", "recommended", {
        "recommendation": "En fast voksen på skolen.", "reasons": "StraXen er i gang med familien.",
    }, "recommendation", case=case)
    reasons = {"reasons": "Familieafdelingen har den videre kontakt."}
    play.propose("closures", "handed_over", reasons, "closure", case=case)
    tell.say("Sagen lukkes som overdraget.")


def anonymous_and_unfounded(play: Play) -> None:
    """An anonymous call that is closed as unfounded."""
    tell = play.teller
    tell.begin("Imens: et anonymt opkald til hotlinen, der viser sig ubegrundet")
    case, recorded = play.another_case(concern(
        channel="hotline", reporter_kind="citizen", reporter_is_anonymous=True,
        observation="Naboens søn har fået skæg og nye venner.",
        told_reporter="At vi ser på det, og at opkaldet er anonymt.",
    ))
    tell.expect(recorded["reporter_id"] is None, "den, der er anonym, havde et sted at stå")
    show_the_police(play, case, recorded)
    play.politi.post(f"{case}/clearance-checks", {"outcome": "nothing_hinders"})
    reasons = {"reasons": "Intet tyder på andet end en ung mand med nye venner."}
    play.propose("scope-decisions", "outside", reasons, "scope_decision", case=case)
    play.propose("closures", "unfounded", reasons, "closure", case=case)
    kept = play.kommune.get(f"{case}/retention")
    tell.say(f"Lukket som ubegrundet af begge. Den korteste frist gælder: {kept[0]['erase_after']}.")


def three_brothers(play: Play) -> None:
    """One concern about three persons; the police decline a request, and a correction reaches its recipient."""
    tell = play.teller
    tell.begin("Imens: tre brødre, en afslået anmodning og en rettelse")
    case, recorded = play.another_case(concern(
        observation="De tre brødre deler den samme kanal.",
        subjects=[
            {"name": f"{name} Holmstrup", "birth_date": f"{year}-04-12"}
            for name, year in (("Aksel", 2001), ("Bertil", 2003), ("Carl", 2005))
        ],
    ))
    tell.expect(len(recorded["subjects"]) == 3, "der var ikke tre personer")  # noqa: PLR2004
    play.clear_and_accept(case, recorded["id"])
    asked = play.kommune.post(f"{case}/information-requests", {
        "question": "Har I mødt dem?", "disclosure": play.disclosure_from(play.kommune, "screening"),
        "about": [one["id"] for one in recorded["subjects"]],
    })
    declined = play.politi.post(f"{case}/information-requests/{asked['id']}/answer", {"answer": "declined"}, status=200)
    tell.say("Kommunen spørger politiet, som siger nej. Ingen skal begrunde et nej (§ 115, stk. 4).")
    tell.expect(declined["answer"] == "declined", "afslaget blev ikke registreret")
    oral = play.politi.post(f"{case}/oral-exchanges", {
        "said": "Aksel blev set på stationen.", "channel": "phone", "categories": ["purely_private"],
        "necessity": "Uden det kan bekymringen ikke vurderes.", "proportionality": "Kun det, der er set.",
        "subsidiarity": "Det kan ikke siges uden navn.", "consent": "not_sought",
        "consent_reason": "De er ikke talt med endnu.", "for_criminal_investigation": False,
    })
    play.kommune.post(
        f"{case}/exchanges/{oral['id']}/receipts", {"manifest": oral["manifest"]}, status=200
    )
    corrected = play.politi.post(f"{case}/exchanges/{oral['id']}/corrections", {
        **play.disclosure_from(play.politi, "screening"), "recipients": [], "summary": "Det var Bertil, ikke Aksel.",
    })
    tell.expect(corrected["recipients"] == [ISHOJ], "rettelsen nåede ikke modtageren")
    tell.say("Politiet siger noget i telefonen (seks felter), og kommunen kvitterer.")
    blockers = [blocker["code"] for blocker in play.kommune.get(f"{case}/closing")["blockers"]]
    tell.expect(blockers == ["correction-not-confirmed"], "rettelsen hindrer ikke afslutning")
    play.kommune.post(
        f"{case}/exchanges/{corrected['id']}/receipts", {"manifest": corrected["manifest"]}, status=200
    )
    tell.say("Rettelsen bagefter når enhver, der fik det forkerte, og sagen kan først lukkes, når den er kvitteret.")
    play.propose("closures", "completed", {"reasons": "Brødrene er i god kontakt med klubben."}, "closure", case=case)


def handled_by_the_police_alone(play: Play) -> None:
    """Both decide that the police handle it alone; the municipality sees nothing new."""
    tell = play.teller
    tell.begin("Imens: en sag, politiet tager alene")
    case, recorded = play.another_case(concern(observation="Han har købt kemikalier på nettet.", is_acute=True))
    show_the_police(play, case, recorded)
    play.politi.post(f"{case}/clearance-checks", {"outcome": "nothing_hinders"})
    play.propose("scope-decisions", "police_alone", {"reasons": "Det er politiets."}, "scope_decision", case=case)
    stage = play.kommune.get(case)["case"]["stage"]
    tell.expect(stage == "police_alone", f"sagen stod på {stage}")
    tell.say("Kommunen kan se, at og hvornår politiet overtog; intet nyt derefter.")


def hindered(play: Play) -> None:
    """The police check hinders; each authority's own duties remain."""
    tell = play.teller
    tell.begin("Imens: tjekket hindrer behandling")
    case, recorded = play.another_case(concern(observation="Han omtaler en verserende sag."))
    show_the_police(play, case, recorded)
    play.politi.post(f"{case}/clearance-checks", {"outcome": "hindered", "note": "Verserende sag."})
    play.kommune.post(f"{case}/scope-decisions", {
        "outcome": "within", "content": {"reasons": "Vi prøver."},
        "disclosure": play.disclosure_from(play.kommune, "scope_decision"),
    }, status=409)
    tell.say("Infohuset behandler ikke sagen; hver myndighed har sine egne pligter.")


def not_agreed_upon(play: Play) -> None:
    """The two see it differently: not taken in, and both reasons stand."""
    tell = play.teller
    tell.begin("Imens: de to er uenige")
    case, recorded = play.another_case(concern(observation="Han deler vittigheder om vold."))
    show_the_police(play, case, recorded)
    play.politi.post(f"{case}/clearance-checks", {"outcome": "nothing_hinders"})
    proposal = play.kommune.post(f"{case}/scope-decisions", {
        "outcome": "within", "content": {"reasons": "Tonen er ny."},
        "disclosure": play.disclosure_from(play.kommune, "scope_decision"),
    })
    play.politi.post(f"{case}/scope-decisions/{proposal['id']}/disagreement", {
        "reason": "Det er dårlig humor.", "disclosure": {
            **play.disclosure_from(play.politi, "scope_decision"), "recipients": [ISHOJ],
        },
    })
    stage = play.kommune.get(case)["case"]["stage"]
    tell.expect(stage == "not_taken_in", f"sagen stod på {stage}")
    tell.say("Bekymringen behandles ikke i infohuset, og begges begrundelser står.")


def outside_the_infohus(play: Play) -> None:
    """Both agree that it belongs elsewhere, and close it as such."""
    tell = play.teller
    tell.begin("Imens: en bekymring, der hører til et andet sted")
    case, recorded = play.another_case(concern(observation="Han er meget alene og spiller hele natten."))
    show_the_police(play, case, recorded)
    play.politi.post(f"{case}/clearance-checks", {"outcome": "nothing_hinders"})
    play.propose("scope-decisions", "outside", {"reasons": "Det er trivsel."}, "scope_decision", case=case)
    play.propose("closures", "outside_infohus", {"reasons": "Ungdomsskolen tager over."}, "closure", case=case)
    tell.say("Begge er enige: det er trivsel. Lukket som uden for infohuset.")


def show_the_police(play: Play, case: str, recorded: dict[str, Any]) -> None:
    """Let the police read the concern, for the check."""
    play.kommune.post(f"{case}/exchanges", {
        **play.disclosure_from(play.kommune, "clearance_check"), "recipients": [VESTEGNEN],
        "items": [{"kind": "concern", "id": recorded["id"]}],
    })
