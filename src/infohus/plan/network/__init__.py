"""Infohusnetværk: what the district-wide network shares in general terms, and never a person or a case (rule 25).

Source: beredskabsplanen; the network holds no personal data. A name written in a text cannot be recognised by a
machine: the title says "general", and whoever adds the text answers for it.
"""
