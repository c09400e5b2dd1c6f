"""Reading a slip as a person and a telephone do: its words, and the squares of its code."""

import io
from dataclasses import dataclass

import pypdf
from pypdf.generic import ContentStream

POINTS_PER_MM = 72 / 25.4


@dataclass(frozen=True, slots=True)
class Paper:
    """A printed slip.

    Args:
        text: all its words, in the order of the page.
        width_mm, height_mm: of the sheet.
        pages: how many sheets.
        code: the squares of the QR code, row by row; True is dark.
    """

    text: str
    width_mm: int
    height_mm: int
    pages: int
    code: tuple[tuple[bool, ...], ...]


def read_slip(raw: bytes) -> Paper:
    """Take a PDF apart."""
    reader = pypdf.PdfReader(io.BytesIO(raw))
    box = reader.pages[0].mediabox
    return Paper(
        text="\n".join(page.extract_text() for page in reader.pages),
        width_mm=round(float(box.width) / POINTS_PER_MM),
        height_mm=round(float(box.height) / POINTS_PER_MM),
        pages=len(reader.pages),
        code=_code(reader),
    )


def _code(reader: pypdf.PdfReader) -> tuple[tuple[bool, ...], ...]:
    """The code is drawn as level strokes one square high, in units of squares; no other drawing has so many."""
    dark: set[tuple[int, int]] = set()
    for page in reader.pages:
        operations = ContentStream(page.get_contents(), reader).operations
        strokes: list[tuple[float, float, float]] = []
        at = (0.0, 0.0)
        for operands, operator in operations:
            if operator == b"m":
                at = (float(operands[0]), float(operands[1]))
            elif operator == b"l":
                to = (float(operands[0]), float(operands[1]))
                if to[1] == at[1] and at[1] % 1 == 0.5:
                    strokes.append((at[1], at[0], to[0]))
                at = to
        for y, begin, end in strokes:
            dark |= {(int(y), x) for x in range(int(begin), int(end))}
    top, left = min(y for y, _ in dark), min(x for _, x in dark)
    size = max(y for y, _ in dark) - top + 1
    return tuple(tuple((top + y, left + x) in dark for x in range(size)) for y in range(size))
