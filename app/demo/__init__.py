"""Data to try the software on: real organizations, customers and invoices, and one worked example, Finoptic."""
