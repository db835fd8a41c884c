"""Cameras, recordings and ingest runs in SQLite."""
