"""Checks of the SMTP dialogue: greeting, EHLO, STARTTLS, replies."""
