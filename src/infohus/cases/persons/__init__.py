"""The persons of a case: whom it concerns, their CPR numbers and family names, and releases from custody.

In which other cases a person appears is looked up by whole_case/earlier_concerns, which also reads concerns.
"""
