"""Real mail servers from Debian packages, started on loopback for the tests; see README.md."""
