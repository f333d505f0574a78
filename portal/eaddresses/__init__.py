"""Electronic addresses of customers, looked up in the national directory before an invoice is written."""
