"""The command center: one city's electronic map, cases, grids and sky eye in one spatial view."""

__version__ = "0.1.0"
