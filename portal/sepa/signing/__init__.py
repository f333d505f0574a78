"""What a debtor signs: the pages behind a link, the documents, and their proof (signature du mandat)."""
