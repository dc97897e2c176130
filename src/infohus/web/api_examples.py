"""One example body per operation that takes one, about invented persons: for the documentation and the tests."""

from typing import Any

_POLICE = "kbh-vestegns-politi"


def _disclosure(purpose: str, *, to: str = _POLICE) -> dict[str, Any]:
    """Fill in the § 115 fields of a disclosure."""
    return {
        "recipients": [to], "purpose": purpose, "categories": ["purely_private"],
        "necessity": "Nødvendigt for den fælles vurdering.", "proportionality": "Kun det, vurderingen kræver.",
        "subsidiarity": "Formålet kan ikke nås med mindre.", "consent": "not_sought",
        "consent_reason": "Han er ikke talt med endnu.", "for_criminal_investigation": False,
    }


_CONCERN = {
    "channel": "phone", "received_at": "2026-11-20T10:00:00+01:00", "reporter_kind": "professional",
    "reporter": {"name": "Vera Vidne", "contact": "skolens kontor"},
    "observation": "Han taler om våben i klassen.", "interpretation": "Det lyder som noget, han har hørt.",
    "told_reporter": "Vi ser på det sammen med politiet.",
    "subjects": [{"name": "Prøve Prøvesen", "birth_date": "2004-02-01"}],
}
_SCOPE = {
    "outcome": "within", "content": {"reasons": "Ekstremisme kan være på spil.", "considered": "Det, begge ved."},
    "disclosure": _disclosure("scope_decision"),
}
_SCREENING = {
    "outcome": "recommend", "content": {"considered": "Det, begge ved.", "reasons": "Der er brug for støtte."},
    "disclosure": _disclosure("screening"),
}
_RECOMMENDATION = {
    "outcome": "recommended", "content": {"recommendation": "En mentor.", "reasons": "Han har selv bedt om en."},
    "disclosure": _disclosure("recommendation"),
}
_CLOSURE = {
    "outcome": "unfounded", "content": {"reasons": "Bekymringen har vist sig ubegrundet."},
    "disclosure": _disclosure("closure"),
}
_SIGNATURE = {"content_hash": "0" * 64}

EXAMPLES: dict[str, dict[str, Any]] = {
    "RecordConcern": _CONCERN, "AddConcern": _CONCERN,
    "AnnounceLogCheck": {
        "period_from": "2026-05-01", "period_until": "2026-10-31", "sample": 25,
        "commitment": "6778071425c52bb29a470637e8a6fcf6480af79890d92fe90bea13d990cfd088",
    },
    "DrawLogCheck": {"secret": "d592e85af72c14e0ab49b74e623a138ad4b07f0c939992074caa223675199c59"},
    "ReviewLogEntry": {
        "review": "finding", "text": "Opslag søndag aften i en sag, der var afsluttet.",
        "owner": "0198c0de-0000-7000-8000-000000000001", "answer_by": "2027-01-15",
    },
    "RequestContent": {
        "kind": "note", "record_id": "0198c0de-0000-7000-8000-000000000002",
        "reason": "En borger har klaget over notatets indhold.",
    },
    "AnswerLogFinding": {"text": "Skolen ringede om en ny hændelse."},
    "EndLogFinding": {"outcome": "accepted", "text": "Forklaret; opkaldet står i sagen."},
    "ReportSubjectLog": {"cpr_number": "010104-1234"},
    "SearchPerson": {"cpr_number": "010104-1234", "purpose": "subject_access"},
    "ConfirmEarlierConcerns": {"shown": "0" * 64},
    "ReleaseReporterIdentity": {"reason": "Læreren vil selv stå ved det."},
    "NoteInformation": {
        "text": "Han kommer ikke længere i klubben.", "source": "klubbens leder", "origin": "already_held",
        "is_first_hand": False, "dated_on": "2026-11-18",
    },
    "RecordClearanceCheck": {"outcome": "nothing_hinders"},
    "StateAge": {"age": {"at_least": 15, "at_most": 16, "on": "2026-11-20"}, "reason": "Skolen oplyser klassetrinnet."},
    "HandOverChildNotification": {
        "handed_over_at": "2026-11-20T12:00:00+01:00", "handed_over_to": "Familieafdelingens modtagelse",
        "text": "Han er 15 år, sover ude og har skader, som ingen forklarer.",
    },
    "RecordAssessmentOfChild": {"assessed_at": "2026-11-20T14:00:00+01:00"},
    "RecordReceiptToReporter": {"receipt_given_on": "2026-11-20"},
    "InviteParticipant": {
        "person_id": "01a20000-0000-7000-8000-000000000115", "authority_id": "ishoj-kommune",
        "reason": "Kender ham fra klubben.", "scope": ["information"], "ends_at": "2099-01-01T00:00:00+01:00",
    },
    "ExtendParticipation": {"ends_at": "2099-06-01T00:00:00+02:00", "reason": "Forløbet varer ved."},
    "RecordExchange": {
        **_disclosure("screening"), "channel": "phone", "summary": "Han er begyndt at møde i skole igen.",
    },
    "CorrectExchange": {**_disclosure("screening"), "summary": "Det var klubben, ikke skolen."},
    "RecordOralExchange": {
        "said": "Han er set ved stationen.", "channel": "phone", "categories": ["purely_private"],
        "necessity": "Uden det kan bekymringen ikke vurderes.", "proportionality": "Kun det, der er set.",
        "subsidiarity": "Det kan ikke siges uden navn.", "consent": "not_sought",
        "consent_reason": "Han er ikke talt med endnu.", "for_criminal_investigation": False,
    },
    "TakeOverCase": {"reason": "Det er en sag for politiet nu."},
    "DiscloseOutside": {
        "recipients": ["kriminalforsorgen"], "basis": "fvl-31", "categories": ["purely_private"],
        "necessity": "De har spurgt og skal bruge det i deres tilsyn.", "summary": "Han bor hos sin bror.",
    },
    "ReportDanger": {
        "danger": "Han har sagt, at han henter en kniv.", "is_acute": True, "categories": ["purely_private"],
        "necessity": "Politiet kan kun gribe ind, hvis de ved det.", "channel": "phone",
    },
    "AcknowledgeExchange": {"manifest": "0" * 64},
    "WithdrawExchange": {"recipient": _POLICE, "reason": "Givet ved en fejl."},
    "KeepDisclosed": {
        "items": [{"kind": "information", "id": "00000000-0000-4000-8000-000000000000"}], "because": "used",
        "reason": "Brugt i en afgørelse om støtte.",
    },
    "LookThrough": {
        "recipients": [_POLICE], "texts": [{"field": "summary", "text": "Hans bror Ole ringede fra 12 34 56 78."}],
    },
    "RequestInformation": {"question": "Har I set ham siden maj?", "disclosure": _disclosure("screening")},
    "AnswerInformationRequest": {"answer": "declined"},
    "RecordCustodyRelease": {
        "released_on": "2026-10-01", "judgement": "at_risk", "basis": "Kriminalforsorgens vurdering.",
    },
    "StateFirstView": {"view": "within", "reasons": "Ekstremisme kan være på spil."},
    "RevealFirstView": {"disclosure": _disclosure("scope_decision")},
    "WriteNote": {
        "kind": "received", "happened_at": "2026-11-20T10:00:00Z", "subject": "Brev fra skolen",
        "text": "Skolen skriver, at fraværet er faldet.",
    },
    "RecordAccessRequest": {"received_on": "2026-11-20", "asked": "Hvilke oplysninger har I om mig?"},
    "ExportAccessPackage": {"include": []},
    "RestrictAccess": {
        "item": {"kind": "note", "id": "00000000-0000-4000-8000-000000000000"}, "basis": "dbl-22-1",
        "reason": "Den, der har talt, kan genkendes.", "review_on": "2099-01-01",
    },
    "ReleaseWithheld": {
        "item": {"kind": "subject", "id": "00000000-0000-4000-8000-000000000000"},
        "reason": "Broderen har selv bedt om det.",
    },
    "SetLegalHold": {"reason": "Der verserer en klagesag."},
    "RecordArchiveClearance": {
        "decision": "may_be_discarded", "decided_on": "2026-11-20", "reference": "Rigsarkivet 26/123",
    },
    "SetJournalReference": {"reference": "26/1234"},
    "ProposeScopeDecision": _SCOPE, "AmendScopeDecision": _SCOPE, "SignScopeDecision": _SIGNATURE,
    "DifferOnScopeDecision": {
        "reason": "Det er en familiesag.", "disclosure": _disclosure("scope_decision", to="ishoj-kommune"),
    },
    "ProposeScreening": _SCREENING, "AmendScreening": _SCREENING, "SignScreening": _SIGNATURE,
    "OpenAssessment": {"users_are_trained": True, "disclosure": _disclosure("assessment")},
    "ContributeToAssessment": {
        "contributions": [
            {
                "dimension": "willingness_to_use_violence", "answer": "described", "text": "Han siger, han vil slå.",
                "source": "klassens lærer", "dated_on": "2026-10-01", "is_first_hand": True, "origin": "already_held",
            },
            {
                "dimension": "family", "answer": "described", "text": "Moren holder kontakt.", "is_first_hand": False,
                "source": "skolens trivselsmøde", "dated_on": "2026-10-01", "origin": "already_held",
            },
        ],
        "disclosure": _disclosure("assessment"),
    },
    "ConcludeAssessment": {
        "outcome": "concluded",
        "content": {
            "problems": "Isolation.", "resources": "Moren.", "overall_assessment": "Støtte hjælper.",
            "dimensions_to_work_on": ["family"],
        },
        "disclosure": _disclosure("assessment"),
    },
    "SignAssessment": _SIGNATURE,
    "ProposeRecommendation": _RECOMMENDATION, "AmendRecommendation": _RECOMMENDATION,
    "SignRecommendation": _SIGNATURE,
    "StartMeasure": {
        "level": "selective", "kind": "course", "responsible_authority": "ishoj-kommune",
        "description": "En mentor to timer om ugen.", "starts_on": "2026-12-01", "follow_up_on": "2099-01-01",
        "disclosure": _disclosure("measure"),
    },
    "RecordFollowUp": {
        "text": "Godt i gang.", "next_follow_up_on": "2099-02-01", "disclosure": _disclosure("follow_up"),
    },
    "RecordFulfilment": {
        "fulfilled_on": "2026-11-02", "briefed": [{"audience": "Center for Børn og Forebyggelse", "attended": 42}],
    },
    "AddNetworkMaterial": {
        "title": "Dialog med forældre", "text": "Erfaringer med den første samtale, i almene vendinger.",
    },
    "ProposeClosure": _CLOSURE, "AmendClosure": _CLOSURE, "SignClosure": _SIGNATURE,
}
