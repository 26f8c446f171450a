"""Keep customers' rules: what may be uploaded, what holds, and what others would have said."""
