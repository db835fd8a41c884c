"""Work that goes on by itself, in processes of its own beside the page."""
