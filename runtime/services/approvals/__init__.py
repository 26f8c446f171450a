"""Let people grant or deny what others ask for."""
