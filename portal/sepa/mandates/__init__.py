"""Mandates for staff: their life, paper, import, lapse, and the bank profile of a creditor."""
