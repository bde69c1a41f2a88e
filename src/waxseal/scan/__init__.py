"""Plans probes for a target, runs them, and collects the facts."""
