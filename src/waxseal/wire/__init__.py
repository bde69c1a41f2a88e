"""Everything with a grammar, sans-IO: octets in, values and events out; never raises on received octets."""
