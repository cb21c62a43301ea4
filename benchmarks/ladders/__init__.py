"""From the naive loop to what ships, one rung at a time: each checked against the reference, then timed."""
