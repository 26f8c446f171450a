"""Let callers follow events as they happen: one feed an organization, one stream a reader."""
