"""Who works with the portal: invited, given a role, stopped at once; and each person's own account."""
