"""The names by which the desk's callbacks and its scripts in ``assets/`` know the parts of the page."""

ASK = "desk-ask"  # what is looked at: {source, run, rule, language, at}
COMMAND = "desk-command"  # what is to be done: {act, ..., language}
DONE = "desk-done"  # what came of it: {sentence, good, go, at}
TICK = "desk-tick"  # beats each second while something runs
VIEW = "desk-view"
NARROW = "desk-narrow"  # another rule of the same rows, or the same rows anew: {source, run, rule, language, at}
RULES = "desk-rules-place"
REFUSED = "desk-refused-place"
SHOWN = "desk-shown"  # whose rows the table shows
NOW = "desk-now"  # what runs at this moment
GRID = "desk-grid"
EDITOR = "desk-editor"
MAP = "desk-map"
PLACED = "desk-placed"  # where the chosen row lies
DRAWN = ("accepted", "refused", "proposed", "chosen")


def drawn(what: str) -> str:
    """The GeoJSON component of one kind of row on the preview map."""
    return f"desk-drawn-{what}"
