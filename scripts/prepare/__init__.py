"""Takes a fresh clone to one that can run and be tested. Standard library only: it comes first."""
