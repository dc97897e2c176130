"""Whether two names, spelt and heard by different people, may be one person's: by letters, by sound and by birth date.

Pure: nothing here reads or keeps anything. It ranks for a person to judge, and decides nothing (rule 78).
"""
