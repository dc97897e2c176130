"""Infohusnetværk: what the district-wide network shares in general terms, and never a person or a case (rule 25).

Source: beredskabsplanen; the network holds no personal data. A person's name written in a text is not recognised;
whoever adds the text answers for it.
"""
