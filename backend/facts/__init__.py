"""What agents remember of people: sealed for the person, seen and erased by them alone."""
