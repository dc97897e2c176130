"""Logkontrol: entries of the log are drawn by lot and by risk, reviewed by another, and what is found is answered.

Source: practice of Allerød, Kerteminde and Nævnenes Hus; rule 63. The draw itself is `kernel/audit/formats/draw.py`.
"""
