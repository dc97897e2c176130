"""infohus: municipal and police tovholdere screen concerns jointly and exchange data under retsplejeloven § 115.

Read `app.py` (what there is), then `kernel/unit_of_work/` (the only door to the database), then one step:
`casework/exchanges/`. The folders are the floors of the house, the highest first; each may import what lies below it.

    cli/ demo/ web/     the command line, the demonstration, what faces the network
    oversight/          what looks at all cases: supervision, log checks, the yearly status, obligations
    whole_case/         what looks at all of a case: next steps, closing, erasure, rights, log reports …
    casework/           one folder a step of the procedure: model.py, operations.py, api.py
    cases/              what every step stands on: participants, information, persons, disclosures, joint decisions
    plan/               the municipality's beredskabsplan as data
    kernel/             the mechanism: who calls, may they, what is at rest, what was done

What is going on, and why: docs/architecture.md and docs/decisions/.
"""
