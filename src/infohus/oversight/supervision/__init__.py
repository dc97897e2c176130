"""Tilsyn: DPO and legal staff see when, why and by which law something was exchanged, and the log; never case content.

Source: databeskyttelsesforordningen art. 39; retshåndhævelsesloven § 24; rules 58 and 61. Reading the log is logged.
"""
