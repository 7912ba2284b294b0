"""What a file is before anybody loads it: its content, encodings, fields, places and reference system, and a mapping to finish."""

from ingest.inspecting.inspection import Inspection, inspect_file

__all__ = ["Inspection", "inspect_file"]
