"""infohus: municipal and police tovholdere screen concerns jointly and exchange data under retsplejeloven § 115.

Read `app.py` (what there is), then `workplace.py` and `unit_of_work.py` (the only door), then one slice: `exchanges/`.

    app.py              builds every object and joins them
    workplace.py        begins and ends a unit of work: find, decide, work, log, commit
    unit_of_work.py     what an operation holds in its hand; keyring.py has its keys, finding.py its query
    ground.py           the rows that say who may read what
    cases/              lifecycle, disclosure, joint decisions: what every slice stands on
    concerns/ …         one slice a step of the procedure: model.py, operations.py, api.py
    identity/ authorization/ sealing/ audit/   who calls, may they, what is at rest, what was done

What is going on, and why: docs/architecture.md and docs/decisions/.
"""
