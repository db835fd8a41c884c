"""The search page: Flask, server-rendered, nothing loaded from outside."""
