"""The journal note in Danish, as Markdown. Pure."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from infohus.cases.disclosures.model import Consent
from infohus.danish.paragraphs import PARAGRAPHS
from infohus.danish_calendar import danish_time
from infohus.whole_case.journal.model import JournalDecision, JournalExchange, JournalNote

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


def note_in_danish(
    head: JournalNote, *, decisions: Iterable[JournalDecision], exchanges: Iterable[JournalExchange],
) -> Iterator[str]:
    """Write the note, piece by piece: authorities, times and hashes; no person and no case content."""
    lines = [f"# Journalnotat, infohussag {head.case_number}", ""]
    if head.reference is not None:
        lines += [f"Eget journalnummer: {head.reference}", ""]
    lines += [
        f"Udskrevet {_at(head.made_at)}. Notatet viser, hvad der er besluttet og videregivet, og beviset for det.",
        "Indholdet ligger i infohussagen.", "", "## Fælles beslutninger", "", "",
    ]
    yield "\n".join(lines)
    yield from _or_none(_decided(one) for one in decisions)
    yield "\n## Videregivelser\n\n"
    yield from _or_none(_exchanged(one) for one in exchanges)
    yield "\n".join([
        "", "## Bevis", "",
        f"Loggen {head.log_origin} havde {head.log_size} poster, da notatet blev lavet. Dens rod: `{head.log_root}`",
        "",
    ])


def _or_none(lines: Iterator[str]) -> Iterator[str]:
    yield next(lines, "Ingen.\n")
    yield from lines


def _decided(one: JournalDecision) -> str:
    signed = ", ".join(f"{each.authority} {_at(each.signed_at)}" for each in one.signatures)
    return (
        f"- {KINDS.get(one.kind, one.kind)}: {OUTCOMES.get(one.outcome, one.outcome)}, {_at(one.decided_at)}. "
        f"Underskrevet af {signed}. Indholdets fingeraftryk: `{one.content_hash}`\n"
    )


def _exchanged(told: JournalExchange) -> str:
    return (
        f"- {_at(told.exchanged_at)}: {told.discloser} til {', '.join(told.recipients)} efter "
        f"{PARAGRAPHS.get(told.paragraph, told.paragraph)}. {_considered(told)}{_became(told)}"
        f"Fingeraftryk: `{told.manifest}`\n"
    )


def _became(told: JournalExchange) -> str:
    withdrawn = f"Tilbagekaldt fra {', '.join(told.withdrawn_from)}. " if told.withdrawn_from else ""
    return f"{withdrawn}Rettet senere. " if told.is_corrected else withdrawn


def _considered(told: JournalExchange) -> str:
    declared = "Erklæret ikke at være til efterforskning. " if told.declared_not_for_investigation else ""
    return declared if told.consent is None else f"{declared}Samtykke: {CONSENT[told.consent]}. "


def _at(moment: datetime) -> str:
    return f"{danish_time(moment):%d.%m.%Y kl. %H.%M}"
