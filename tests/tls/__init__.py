"""Old, odd and broken TLS servers on loopback, and the front that puts STARTTLS before them."""
