"""The audit: every look, export and change leaves an event; a chain seals them, signed heads outside the database witness the chain."""
