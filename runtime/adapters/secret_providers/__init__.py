"""Ask those who keep secrets: Vault or OpenBao, AWS, Google, files and the environment."""
