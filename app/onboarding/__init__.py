"""Importing files: the machinery that is the same for every kind of record.

What a row means stands in each room's `importing.py`; here are files and rows (`rows`), columns (`columns`), what one
transaction reads and writes (`chunk`), the run through a file (`runner`), and what it says (`outcome`, `report`).
"""
