"""Probabilistic record linkage (Fellegi & Sunter 1969): which records are one person, how surely, and why."""
