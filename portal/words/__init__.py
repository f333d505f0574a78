"""The words that people read, in one place and in both languages: states, events, clauses, reasons."""
