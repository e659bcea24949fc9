"""The catalogue: what is published, by whom, under which terms, and what one may use."""
