"""What somebody who types a search means besides what is to be seen: when, where, without, then."""
