"""The mails of a customer (courrier): all of them, what became of each, and the same words once more."""
