"""What several steps of the story share: the actors, and the acts they repeat."""

from datetime import datetime, timedelta
from typing import Any

from infohus.clock import now
from infohus.demo.issuer import DemoIssuers
from infohus.demo.people import ISHOJ, VESTEGNEN
from infohus.demo.telling import Actor, Teller

NECESSITY = {
    "clearance_check": "Politiet skal kende henvendelsen for at kunne tjekke, om noget hindrer behandling.",
    "scope_decision": "De to tovholdere skal sammen vurdere, om bekymringen hører til i infohuset.",
    "screening": "Uden de to myndigheders viden samlet kan bekymringen ikke vurderes.",
    "assessment": "Vurderingen kræver, at begge ser bidragene.",
    "recommendation": "Anbefalingen gives i fællesskab.",
    "measure": "Den, der følger op, skal kende indsatsen.",
    "closure": "Begge skal tage stilling til, om sagen kan lukkes.",
}


class Play:
    """The actors and the case they work on."""

    def __init__(self, *, teller: Teller, issuers: DemoIssuers, address: str) -> None:
        """Sign everybody in."""
        self.teller = teller
        self.kommune, self.politi, self.raadgiver, self.dpo, self.politi_dpo = (
            Actor.signed_in(name, teller=teller, issuers=issuers, address=address)
            for name in ("kommune", "politi", "raadgiver", "dpo", "politi-dpo")
        )
        self.infohuse: list[dict[str, Any]] = self.kommune.get("/infohuse")["items"]
        self.infohus = next(infohus for infohus in self.infohuse if infohus["municipality"] == ISHOJ)
        self.case = ""
        self.exchange_id = ""

    def disclosure_from(self, actor: Actor, purpose: str) -> dict[str, Any]:
        """Give the § 115 fields of a disclosure from `actor` to the other authority."""
        recipient = VESTEGNEN if actor is self.kommune else ISHOJ
        return {
            "recipients": [recipient], "purpose": purpose, "categories": ["purely_private"],
            "necessity": NECESSITY[purpose], "proportionality": "Der videregives ikke mere, end formålet kræver.",
            "subsidiarity": "Uden personoplysninger kan sagen ikke behandles.", "consent": "not_sought",
            "consent_reason": "Han ved endnu ikke, at nogen er bekymret.", "for_criminal_investigation": False,
        }

    def disclose(self, actor: Actor, items: list[str]) -> Any:  # noqa: ANN401
        """Disclose items to the other authority."""
        return actor.post(f"{self.case}/exchanges", {
            **self.disclosure_from(actor, "screening"),
            "items": [{"kind": "information", "id": item} for item in items],
        })

    def propose(
        self, path: str, outcome: str, content: dict[str, Any], purpose: str, *, case: str | None = None
    ) -> dict[str, Any]:
        """Let the municipality propose and the police sign the same content."""
        case = case or self.case
        proposal: dict[str, Any] = self.kommune.post(f"{case}/{path}", {
            "outcome": outcome, "content": content, "disclosure": self.disclosure_from(self.kommune, purpose),
        })
        seen = self.politi.get(f"{case}/{path}/{proposal['id']}")
        self.teller.expect(seen["content_hash"] == proposal["content_hash"], "politiet så et andet indhold")
        made = self.politi.post(f"{case}/{path}/{proposal['id']}/signatures", {"content_hash": seen["content_hash"]})
        self.teller.expect(made["decided_at"], "to underskrifter gav ingen beslutning")
        return proposal

    def expect_stage(self, stage: str) -> None:
        """Require that the case is at `stage`."""
        actual = self.kommune.get(self.case)["case"]["stage"]
        self.teller.expect(actual == stage, f"sagen stod på {actual} i stedet for {stage}")

    def another_case(self, draft: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """Record another concern; give the path of its case, and the concern."""
        recorded = self.kommune.post(f"/infohuse/{self.infohus['id']}/concerns", draft)
        case = f"/cases/{recorded['case_id']}"
        return case, self.kommune.get(f"{case}/concerns/{recorded['id']}")

    def clear_and_accept(self, case: str, concern_id: str) -> None:
        """Disclose the concern, check it, and let both accept the case."""
        self.kommune.post(f"{case}/exchanges", {
            **self.disclosure_from(self.kommune, "clearance_check"), "items": [{"kind": "concern", "id": concern_id}],
        })
        self.politi.post(f"{case}/clearance-checks", {"outcome": "nothing_hinders"})
        self.propose("scope-decisions", "within", {"reasons": "Det hører til her."}, "scope_decision", case=case)


def ago(**units: int) -> str:
    """Write the moment some minutes or hours ago, as ISO 8601."""
    moment: datetime = now() - timedelta(**units)
    return moment.isoformat()


def paragraph_of(exchange: dict[str, Any]) -> str:
    """Write the provision of an exchange as lawyers do."""
    return f"retsplejeloven § 115, stk. {exchange['paragraph'].removeprefix('rpl-115-')}"
