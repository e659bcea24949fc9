"""The language models of this server: the one that came with it, and those that its operator added."""
