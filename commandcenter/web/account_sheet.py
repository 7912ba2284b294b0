"""A workbook with accounts, read under the same guard as any file that is delivered."""

from __future__ import annotations

from pathlib import Path

from commandcenter.errors import BadInput
from commandcenter.security.bulk import headings
from commandcenter.text import Text
from ingest.readers.opened import check_there
from ingest.readers.xlsx import opened_book


def sheet_rows(path: Path) -> list[tuple[int, dict[str, str]]]:
    """The rows of the first visible sheet below its headings, by column, each with its number. Raises BadInput."""
    check_there(path)
    with opened_book(path) as book:
        for name in book.visible:
            rows = iter(book.rows(name))
            first = next((row for row in rows if any(text.strip() for text in row.cells.values())), None)
            if first is not None:
                break
        else:
            raise BadInput(Text(f"{path.name} 是空的。", f"{path.name} is empty."))
        columns = headings((at, text) for at, text in first.cells.items())
        found = []
        for row in rows:
            if any(text.strip() for text in row.cells.values()):
                found.append((row.number, {key: row.cells.get(at, "") for key, at in columns.items()}))
        return found
