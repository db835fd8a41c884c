"""Vectors and their frames in Milvus."""
