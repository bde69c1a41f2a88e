"""What lives around STARTTLS in every mail protocol: smuggled commands, and what a server does not forget."""
