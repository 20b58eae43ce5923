"""What stages share; nothing here knows a stage."""
