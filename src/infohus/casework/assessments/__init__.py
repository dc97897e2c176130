"""CDIE's vurderingsværktøj: three steps, four instruments, nine dimensions, dialogue instead of scores.

Source: CDIE's public description; rules 35–41. The structure is a versioned template with short words of our own.
"""
