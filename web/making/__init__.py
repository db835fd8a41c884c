"""What takes too long for one answer: clips and evidence, made in the background."""
