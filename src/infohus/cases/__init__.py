"""The ground every slice stands on: the case and its stages, participants, information, exchange
and joint signatures.
"""
