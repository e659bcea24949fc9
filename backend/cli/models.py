"""`qanat models list` and `qanat models get NAME`."""
