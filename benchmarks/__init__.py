"""How fast the map is, measured beside a peer on the same database in the same run; `python -m benchmarks` writes docs/benchmarks.md."""
