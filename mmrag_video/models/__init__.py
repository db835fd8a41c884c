"""Models that turn frames and words into vectors, and read the best frames closely."""
