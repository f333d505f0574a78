"""Each customer's contract as it is executed: its dates, what leaving costs, amendments (avenants)."""
