"""What runs ask of people: kept until somebody answers, also over restarts."""
