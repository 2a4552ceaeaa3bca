"""What speed is claimed, and how to see it: `python -m benchmarks`. The program itself imports nothing from here."""
