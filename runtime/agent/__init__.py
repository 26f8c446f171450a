"""Turn a message into a proposal; nothing here can execute one."""
