"""The main job, played over HTTP by the two tovholdere, an adviser and the DPO. Everybody in it is invented.

Each step checks its outcome: a wrong one stops the story, with the name of the step.
"""

from datetime import timedelta
from pathlib import Path

from infohus.clock import now
from infohus.danish_calendar import danish_day
from infohus.demo.other_cases import tell_other_cases
from infohus.demo.people import DEMO_PEOPLE, ISHOJ
from infohus.demo.playing import Play, ago, paragraph_of
from infohus.demo.review import review_the_log


class Story(Play):
    """The steps in order."""

    def play(self, log_folder: Path) -> None:
        """Play all steps; `log_folder` is where the exported log goes."""
        self.teller.title(f"Fra telefonopkald til kontrolleret log: {self.infohus['name']}")
        self.teller.say("Alle personer er opdigtede.")
        others = ", ".join(one["name"] for one in self.infohuse if one is not self.infohus)
        self.teller.say(f"Samme installation rummer også: {others}.")
        self.teller.say("Hvert infohus har sine egne sager, og hver myndighed sin egen log og sine egne nøgler.")
        concern_id, subject_id = self.step_1_phone_call()
        self.step_2_clearance(concern_id, subject_id)
        self.step_3_scope()
        held = self.step_4_what_each_holds()
        self.step_5_screening()
        self.step_6_assessment()
        self.step_7_measure()
        self.step_8_never_for_investigation()
        self.step_9_closure()
        tell_other_cases(self)
        review_the_log(self, log_folder, hidden=held, subject=subject_id)

    # --- the steps --------------------------------------------------------------------------------------------------
    def step_1_phone_call(self) -> tuple[str, str]:
        """A teacher phones about a man of 22."""
        tell = self.teller
        tell.begin("1. En lærer ringer om en mand på 22")
        plan = self.kommune.get(f"/infohuse/{self.infohus['id']}")["plan"]
        sign = plan["concern_signs"][5]
        recorded = self.kommune.post(f"/infohuse/{self.infohus['id']}/concerns", {
            "channel": "phone", "received_at": ago(minutes=40), "reporter_kind": "professional",
            "reporter": {"name": "Lærer Bodil Vestergren", "contact": "skolens hovednummer"},
            "observation": "Han har tre gange denne måned vist klassen videoer, hvor vold mod »de andre« hyldes.",
            "interpretation": "Jeg tror, han er ved at finde sig en gruppe.",
            "signs": [sign["id"]], "extremism_weight": "one_of_several", "extremism_form": "right",
            "told_reporter": "At infohuset ser på det sammen med politiet, og at hun kan ringe igen.",
            "subjects": [{"name": "Malte Østerskov", "birth_date": "2004-03-14"}],
        })
        self.case = f"/cases/{recorded['case_id']}"
        concern = self.kommune.get(f"{self.case}/concerns/{recorded['id']}")
        tell.say(f"{self.kommune.who} skriver ned, mens læreren taler. Sagen får nummer {recorded['number']}.")
        tell.shown(f"Set: {concern['observation']}")
        tell.shown(f"Tolket: {concern['interpretation']}")
        tell.say(f"Tegn som hjælp, ikke som tjekliste: {sign['label']}.")
        tell.say("Navnet på den, der ringede, ligger for sig selv bag egen tilladelse; det står ikke i henvendelsen.")
        tell.expect("Vestergren" not in str(concern), "navnet på den, der ringede, stod i den almindelige visning")
        tell.expect(concern["told_reporter"], "det fremgik ikke, hvad den, der har henvendt sig, fik at vide")
        self.politi.get(f"{self.case}/concerns/{recorded['id']}", status=404)
        tell.say(f"{self.politi.first_name} hos politiet kan se, at der er en sag, men ikke et ord af den.")
        return recorded["id"], concern["subjects"][0]["id"]

    def step_2_clearance(self, concern_id: str, subject_id: str) -> None:
        """The police check whether anything hinders infohus handling."""
        tell = self.teller
        tell.begin("2. Politiet tjekker, om noget hindrer behandling")
        exchange = self.kommune.post(f"{self.case}/exchanges", {
            **self.disclosure_from(self.kommune, "clearance_check"),
            "items": [{"kind": "concern", "id": concern_id}, {"kind": "subject", "id": subject_id}],
        })
        tell.say(f"Kommunen videregiver henvendelsen ({paragraph_of(exchange)}); først nu kan politiet læse den.")
        self.politi.get(f"{self.case}/concerns/{concern_id}")
        self.politi.post(f"{self.case}/clearance-checks", {
            "outcome": "nothing_hinders", "note": "Ingen verserende sag. Ikke akut.",
        })
        tell.say(f"{self.politi.who} registrerer: intet hindrer behandling i infohuset.")
        self.expect_stage("cleared")

    def step_3_scope(self) -> None:
        """Both decide that it is infohus work, and draw an adviser in."""
        tell = self.teller
        tell.begin("3. De to tovholdere afgrænser sammen")
        proposal = self.propose("scope-decisions", "within", {
            "reasons": "Ekstremisme er én af flere tråde; tidlig støtte kan vende det.",
        }, "scope_decision")
        tell.say("Kommunens forslag viser politiet noget, så det er selv en videregivelse og står som en.")
        tell.say(f"Politiet underskriver præcis samme indhold (hash {proposal['content_hash'][:12]}…).")
        self.expect_stage("accepted")
        until = (now() + timedelta(days=60)).isoformat()
        self.kommune.post(f"{self.case}/participants", {
            "person_id": str(DEMO_PEOPLE["raadgiver"].person_id), "authority_id": ISHOJ, "ends_at": until,
            "reason": "Kender ham fra ungdomsklubben.", "scope": ["information", "assessment"],
        })
        self.raadgiver.get(self.case)
        tell.say(f"{self.raadgiver.who} inddrages med grund, omfang og slutdato; adgangen ophører af sig selv.")

    def step_4_what_each_holds(self) -> str:
        """Each notes what it holds; what is disclosed becomes readable. Gives the id of an item that stays hidden."""
        tell = self.teller
        tell.begin("4. Hvad hver myndighed allerede ved")
        texts = {
            self.kommune: ("Han stoppede i praktik i august.", "Storesøsteren er tæt på ham.", "Gæld til en bekendt."),
            self.politi: ("Set to gange med en kendt gruppe.", "Anholdt for hærværk i 2023."),
        }
        held = {
            actor: [
                actor.post(f"{self.case}/information", {"text": text, "source": "egne notater"})["id"] for text in notes
            ]
            for actor, notes in texts.items()
        }
        for actor, other in ((self.kommune, self.politi), (self.politi, self.kommune)):
            mine = actor.get(f"{self.case}/information")["items"]
            tell.expect(len(mine) == len(held[actor]), f"{actor.who} så andet end sit eget")
            other.get(f"{self.case}/information/{held[actor][0]}", status=404)
        tell.say("Kommunen noterer tre oplysninger, politiet to. Ingen ser den andens.")
        given = self.disclose(self.kommune, held[self.kommune][:2])
        taken = self.disclose(self.politi, held[self.politi][:1])
        self.exchange_id = given["id"]
        tell.say(f"Kommunen videregiver to ({paragraph_of(given)}), politiet én ({paragraph_of(taken)}).")
        for actor, own, received in ((self.kommune, 3, 1), (self.politi, 2, 2)):
            seen = actor.get(f"{self.case}/information")["items"]
            tell.expect(len(seen) == own + received, f"{actor.who} så {len(seen)} oplysninger")
        tell.say("Nu ses præcis de tre på den anden side.")
        hidden: str = held[self.kommune][2]
        refused = self.politi.get(f"{self.case}/information/{hidden}", status=404)
        unknown = self.politi.get(f"{self.case}/information/{self.infohus['id']}", status=404)
        tell.expect(
            {**refused, "correlation_id": ""} == {**unknown, "correlation_id": ""},
            "det skjulte svarede anderledes end det, der ikke findes",
        )
        tell.say("Politiet beder om den tredje og får samme svar som for noget, der ikke findes:")
        tell.shown(refused["title"])
        return hidden

    def step_5_screening(self) -> None:
        """Joint screening ends in "qualify further"."""
        self.teller.begin("5. Fælles screening på eksisterende oplysninger")
        self.propose("screenings", "qualify_further", {
            "considered": "De tre videregivne oplysninger og lærerens iagttagelse.",
            "reasons": "Billedet peger begge veje: nye bekendtskaber, men også en søster, der holder fast.",
        }, "screening")
        self.expect_stage("qualifying")
        self.teller.say("Begge underskriver: bekymringen skal kvalificeres yderligere.")

    def step_6_assessment(self) -> None:
        """The tool: three steps, nine dimensions, no number anywhere."""
        tell = self.teller
        tell.begin("6. Vurderingsværktøjet: ni dimensioner, ingen tal")
        opened = self.kommune.post(f"{self.case}/assessments", {
            "users_are_trained": True, "disclosure": self.disclosure_from(self.kommune, "assessment"),
        })
        path = f"{self.case}/assessments/{opened['decision']['id']}"
        sides: dict[str, list[str]] = {"risk_and_threat": [], "wellbeing_and_resilience": []}
        for dimension in opened["template"]["dimension"]:
            sides[dimension["side"]].append(dimension["id"])
        described = {
            "socialisation_and_relationships": "Følges med ældre fra gruppen på stationen.",
            "criminal_history": "Ét forhold om hærværk, afgjort.",
            "family": "Søsteren ringer hver søndag.",
            "education_and_employment": "Vil gerne tilbage i lære.",
        }
        shown = opened
        for actor, side in ((self.politi, "risk_and_threat"), (self.kommune, "wellbeing_and_resilience")):
            contributions = [
                {
                    "dimension": dimension, "answer": "described" if dimension in described else "unknown",
                    "text": described.get(dimension), "source": "egne oplysninger", "dated_on": str(danish_day(now())),
                    "is_first_hand": False, "origin": "already_held",
                }
                for dimension in sides[side]
            ]
            shown = actor.post(f"{path}/contributions", {
                "contributions": contributions, "disclosure": self.disclosure_from(actor, "assessment"),
            })
        tell.expect(len(shown["contributions"]["items"]) == 9, "der var ikke et bidrag til hver dimension")  # noqa: PLR2004
        tell.say("Politiet bidrager om risiko, kommunen om trivsel og modstandskraft; »ukendt« er et svar.")
        concluded = self.kommune.ask("PUT", f"{path}/conclusion", status=200, If_Match='"1"', body={
            "content": {
                "problems": "Nye bekendtskaber og tomme dage.", "resources": "Søsteren og lysten til at komme i lære.",
                "overall_assessment": "Han kan hjælpes væk, hvis dagene fyldes.",
                "dimensions_to_work_on": ["education_and_employment", "family"],
            },
            "disclosure": self.disclosure_from(self.kommune, "assessment"),
        })
        signature = {"content_hash": concluded["decision"]["content_hash"]}
        finished = self.politi.post(f"{path}/signatures", signature)
        tell.expect(finished["decision"]["decided_at"], "vurderingen blev ikke færdig")
        tell.say("Problemer og ressourcer er beskrevet; begge underskriver. Intet er talt sammen.")
        self.expect_stage("recommending")

    def step_7_measure(self) -> None:
        """A recommendation and one measure with a follow-up."""
        tell = self.teller
        tell.begin("7. Anbefaling, indsats og opfølgning")
        self.propose("recommendations", "recommended", {
            "recommendation": "En mentor, der hjælper ham tilbage i lære.", "reasons": "Det er dér, han selv vil hen.",
        }, "recommendation")
        self.expect_stage("acting")
        follow_up_on = str(danish_day(now() + timedelta(days=30)))
        measure = self.kommune.post(f"{self.case}/measures", {
            "level": "selective", "kind": "course", "responsible_authority": ISHOJ,
            "description": "Mentor to gange om ugen i tolv uger.", "starts_on": str(danish_day(now())),
            "follow_up_on": follow_up_on, "disclosure": self.disclosure_from(self.kommune, "measure"),
        })
        tell.say(f"Foregribende indsats; ansvarlig: Ishøj Kommune alene; opfølgning {follow_up_on}.")
        followed = self.kommune.post(f"{self.case}/measures/{measure['id']}/follow-ups", {
            "text": "Begyndt hos tømreren. Møder til tiden.", "outcome": "goal_reached",
        })
        tell.expect(followed["ended_at"], "indsatsen sluttede ikke")
        tell.say("Opfølgning: begyndt hos tømreren, møder til tiden. Indsatsen afsluttes.")

    def step_8_never_for_investigation(self) -> None:
        """An exchange for a criminal investigation is refused; that the refusal is logged is seen in `review.py`."""
        tell = self.teller
        tell.begin("8. »Til efterforskningen« afvises")
        refused = self.kommune.post(f"{self.case}/exchanges", {
            **self.disclosure_from(self.kommune, "screening"), "summary": "Navne til efterforskningen.",
            "for_criminal_investigation": True,
        }, status=422)
        tell.expect(refused["type"] == "/problems/exchange-for-investigation", refused["type"])
        tell.shown(f"{refused['title']}. {refused['detail']}")

    def step_9_closure(self) -> None:
        """Both close the case; the time until erasure runs for each authority."""
        tell = self.teller
        tell.begin("9. Sagen lukkes af begge")
        self.propose("closures", "completed", {"reasons": "Han er i lære, og bekendtskaberne er ophørt."}, "closure")
        self.expect_stage("closed")
        for kept in (*self.kommune.get(f"{self.case}/retention"), *self.politi.get(f"{self.case}/retention")):
            tell.say(f"Slettefristen løber for {kept['authority_id']}: {kept['erase_after']} ({kept['source']}).")
