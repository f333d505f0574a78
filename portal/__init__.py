"""Reseller portal for French backup providers: the contract is executed by software."""
