"""What a domain publishes about its transport, taken together."""
