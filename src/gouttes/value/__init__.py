"""Value: how often customers buy, and whether they still do."""
