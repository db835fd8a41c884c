"""From moments to what other programs and people work with: one file per format."""
