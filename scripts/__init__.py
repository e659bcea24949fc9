"""What is done to the repository: prepare, test, bench, lock; run as `python3 -m scripts.NAME` there."""
