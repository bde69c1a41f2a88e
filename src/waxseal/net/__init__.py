"""The only sockets and clocks: streams, TLS, DNS, root stores, the address guard."""
