"""`python -m backend`: the same as `qanat`."""

from backend.cli import main

main()
