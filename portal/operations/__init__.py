"""The operator's page of work: what is done, by whom, what failed and why, and the way to go on."""
