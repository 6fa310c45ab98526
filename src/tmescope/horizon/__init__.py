"""What the world's research is doing: what papers and trials mention, how fast it grows, who is active where."""
