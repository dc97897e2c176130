"""Søgning: find one person by CPR number in cases that the caller may see; the search and its purpose are logged.

Source: retshåndhævelsesloven § 24 and LED art. 25; rules 52 and 53. There is no way to list persons.
"""
