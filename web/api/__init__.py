"""The HTTP API: what the page can do, for programs; described by an OpenAPI document."""
