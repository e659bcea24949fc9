"""The root key over HTTP, and what keeps it: the operator of the server decides."""
