"""What an event or a behaviour says about trust: rules are data."""
