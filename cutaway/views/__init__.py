"""Ways to look at a trace or a net. Each stands alone: none imports another."""
