"""Checks of IMAP, POP3 and ManageSieve dialogues: greeting, capabilities, STARTTLS, responses."""
