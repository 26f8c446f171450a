"""Turn other people's test data into environments and scenarios of our own form."""
