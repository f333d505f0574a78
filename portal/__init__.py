"""Reseller portal for French backup providers: the contract is executed by software."""

import gc

# What the modules bring stays until the end: looking for waste in it again and again is a fifth of a start.
gc.set_threshold(50_000, 20, 20)
