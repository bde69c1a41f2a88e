"""The TLS engine beside other tools, on the same servers: cost, and what each of them saw."""
