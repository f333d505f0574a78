"""Moving in from another system: a workbook, judged whole, taken in by portions, and undone within a day."""
