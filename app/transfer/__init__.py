"""Moving records in and out: one engine that imports rows of any kind of record, and exports them again.

Each room's `importing.py` says which columns its records have. Here: files and rows (`rows`), columns (`columns`), the
unit of work of one transaction (`chunk`), the run through a file (`runner`), and the result of each row (`outcome`).
"""
