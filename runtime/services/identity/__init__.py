"""Find out who asks: credentials, how they are made, and what their holders may do."""
