"""Opening shop on the screen: what is missing, mail and store tried, offers put on sale."""
