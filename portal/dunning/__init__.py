"""Late payers: what they owe on top, who reminds them and when, and what follows if they do not pay."""
