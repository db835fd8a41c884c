"""Numbers of things in words."""


def counted(number: int, thing: str) -> str:
    """`1 moment`, `2 moments`: a thing whose plural ends in s."""
    return f"{number} {thing}" + ("" if number == 1 else "s")
