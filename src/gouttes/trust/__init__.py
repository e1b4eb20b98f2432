"""State, reading, ledger and trajectory of trust."""
