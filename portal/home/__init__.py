"""What each role sees first; documents, mails of the demonstration, health of the installation."""
