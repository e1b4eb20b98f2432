"""The event log: append-only, bi-temporal, and able to forget."""
