"""`python -m mmrag_video` is the command line."""

from mmrag_video.cli import main

main()
