"""Everything with a grammar, sans-IO: octets in, parsed values and events out; never raises on received octets."""
