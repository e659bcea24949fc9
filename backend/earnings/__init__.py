"""Earnings: what one's receipts were credited, and claiming it."""
