"""Who is calling: an issuer vouches for one natural person, who acts for one authority in one role.

Read `caller.py` (what the rest of the system knows of a person), then `tokens.py` (verifies every bearer token),
`claims.py` (what a token must say), `issuers.py` (who may vouch for whom) and `key_sets.py` (which published keys are
accepted). `strict_encoding.py` reads base64url and JSON. What a caller may do is `authorization`'s to decide.
"""
