"""The Danish words that the API answers with: for each refusal a title and what to do, stages, warnings, kinds.

A test checks that every refusal has words. The names of the acts are in `acts.py`; the application does not start
while an act has none.
"""

from infohus.danish.access import ACCESS, NOT_AVAILABLE_IN_BODY, roles_in_words
from infohus.danish.bounds import BOUNDS
from infohus.danish.children import AGE_WARNINGS, CHILDREN
from infohus.danish.cpr_numbers import CPR_NUMBERS, CPR_WARNINGS
from infohus.danish.log_reading import LOG_READING
from infohus.danish.paragraphs import PARAGRAPHS
from infohus.danish.requests import NOT_UNDERSTOOD, PLACES, REQUESTS
from infohus.errors import NotAvailable, Refused, RequestNotUnderstood

WORDS: dict[str, tuple[str, str]] = {
    **REQUESTS,
    **LOG_READING,
    **BOUNDS,
    **ACCESS,
    **CHILDREN,
    **CPR_NUMBERS,
    "no-such-address": ("Adressen findes ikke", "Se listen over adresser på /docs."),
    "method-not-allowed": ("Det kan man ikke her", "Se på /docs, hvad adressen kan bruges til."),
    "idempotency-key-reused": (
        "Nøglen er brugt til noget andet",
        "Brug en ny Idempotency-Key til en ny handling. Intet er gemt.",
    ),
    "request-under-way": ("Handlingen er allerede i gang", "Vent et øjeblik, og se, om den er gennemført."),
    "report-not-on-one-person": (
        "Hvem handler udtrækket om?", "Angiv enten CPR-nummeret eller personen i sagen, og ikke begge dele."
    ),
    "own-entry-reviewed": (
        "Du kan ikke kontrollere dig selv",
        "Bed myndighedens jurist eller en anden databeskyttelsesrådgiver om at se på posten; de må begge.",
    ),
    "finding-not-complete": (
        "Fundet mangler noget",
        "Skriv, hvad der er fundet, og vælg en anden fra myndigheden, der skal svare, og en frist fra i dag af.",
    ),
    "changed-meanwhile": (
        "Nogen har ændret det imens",
        "Hent det igen, se ændringen, og gentag. Intet er overskrevet.",
    ),
    "version-not-stated": ("Det fremgår ikke, hvad du ændrer", "Send If-Match med den ETag, du hentede."),
    "acted-at-the-same-time": (
        "En anden handlede samtidig",
        "Hent sagen igen, se, hvad der er sket, og gentag om nødvendigt. Intet er gemt.",
    ),
    "log-unavailable": (
        "Loggen kan ikke skrives",
        "Intet er vist eller gemt, for alt skal kunne ses i loggen. Prøv igen, eller ring til den systemansvarlige.",
    ),
    "database-unavailable": ("Systemet er ikke klar", "Intet er gemt. Prøv igen om et øjeblik."),
    "not-ready": ("Systemet er ikke klar", "Ring til den systemansvarlige. Dette er ikke, som det skal være: {parts}."),
    "unknown-whether-stored": (
        "Det vides ikke, om det er gemt",
        "Gentag med samme Idempotency-Key: det sker kun én gang. Uden nøgle: se først efter, om det er gemt.",
    ),
    "unexpected-failure": (
        "Noget gik galt hos os",
        "Intet er gemt. Prøv igen, og ring til den systemansvarlige med korrelations-id'et, hvis det bliver ved.",
    ),
    "not-possible-now": (
        "Det kan ikke gøres på dette trin",
        "Sagen er på trinnet »{stage}«. Se under sagens næste skridt, hvad der kan gøres nu.",
    ),
    "already-recorded": ("Det er allerede registreret", "Se det, der er registreret. Det registreres kun én gang."),
    "anonymous-reporter-has-identity": (
        "Den, der er anonym, kan ikke have et navn",
        "Fjern oplysningerne om den, der har henvendt sig, eller registrér personen som ikke anonym.",
    ),
    "telling-the-reporter-not-recorded": (
        "Hvad fik den, der har henvendt sig, at vide?",
        "Skriv, hvad personen har fået at vide om behandlingen.",
    ),
    "not-in-the-plan": (
        "Koden findes ikke i planen", "Vælg i feltet {field} en af dem, infohusets plan har: {known}. Intet er gemt.",
    ),
    "plan-without-signs": (
        "Planen har ingen tegn", "Lad feltet {field} være tomt: infohusets plan nævner ingen tegn. Intet er gemt.",
    ),
    "protected-address-missing": (
        "Adressen mangler", "Skriv adressen, der er beskyttet, eller fjern markeringen. Intet er gemt.",
    ),
    "earlier-concerns-not-seen": (
        "Se først, hvad der gik forud",
        "Personen har været nævnt før. Hent sagens tidligere henvendelser, bekræft, at du har set dem, og underskriv.",
    ),
    "search-purpose-and-case-differ": (
        "Formål og sag passer ikke sammen",
        "Søger du til en sag, så angiv den. Søger du til en ny henvendelse, så angiv ingen sag.",
    ),
    "in-the-future": ("Tidspunktet er ikke kommet endnu", "Ret tidspunktet i feltet {field}. Intet er gemt."),
    "document-without-subject": (
        "Dokumentet mangler et emne",
        "Skriv kort, hvad dokumentet handler om, så det kan findes igen. Intet er gemt.",
    ),
    "blanket-restriction": (
        "En begrænsning gælder én oplysning",
        "Vælg den oplysning, der skal undtages, og begrund den for sig. Indsigt kan ikke afslås under ét.",
    ),
    "restriction-of-another-regime": (
        "Bestemmelsen gælder ikke for jeres myndighed",
        "Vælg en anden: kommunen undtager efter databeskyttelsesloven § 22, politiet efter retshåndhævelsesloven.",
    ),
    "review-in-the-past": ("Datoen er passeret", "Vælg en senere dag for, hvornår begrænsningen ses efter."),
    "nothing-to-release": (
        "Der er ikke noget at frigive",
        "Vælg en anden person i sagen. Den, der har henvendt sig, frigives ved henvendelsen.",
    ),
    "withheld-unless-released": (
        "Den, der har henvendt sig, og andre personer er ikke med",
        "Tag dem ud, eller frigiv dem først med en begrundelse.",
    ),
    "item-is-restricted": ("En oplysning er undtaget", "Tag den ud, eller ophæv begrænsningen først."),
    "items-not-considered": (
        "Der er oplysninger, ingen har taget stilling til",
        "Tag hver oplysning med, eller undtag den med en begrundelse. Der mangler: {items}. De første er: {first}.",
    ),
    "erasure-refused": ("Sagen kan ikke slettes endnu", "Vent, eller bring det i orden, der står i vejen: {reasons}."),
    "erasure-not-built-yet": (
        "Sletning er ikke tilgængelig",
        "Intet står i vejen, men nøglerne kan ikke tilintetgøres. Kontakt den systemansvarlige. Intet er slettet.",
    ),
    "case-has-unfinished-business": (
        "Sagen kan ikke lukkes endnu",
        "Følgende mangler: {missing}. Se, hvem der kan løse det, under sagens afslutning.",
    ),
    "already-proposed": ("Der ligger allerede et forslag", "Se, ret eller underskriv det forslag, der ligger."),
    "already-signed": (
        "Jeres myndighed har underskrevet",
        "Vent på den anden myndigheds tovholder; én myndighed kan ikke underskrive for begge.",
    ),
    "first-view-too-late": (
        "Den andens vurdering er vist", "Din første vurdering skrives før det. Skriv i stedet et forslag.",
    ),
    "closure-is-signed": (
        "Jeres myndighed har underskrevet afslutningen",
        "Tag underskriften tilbage, og registrér så det, der skal gøres færdigt, før sagen lukkes. Intet er gemt.",
    ),
    "revealed-to-the-other-only": (
        "Kun den anden tovholder kan se det",
        "Din første vurdering vises kun for den anden tovholders myndighed. Ret modtageren.",
    ),
    "signed-content-differs": (
        "Forslaget er ændret",
        "Hent forslaget igen, læs det, og underskriv det, der står nu.",
    ),
    "decision-already-made": ("Beslutningen er truffet", "En truffet beslutning ændres ikke. Foreslå i stedet en ny."),
    "exchange-without-necessity": (
        "Begrundelsen for nødvendighed mangler",
        "Skriv, hvorfor videregivelsen må anses for nødvendig ({paragraph}). Intet er videregivet.",
    ),
    "recipient-takes-no-part": (
        "Modtageren deltager ikke i sagen",
        "Inddrag myndigheden i sagen først, eller vælg en modtager, der deltager i den.",
    ),
    "recipient-cannot-be-told": (
        "Modtageren har ingen gyldig modtagenøgle",
        "Bed den systemansvarlige om at oprette den, og gentag. Intet er videregivet.",
    ),
    "paragraph-does-not-follow": (
        "Hjemlen passer ikke til den videregivende myndighed",
        "Lad feltet være tomt; systemet finder hjemlen: {paragraph}.",
    ),
    "proportionality-not-answered": (
        "Begrundelsen for proportionalitet mangler",
        "Skriv kort, hvorfor der ikke videregives mere, end formålet kræver.",
    ),
    "subsidiarity-not-answered": (
        "Kan formålet nås med et mindre indgribende middel?", "Skriv kort, hvorfor det ikke kan.",
    ),
    "pet-request-has-another-recipient": (
        "Kun PET kan være modtager", "En videregivelse på PET's anmodning har kun PET som modtager. Ret modtageren.",
    ),
    "pet-request-cannot-be-declined": (
        "PET's anmodning kan ikke afslås",
        "Pligten følger af PET-lovens § 4; retsplejelovens § 115, stk. 4, gælder ikke. Besvar den, også med intet.",
    ),
    "manifest-differs": (
        "Kvitteringen passer ikke", "I kvitterer for andet, end der blev videregivet. Hent videregivelsen igen.",
    ),
    "answer-names-no-exchange": (
        "Videregivelsen mangler", "Registrér videregivelsen til den, der spurgte, og henvis til den i svaret.",
    ),
    "request-has-one-addressee": (
        "Én modtager ad gangen", "Spørg én myndighed, eller notér, hvem udefra der har spurgt jer. Ikke begge dele.",
    ),
    "request-already-answered": (
        "Anmodningen er besvaret", "Anmodningen er allerede besvaret. Send en ny anmodning, hvis der er mere.",
    ),
    "institution-without-public-task": (
        "Institutionen kan ikke deltage",
        "Bekræft, at den løser en offentlig opgave inden for social, undervisning, beskæftigelse eller psykiatri.",
    ),
    "exchange-without-category": (
        "Vælg mindst én kategori af oplysninger",
        "Angiv, hvilke slags oplysninger der videregives; følsomme, straffe- og CPR-oplysninger har egne kategorier.",
    ),
    "strict-necessity-missing": (
        "Begrundelsen for streng nødvendighed mangler",
        "Følsomme oplysninger efter retshåndhævelsesloven kræver, at det er strengt nødvendigt. Skriv hvorfor.",
    ),
    "exchange-without-recipient": ("Hvem skal have oplysningerne?", "Vælg mindst én modtager blandt sagens deltagere."),
    "exchange-without-content": (
        "Hvad bliver videregivet?",
        "Vælg de oplysninger, der videregives, eller skriv, hvad der blev sagt mundtligt.",
    ),
    "exchange-already-corrected": ("Videregivelsen er allerede rettet", "Ret den nyeste rettelse."),
    "participation-ends-before-it-begins": ("Slutdatoen ligger før startdatoen", "Ret datoerne, og send igen."),
    "already-takes-part": ("Personen deltager allerede", "Afslut den gamle deltagelse, før vilkårene ændres."),
    "cannot-leave": (
        "En tovholder kan ikke forlade en åben sag",
        "Luk sagen. Skal en anden overtage den, er det den systemansvarlige, der skifter tovholder.",
    ),
    "participation-cannot-be-extended": (
        "Deltagelsen kan ikke forlænges",
        "Den er slut, eller den har ingen slutdato. Inddrag personen på ny med en ny begrundelse.",
    ),
    "not-an-authority-here": (
        "Kun myndigheder i beredskabsplanen kan deltage",
        "Vælg en myndighed. Private, foreninger, trossamfund og virksomheder kan henvende sig, men ikke modtage noget.",
    ),
    "assessment-one-sided": (
        "Vurderingen er ikke hel endnu",
        "Skriv noget om både risiko og trivsel og om både problemer og ressourcer. Der mangler: {missing}.",
    ),
    "unknown-dimension": ("Dimensionen findes ikke i skabelonen", "Vælg en af skabelonens dimensioner: {dimensions}."),
    "template-scores": (
        "Skabelonen beregner et resultat",
        "En skabelon må ikke have tal, vægte, point, farver eller niveauer. Fjern {field}.",
    ),
    "responsible-authority-missing": ("Hvem udfører indsatsen?", "Vælg den ene myndighed, der udfører den."),
    "responsible-authority-takes-no-part": (
        "Den ansvarlige myndighed deltager ikke i sagen",
        "Inddrag myndigheden, eller vælg en anden, der deltager.",
    ),
    "indicated-measure-is-anothers": (
        "En indgribende indsats er ikke denne myndigheds",
        "Vælg politiet, PET eller kriminalforsorgen, eller bekræft, at indsatsen er social støtte.",
    ),
    "deliverer-takes-no-part": (
        "Den, der skal udføre indsatsen, deltager ikke",
        "Inddrag den fagperson til indsatser, og videregiv indsatsen til fagpersonens myndighed.",
    ),
    "measure-ends-with-one-outcome": (
        "Fortsætter indsatsen, eller slutter den?",
        "Angiv enten næste opfølgning eller det, indsatsen endte med.",
    ),
    "follow-up-in-the-past": ("Opfølgningen ligger i fortiden", "Vælg en dato, der kommer."),
    "fulfilment-not-possible": (
        "Dagen passer ikke", "Vælg en dag, der er gået, og som ikke ligger før forpligtelsen sidst blev opfyldt.",
    ),
    "unknown-audience": (
        "Målgruppen står ikke i beredskabsplanen", "Vælg blandt planens målgrupper, hver højst én gang.",
    ),
    "network-material-names-somebody": (
        "Netværkets materiale må ikke pege på en person eller en sag",
        "Der står et CPR-nummer, et sagsnummer eller en sags id i {field}. Skriv i almene vendinger.",
    ),
    "year-not-over": (
        "Året er ikke gået",
        "Vent, til {year} er slut: to opgørelser af et løbende år kan afsløre de små tal.",
    ),
    "yearly-status-not-released": (
        "Årets status er ikke frigivet", "Bed en af infohusets tovholdere om at frigive status for {year}.",
    ),
    "yearly-status-already-released": (
        "Årets status er frigivet", "Hent status for {year}, som den blev frigivet; den opgøres ikke igen.",
    ),
}


STAGES = {
    "received": "modtaget",
    "cleared": "tjekket af politiet",
    "hindered": "kan ikke behandles i infohuset",
    "accepted": "behandles i infohuset",
    "qualifying": "kvalificeres",
    "recommending": "anbefaling",
    "acting": "indsats",
    "not_taken_in": "behandles ikke i infohuset",
    "police_alone": "hos politiet alene",
    "closed": "lukket",
}
WARNINGS = {
    **AGE_WARNINGS,
    **CPR_WARNINGS,
    "home-unknown": "Bopælskommunen er ikke kendt. Undersøg den, om I kan, før I afgør, hvor sagen hører til.",
    "home-not-stated": "Bopælskommunen er ikke angivet for alle, bekymringen angår.",
    "home-elsewhere": (
        "Bopælskommunen er {home}, men infohuset er for {municipality}. "
        "Overvej, om sagen hører til i et andet infohus. Det hindrer ikke beslutningen."
    ),
    "district-elsewhere": (
        "{home} hører under {covering}, men infohusets politi er {police}. Det hindrer ikke beslutningen."
    ),
    "district-unknown": "Systemet ved ikke, hvilken politikreds {home} hører under. Kontrollér det.",
    "acute": "Er der akut fare, så ring 112 nu. Registreringen kan vente.",
}


CONCERN_KINDS = {
    "person": "En person", "group": "En gruppe", "single_issue": "Enkeltsag (mærkesag)", "place": "Et sted",
}
"""What a concern may be about in every infohus; its plan may name more."""
EXTREMISM_FORMS = {"other": "Anden form for ekstremisme", "unknown": "Ikke kendt"}
"""Forms of extremism that every infohus has, whatever its plan names (rule 27)."""
FORMS_WITHOUT_PLAN = {"islamist": "Ekstrem islamisme", "right": "Højreekstremisme", "left": "Venstreekstremisme"}
"""Those that an infohus has beside them until its plan is loaded."""
WEEKDAYS = ("mandag", "tirsdag", "onsdag", "torsdag", "fredag", "lørdag", "søndag")
CONTACTS = {
    "open": "Åben til {when}.",
    "opens": "Lukket nu, åbner {when}.",
    "closed": "Lukket nu.",
    "unknown": "Åbningstiden står ikke i planen.",
    "acute": "Ved akut fare: ring {phone}.",
    "instead": "{name} ({reached_by}) er åben til {when}.",
}


def words_for(refusal: Refused) -> tuple[str, str]:
    """Give the Danish title and detail of a refusal, its facts filled in."""
    title, detail = WORDS[refusal.slug]
    facts = {name: _KINDS.get(name, {}).get(str(fact), fact) for name, fact in refusal.facts.items()}
    if isinstance(refusal, RequestNotUnderstood):
        is_whole = refusal.facts.get("field") == "$" and "what" not in refusal.facts
        what = "whole" if is_whole else str(refusal.facts.get("what", ""))
        detail = NOT_UNDERSTOOD.get(what, detail)
    if isinstance(refusal, NotAvailable) and "field" in facts:
        detail = NOT_AVAILABLE_IN_BODY
    if "roles" in facts:
        facts["roles"] = roles_in_words(str(facts["roles"]).split())
    said = detail.format_map(_Facts(facts))
    return title, f"{WARNINGS['acute']} {said}" if "is_acute" in refusal.facts else said


_KINDS = {"stage": STAGES, "paragraph": PARAGRAPHS, "field": PLACES}


class _Facts(dict[str, str | int]):
    def __missing__(self, key: str) -> str:
        return "…"
