"""What travels between the stages: configuration, row models, reason codes. Imports nothing of the other packages."""
