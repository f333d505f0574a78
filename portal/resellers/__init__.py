"""The tree of resellers (revendeurs) and the legal entities that issue invoices and collect."""
