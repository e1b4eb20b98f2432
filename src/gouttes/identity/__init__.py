"""From subject keys to people."""
