"""The shapes of what events say, a file for each noun; `event_catalogue` holds them together."""
