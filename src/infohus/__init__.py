"""infohus: municipal and police tovholdere screen concerns jointly and exchange data under retsplejeloven § 115.

Read `app.py` (builds and connects everything), then `kernel/unit_of_work/` (how requests reach the database), then one
step: `casework/exchanges/`. The folders are the floors, the highest first; each may import what is below it.

    cli/ demo/          the command line, the demonstration
    web/                sign-in of every request, problems, health, the API's documentation
    oversight/          what looks at all cases: supervision, log checks, the yearly status, obligations
    whole_case/         what looks at all of a case: next steps, closing, erasure, rights, log reports …
    casework/           one folder a step of the procedure: model.py, operations.py, api.py
    cases/              what every step uses: participants, information, procedure, persons, disclosures …
    plan/               the municipality's beredskabsplan as data
    kernel/             the mechanism: who is calling, may they, what is sealed, what is logged

Everything else: docs/architecture.md, and docs/decisions/ for the reasons.
"""
