"""What a TLS server takes and how it behaves, by strands of questions, a pool of connections."""
