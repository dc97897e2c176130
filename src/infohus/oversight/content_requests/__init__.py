"""Indhold på anmodning: a DPO reads one record of the own authority's, by a request with a reason (rule 90).

Source: databeskyttelsesforordningen art. 38, stk. 2, and 39, stk. 1, litra b; retshåndhævelsesloven § 31. Decision 26.
"""
