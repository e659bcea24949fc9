"""From a file's bytes to its text, pages and structure: in a child process that holds no keys."""
