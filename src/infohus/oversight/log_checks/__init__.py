"""Logkontrol: log entries are drawn at random and picked by risk rules, reviewed, and findings answered and remedied.

Source: practice of Allerød, Kerteminde and Nævnenes Hus; rule 63. The draw itself is `kernel/audit/formats/draw.py`.
"""
