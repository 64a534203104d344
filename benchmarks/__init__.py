"""Measurements against what a user would pick instead; ratios of one run, never a test."""
