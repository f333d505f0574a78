"""The guide for those who use the portal: pages of Markdown in docs/guide, shown and found on screen."""
