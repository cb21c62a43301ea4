"""Answers to the blanks of the numbered path; look here last."""
