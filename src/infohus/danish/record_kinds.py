"""The Danish words for the kinds of record that a person may be given access to."""

RECORD_KINDS = {
    "concern": "henvendelse",
    "reporter": "den, der har henvendt sig",
    "subject": "person",
    "clearance_check": "politiets tjek",
    "child_notification": "underretning",
    "child_notification_step": "skridt i en underretning",
    "information": "oplysning",
    "note": "notat",
    "custody_release": "løsladelse",
    "exchange": "videregivelse",
    "first_view": "egen vurdering",
    "scope_decision": "afgørelse om, hvor sagen hører til",
    "scope_disagreement": "uenighed om, hvor sagen hører til",
    "screening": "screening",
    "assessment": "vurdering",
    "contribution": "bidrag til en vurdering",
    "recommendation": "anbefaling",
    "measure": "indsats",
    "follow_up": "opfølgning",
    "closure": "afslutning",
}
