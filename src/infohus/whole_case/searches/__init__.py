"""Søgning: is one person, by CPR number, in a case that the caller may see; with a purpose, and in the log.

Source: retshåndhævelsesloven § 24 and LED art. 25; rules 52 and 53. Nobody can list persons.
"""
