"""The persons of cases: their CPR numbers and family names, and that one was released from custody."""
