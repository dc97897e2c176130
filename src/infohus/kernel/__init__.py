"""The mechanism: who is calling, may they, what is sealed, what is logged. It knows no rule of a case.

Its rooms stand in the order in which they may be imported, the highest first: `unit_of_work`, `access`, then `answers`,
`audit`, `authorization` and `sealing`, then `identity` and `database`.
"""
