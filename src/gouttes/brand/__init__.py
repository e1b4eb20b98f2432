"""From trust in a person to trust in the company: where the variance lies, what a new colleague inherits."""
