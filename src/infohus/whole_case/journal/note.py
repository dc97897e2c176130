"""The journal note in Danish, as Markdown. Pure."""

from collections.abc import Sequence
from datetime import datetime

from infohus.cases.disclosures.model import Consent
from infohus.danish.paragraphs import PARAGRAPHS
from infohus.danish_calendar import danish_time
from infohus.whole_case.journal.model import JournalDecision, JournalExchange

KINDS = {
    "scope_decision": "Fælles vurdering af, om bekymringen hører under infohuset",
    "screening": "Fælles screening", "assessment": "Vurdering (CDIE)",
    "recommendation": "Fælles anbefaling", "closure": "Afslutning",
}
OUTCOMES = {
    "within": "inden for infohuset", "outside": "uden for infohuset", "police_alone": "politiet alene",
    "disagreed": "tovholderne var uenige", "qualify_further": "kvalificeres yderligere", "recommend": "anbefaling",
    "nothing_further": "intet videre", "concluded": "afsluttet", "recommended": "anbefalet", "unfounded": "ubegrundet",
    "completed": "gennemført", "outside_infohus": "hører til uden for infohuset", "handed_over": "overdraget",
}

CONSENT = {
    Consent.GIVEN: "givet", Consent.REFUSED: "nægtet", Consent.SOUGHT: "søgt", Consent.NOT_SOUGHT: "ikke søgt",
}


def note_in_danish(  # noqa: PLR0913 - all by name
    *, case_number: str, reference: str | None, made_at: datetime, decisions: Sequence[JournalDecision],
    exchanges: Sequence[JournalExchange], log_origin: str, log_size: int, log_root: str,
) -> str:
    """Write the note: authorities, times and hashes; no person and no case content."""
    lines = [f"# Journalnotat, infohussag {case_number}", ""]
    if reference is not None:
        lines += [f"Eget journalnummer: {reference}", ""]
    lines += [
        f"Udskrevet {_at(made_at)}. Notatet viser, hvad der er besluttet og videregivet, og beviset for det.",
        "Indholdet ligger i infohussagen.", "", "## Fælles beslutninger", "",
    ]
    for one in decisions:
        signed = ", ".join(f"{each.authority} {_at(each.signed_at)}" for each in one.signatures)
        lines.append(
            f"- {KINDS.get(one.kind, one.kind)}: {OUTCOMES.get(one.outcome, one.outcome)}, {_at(one.decided_at)}. "
            f"Underskrevet af {signed}. Indholdets fingeraftryk: `{one.content_hash}`"
        )
    if not decisions:
        lines.append("Ingen.")
    lines += ["", "## Videregivelser", ""]
    for told in exchanges:
        lines.append(
            f"- {_at(told.exchanged_at)}: {told.discloser} til {', '.join(told.recipients)} efter "
            f"{PARAGRAPHS.get(told.paragraph, told.paragraph)}. {_considered(told)}"
            f"Fingeraftryk: `{told.manifest}`"
        )
    if not exchanges:
        lines.append("Ingen.")
    lines += [
        "", "## Bevis", "",
        f"Loggen {log_origin} havde {log_size} poster, da notatet blev lavet. Dens rod: `{log_root}`",
    ]
    return "\n".join([*lines, ""])


def _considered(told: JournalExchange) -> str:
    declared = "Erklæret ikke at være til efterforskning. " if told.declared_not_for_investigation else ""
    return declared if told.consent is None else f"{declared}Samtykke: {CONSENT[told.consent]}. "


def _at(moment: datetime) -> str:
    return f"{danish_time(moment):%d.%m.%Y kl. %H.%M}"
