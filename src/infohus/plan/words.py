"""The Danish words for the parts, fields and values of a plan, used where two plans are compared."""

PLAN_PARTS = {
    "plan": "Planen",
    "infohus": "Infohuset",
    "authority": "Myndigheden",
    "possible_participant": "Den mulige deltager",
    "contact": "Kontakten",
    "concern_sign": "Bekymringstegnet",
    "extremism_form": "Formen",
    "prevention_level": "Niveauet",
    "obligation": "Forpligtelsen",
    "briefing_audience": "Målgruppen",
}
"""The parts of a plan file that are compared, in its order; `concern_kind` is not among them."""
PLAN_FIELDS = {
    "title": "titlen", "adopted": "vedtagelsesdatoen", "legal_basis": "hjemlen",
    "political_responsibility": "det politiske ansvar", "revision_owner": "den, der reviderer",
    "coordination": "koordineringen", "next_revision_year": "næste revisionsår", "name": "navnet",
    "cooperation_form": "samarbejdsformen", "established": "etableringen",
    "exchange_guidance": "vejledningen om videregivelse", "assessment_tool": "vurderingsværktøjet", "id": "id'et",
    "kind": "slagsen", "regime": "lovgrundlaget", "cvr": "CVR-nummeret", "coordinator_title": "tovholderens titel",
    "authority": "myndigheden", "public_task_sector": "sektoren", "solves_public_task": "offentlig opgave",
    "for": "målgruppen", "email": "mailadressen", "phone": "telefonnummeret", "purpose": "formålet",
    "opens": "åbningstiden", "closes": "lukketiden", "days": "dagene", "hours": "tiderne", "group": "gruppen",
    "label": "ordlyden", "target": "målgruppen", "carried_out_by": "de udførende", "text": "ordlyden",
    "owner": "ejeren", "every": "hyppigheden", "also": "tilføjelsen", "due_year": "fristens år",
    "centre": "centret", "who": "kredsen",
}
PLAN_VALUES = {
    "P1Y": "hvert år", "P2Y": "hvert andet år", "daily": "hver dag", "working_days": "hverdage",
    "individual": "hos den enkelte", "social": "i det sociale", "gdpr": "databeskyttelsesforordningen",
    "led": "retshåndhævelsesloven", "pet": "PET-loven",
}
