"""Tests of an agent: questions with what a right answer is like, and the gate they are for publishing."""
