"""Measures how fast the program is, always beside what the machine could do at best in the same minutes."""
