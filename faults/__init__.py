"""A month of work while everything around it is killed, stopped, slowed and filled; then the books are read.

``python -m faults --seed 7 --faults 40`` prints what was done at which moment and what an independent check
found; exit 1 when anything is missing, double, orphaned or stuck. PostgreSQL, an S3-like store and a mail
relay run on this machine, each behind a gate that can be shut.
"""
