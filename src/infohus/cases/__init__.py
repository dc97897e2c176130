"""What every step of a case stands on: who takes part, what each authority holds, the procedure, persons, disclosures
and joint decisions. The case's own row is in kernel/access, which decides who may read it.
"""
