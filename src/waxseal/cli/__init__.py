"""The command line: wires the parts together and decides nothing."""
