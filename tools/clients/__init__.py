"""How clients are made to say hello, and what becomes of the hello; see `tools/record_clients.py`."""
