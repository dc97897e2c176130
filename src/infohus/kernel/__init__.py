"""The mechanism: who is calling, may they, what is sealed, what is logged. It knows no rule of a case.

Its packages, the highest first; each imports only those named after it: `unit_of_work`, `access`, then `answers`,
`audit`, `authorization` and `sealing`, then `identity` and `database`.
"""
