"""The words of refusals of what reaches beyond the own side, the case or its stage."""

BOUNDS: dict[str, tuple[str, str]] = {
    "persons-not-named": (
        "Skriv, hvem det handler om",
        (
            "Sagen handler om flere personer. Angiv i {field} id for hver af dem, det handler om: én, flere, eller en"
            " tom liste, hvis det ikke handler om nogen af dem. Intet er gemt."
        ),
    ),
    "no-person-of-the-side": (
        "Personen er ikke en af dem, I kender i sagen",
        "Ret {field}: angiv id for personer, som jeres myndighed selv har noteret eller fået oplyst. Intet er gemt.",
    ),
    "person-not-known-to-recipients": (
        "Ikke alle modtagere kender personen",
        (
            "{field} nævner en person, som I ikke har oplyst til hver modtager. Videregiv først personen, hvis det er"
            " nødvendigt, eller udelad personen her. Intet er gemt eller videregivet."
        ),
    ),
    "no-subject-of-this-case": (
        "Personen er ikke en af sagens personer",
        "Angiv en person, som sagen handler om, eller udelad personen. Den, der har henvendt sig, er ikke en af dem.",
    ),
    "gang-ties-by-police-alone": (
        "Kun politiet kan videregive, hvem der har tilknytning til bandemiljøer",
        (
            "Retsplejelovens § 115, stk. 5, lader politiet videregive dem til andre myndigheder efter stk. 1, nr. 1. De"
            " kan hverken gives af andre, til en selvejende institution eller efter nr. 2 og 3. Fravælg kategorien, og"
            " udelad oplysningerne."
        ),
    ),
    "gang-ties-are-not-passed-on": (
        "Oplysningen er omfattet af tavshedspligt",
        (
            "Politiet har videregivet den med oplysninger om tilknytning til bandemiljøer. Den, der er blevet bekendt"
            " med dem, har tavshedspligt efter retsplejelovens § 115, stk. 5. Bed politiet videregive den selv."
        ),
    ),
    "record-has-no-such-part": (
        "Oplysningen har ikke den del",
        (
            "Kun en henvendelse kan videregives i dele: det sete, tolkningen, og hvad der blev sagt til den, der har"
            " henvendt sig. Udelad »parts« for andre oplysninger; skal der siges mindre, så skriv det i ord."
        ),
    ),
    "correction-carries-more": (
        "Rettelsen rækker længere end det, der rettes",
        (
            "Her kan der ikke videregives. Skriv, hvad der er rigtigt, og udelad nye oplysninger og nye modtagere."
            " Den, I har trukket oplysningerne tilbage fra, er ikke længere modtager, men får at vide, at de er rettet."
        ),
    ),
    "kept-is-not-passed-on": (
        "Det er trukket tilbage og bevares kun hos jer",
        (
            "Den, der gav jer det, har trukket det tilbage. I må læse det, I har bevaret, men ikke give det videre."
            " Skal andre have det, så bed om at få det videregivet igen."
        ),
    ),
    "nothing-to-keep": (
        "Hvad skal bevares?", "Vælg mindst én af de oplysninger, I fik, eller videregivelsens egne tekster.",
    ),
    "correction-on-another-track": (
        "Videregivelsen skete ikke efter PET's anmodning",
        "Ret den uden at angive, at PET har anmodet. Et svar til PET registreres som en videregivelse for sig selv.",
    ),
    "not-shown-to-the-other": (
        "Den anden tovholder får det ikke at se",
        "Det, I begge underskriver, og uenighed om det, vises for jer begge. Føj den anden tovholder til modtagerne.",
    ),
    "danger-is-reported-by-itself": (
        "Fare meldes for sig",
        (
            "Brug »Meld fare«: meldingen hviler ikke på § 115 og venter ikke på noget. Formålet »fare«"
            " hører til den og til dens rettelser, og de har intet andet formål. Er der akut fare, så ring 112 først."
        ),
    ),
    "not-disclosed-under115": (
        "Myndighedens egen behandling er ikke infohusets",
        (
            "Det formål hører til »Videregiv uden for § 115« og til dens rettelser. Vælg et andet formål, eller brug"
            " den. Intet er videregivet."
        ),
    ),
    "participant-is-told-under115": (
        "Modtageren deltager i sagen",
        (
            "Den, der deltager, får oplysninger efter § 115 eller ved »Meld fare«. Vælg en modtager, der"
            " ikke deltager. Intet er videregivet."
        ),
    ),
    "received-is-not-given-outside": (
        "Det er en anden myndigheds oplysninger",
        (
            "Det, I har modtaget i sagen, gives ikke videre til andre end dem, der deltager. Tag det ud, og bed"
            " modtageren spørge den myndighed, det kommer fra. Intet er videregivet."
        ),
    ),
    "basis-does-not-fit": (
        "Den hjemmel kan jeres myndighed ikke bruge",
        "Lad feltet {field} være tomt, så findes hjemlen: {paragraph}. Intet er videregivet.",
    ),
    "category-not-outside115": (
        "Den slags oplysninger videregives kun efter § 115",
        (
            "Oplysninger om tilknytning til bander videregives alene efter retsplejelovens § 115, stk. 5. Tag dem ud."
            " Intet er videregivet."
        ),
    ),
    "recipient-is-oneself": (
        "Modtageren er jeres egen myndighed",
        "Tag den ud af modtagerne: egne oplysninger videregives ikke til jer selv. Intet er videregivet.",
    ),
    "before-the-case": (
        "Tidspunktet ligger før sagen",
        "Ret tidspunktet for videregivelsen. Blev det sagt, før sagen blev oprettet, så skriv det i et notat.",
    ),
    "onward-reason-missing": (
        "Hvorfor gives det videre?",
        (
            "Du giver noget videre, som en anden myndighed ejer. Skriv i onward_reason hvorfor: Den underrettes om,"
            " hvem der fik det og hvorfor, og ser ikke andet."
        ),
    ),
    "recipient-took-no-part-then": (
        "Modtageren deltog ikke i sagen på det tidspunkt",
        "Ret tidspunktet for videregivelsen, eller videregiv oplysningen nu.",
    ),
    "answer-is-withdrawn": (
        "Videregivelsen er trukket tilbage",
        "Den, der spurgte, kan ikke længere læse den. Registrér en ny videregivelse, og svar med den.",
    ),
    "pet-is-answered-by-itself": (
        "PET's anmodning besvares for sig", "Registrér svaret til PET som en videregivelse for sig selv.",
    ),
    "pet-has-not-asked": (
        "PET's anmodning er ikke noteret",
        (
            "Notér først, hvem hos PET der anmodede, hvornår og om hvad, og at det angår straffelovens kapitel 12 eller"
            " 13."
        ),
    ),
    "pet-states-its-basis": (
        "Det fremgår ikke, hvad PET's anmodning bygger på",
        (
            "Angiv, om PET oplyser, at anmodningen angår straffelovens kapitel 12 eller 13. Så gælder PET-lovens § 4;"
            " ellers har svaret sin sædvanlige hjemmel. Om andres anmodninger angives intet."
        ),
    ),
    "asked-from-outside-alone": (
        "Tidspunkt og navn angives kun for det, andre har spurgt om", "Lad felterne være tomme.",
    ),
    "side-cannot-end-yet": (
        "Din side kan ikke afsluttes endnu",
        "Vent. Din myndighed kan afslutte sin egen side {days} dage efter, at den underskrev: {when}.",
    ),
    "drawn-in-by-its-own-authority": (
        "Myndigheden inddrager selv sine medarbejdere",
        "Bed myndighedens egen tovholder om at inddrage personen.",
    ),
    "nothing-in-period": (
        "Der er intet at kontrollere i perioden",
        (
            "Loggen har ingen poster i perioden, eller den ligger forude. Vælg en anden; uden periode er den: siden"
            " sidste hele kontrol. Er loggen ny, så lad perioden slutte i dag."
        ),
    ),
    "investigation-not-ruled-out": (
        "Det er ikke erklæret, at oplysningerne ikke er til efterforskning",
        "Angiv, at videregivelsen ikke sker med henblik på efterforskning af en straffesag. § 115 gælder aldrig den.",
    ),
    "consent-not-considered": (
        "Det fremgår ikke, hvad der er overvejet om samtykke",
        "Angiv, om samtykke er givet, søgt, nægtet eller ikke søgt, og skriv hvorfor, hvis det ikke er givet.",
    ),
    "exchange-for-investigation": (
        "Oplysninger må ikke videregives til efterforskning",
        (
            "Retsplejelovens § 115 gælder aldrig efterforskning af straffesager. Intet er videregivet; forsøget er"
            " logget. Er der akut fare, så ring 112. Anden fare meldes ved »Meld fare«, som ikke hviler på"
            " § 115, men på forvaltningslovens § 28, straffelovens § 141 eller sundhedslovens § 43. Andet gives til"
            " andre myndigheder ved »Videregiv uden for § 115«."
        ),
    ),
    "cooperation-lacks-an-authority": (
        "Den samarbejdsform er flere myndigheders",
        (
            "Nr. 2 er politiets, de sociale myndigheders og psykiatriens samarbejde, nr. 3 kriminalforsorgens, de"
            " sociale myndigheders og politiets. Inddrag den, der mangler, eller lad {field} være tomt: det er nr. 1."
        ),
    ),
    "release-condition-missing": (
        "Betingelsen for nr. 3, litra c, er ikke registreret",
        (
            "Registrér, at personen er løsladt fra varetægtsfængsling eller anden frihedsberøvende foranstaltning efter"
            " retsplejelovens kapitel 70 og skønnet radikaliseret eller i risiko for at blive det, eller vælg en anden"
            " samarbejdsform."
        ),
    ),
}
