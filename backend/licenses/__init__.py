"""Licenses: what one holds, buying, topping up, renewing."""
