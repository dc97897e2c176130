"""What the log's purposes are called, by the codes of `cases/procedure/purposes.py`."""

PURPOSES: dict[str, str] = {
    "access_control": "Login og adgang",
    "administration": "Indlæsning af beredskabsplan og skabelon, udpegning af tovholdere",
    "overview": "Overblik over egne sager og frister",
    "network": "Materiale til infohusets netværk",
    "obligations": "Beredskabsplanens forpligtelser",
    "statistics": "Statistik uden personer",
    "log_retention": "Tømning af gamle logposter efter deres frist",
    "log_notice": "Orientering om, at opslag logges",
    "log_supervision": "Tilsyn med loggen og videregivelserne",
    "lawfulness": "Kontrol af, om behandlingen er lovlig",
    "self_monitoring": "Egenkontrol",
    "integrity_and_security": "Dataintegritet og datasikkerhed",
    "criminal_proceedings": "Straffesag",
    "new_concern": "Søgning efter tidligere henvendelser, før en ny registreres",
    "casework": "Behandling af sagen i infohuset",
    "subject_access": "Anmodning fra den registrerede om indsigt",
    "subject_access_report": "Svar på den registreredes anmodning om udtræk af loggen",
    "intake": "Modtagelse og behandling af en henvendelse",
    "earlier_concerns": "Tidligere henvendelser om samme person",
    "clearance_check": "Politiets tjek af henvendelsen",
    "child_notification": "Underretning om et barn",
    "scope_decision": "Vurdering af, om bekymringen hører under infohuset",
    "screening": "Screening af bekymringen",
    "assessment": "Vurdering af bekymringen",
    "recommendation": "Anbefaling af støtte og tiltag",
    "measure": "Støtte og tiltag",
    "follow_up": "Opfølgning på støtte og tiltag",
    "closure": "Afslutning af sagen",
    "closed_case": "Efterbehandling af en afsluttet sag",
    "own_handling": "Myndighedens egen behandling uden for infohuset",
    "exchange": "Udveksling af oplysninger mellem myndigheder",
    "danger": "Fare, som politiet eller kommunen skal kende",
    "participation": "Hvem der deltager i sagen",
    "journal": "Notater og journalisering",
    "data_subject_rights": "Den registreredes rettigheder",
    "archive_and_erasure": "Arkiv og sletning",
}
OF_CONTENT_ON_REQUEST = "Databeskyttelsesrådgiverens læsning af, hvad der står i sagen, for at føre tilsyn"
"""What a letter says of a DPO who read a record's content, whichever of the four purposes that had."""
OF_CONTENT_BY_ANOTHER = "Læsning af, hvad der står i sagen, som kun databeskyttelsesrådgiveren må anmode om"
"""What a letter says of anybody else who tried to."""
