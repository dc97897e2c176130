"""The municipality's beredskabsplan as data: nothing about any municipality is written in code.

`document.py` says what a plan file may hold, `loading.py` puts it into the database, `api.py` shows it.
Source: barnets lov § 15, stk. 3.
"""
