"""From a file on disk to the few frames that matter."""
