"""Models that write: behind one protocol, chosen by the setting that is given."""
