"""The names by which the wall's callbacks and its scripts in ``assets/`` know the parts of the page."""

MAP = "wall-map"
PICKED = "wall-picked"  # what was clicked: {current, others, language}
ASK = "wall-ask"  # which figures are wanted: {preset, language, at}
QUERY = "wall-query"  # what is searched: {text, language}
CARD = "wall-card"
QUEUE = "wall-queue"
STRIP = "wall-strip"
RESULTS = "wall-results"
SELECTION = "wall-selection"
LIVE_LAYERS = ("cases",)


def live(layer: str) -> str:
    """The GeoJSON component of a live layer."""
    return f"wall-live-{layer}"
