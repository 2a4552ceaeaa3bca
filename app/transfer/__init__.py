"""Moving records in and out: one engine that imports rows of any kind of record, and exports them again.

What a row means stands in each room's `importing.py`; here are files and rows (`rows`), columns (`columns`), what one
transaction reads and writes (`chunk`), the run through a file (`runner`), and what it says (`outcome`).
"""
