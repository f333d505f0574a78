"""Proof of the books: the chains are walked, months and years are closed and sealed."""
