"""Validation: how well probabilities fit what people did afterwards, and what they add to plainer ones."""
