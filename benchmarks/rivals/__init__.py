"""What a developer would pick instead: a queue with one job for each post, told to run it at its time."""
