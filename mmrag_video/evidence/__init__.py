"""A case as evidence: a folder or a zip that says itself whether it was changed since."""
