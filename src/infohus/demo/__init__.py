"""What only a demonstration needs: invented people and two identity providers on loopback.

Nothing in the running system imports this package; an installation for real has issuers of its own.
"""
