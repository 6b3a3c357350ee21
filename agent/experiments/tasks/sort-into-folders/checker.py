"""A quarter of the score for each file in its place."""

PLACES = {"sun.png": "pictures", "moon.png": "pictures", "a.txt": "texts", "b.txt": "texts"}


def check(state):
    wrong = [
        name
        for name, folder in PLACES.items()
        if name in state.entries or state.data(f"{folder}/{name}") != state.fixtures[name]
    ]
    return 1 - len(wrong) / len(PLACES), f"not in place: {wrong}" if wrong else "all in place"
