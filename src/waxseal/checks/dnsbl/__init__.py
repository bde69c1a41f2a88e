"""What DNS blocklists say of a mail host's addresses."""
