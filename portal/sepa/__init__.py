"""SEPA direct debits: mandates, collections, bank files and their proofs (prélèvements SEPA)."""
