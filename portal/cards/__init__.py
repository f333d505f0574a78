"""Orders and invoices paid by card (carte bancaire): the page, what its bank answers, cards that are kept."""
