"""What every step of a case builds on: participants, information, the procedure, persons, disclosures and joint
decisions. The case's own row is in kernel/access, which decides who may read it.
"""
