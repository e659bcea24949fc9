"""One module a family of files. All of it runs in the child process only: hostile files meet this code."""
