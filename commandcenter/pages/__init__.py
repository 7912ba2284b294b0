"""The pages of the command center, an explicit list: the factory registers them, nothing happens at import."""

from commandcenter.pages.data import PAGE as DATA
from commandcenter.pages.wall import PAGE as WALL

PAGES = (WALL, DATA)
