"""Proof that what is stored can be given back: vaults verified without the key, monthly packs of evidence."""
