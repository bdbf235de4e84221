"""Who may do what: keys and the permission table."""
