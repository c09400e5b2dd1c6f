"""A page of ours, written in Markdown, as HTML: headings, paragraphs, lists, tables, examples. Everything in it is escaped."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup, escape

from api.pages.chapters import slug

FENCE: Final = "```"
_CELL: Final = Markup("<td>{}</td>")
_HEADING: Final = re.compile(r"(#{1,6}) (.+)")
_ITEM: Final = re.compile(r"(?:(\d+)\.|-) +(.+)")
_RULE: Final = re.compile(r"\|(?: *:?-+:? *\|)+")
_SPANS: Final = re.compile(r"`([^`]+)`|\*\*([^*]+)\*\*|\*([^*]+)\*|\[([^\]]+)\]\((#[\w-]+)\)")


@dataclass(frozen=True, slots=True)
class Article:
    """A page.

    Args:
        body: its HTML, without the title.
        contents: anchor and words of each section.
    """

    body: Markup
    contents: tuple[tuple[str, str], ...]


def article(text: str, prefix: str) -> Article:
    """Read a page whose first line is its title.

    Args:
        text: Markdown; sections are `##` and become `h3`, the parts of sections `h4`.
        prefix: in front of the anchors of its headings.
    """
    lines = text.splitlines()[1:]
    contents = [(_anchor(line[3:], prefix), line[3:]) for line in _outside(lines) if line.startswith("## ")]
    return Article(Markup("\n").join(_blocks(lines, prefix)), tuple(contents))


def _outside(lines: Sequence[str]) -> Iterator[str]:
    """The lines that stand in no example."""
    inside = False
    for line in lines:
        if line.startswith(FENCE):
            inside = not inside
        elif not inside:
            yield line


def _anchor(words: str, prefix: str) -> str:
    return f"{prefix}-{slug(words)}"


def _blocks(lines: Sequence[str], prefix: str) -> Iterator[Markup]:
    at = 0
    while at < len(lines):
        line = lines[at]
        if line.startswith(FENCE):
            end = next((n for n in range(at + 1, len(lines)) if lines[n].startswith(FENCE)), len(lines))
            yield Markup('<pre tabindex="0"><code>{}</code></pre>').format("\n".join(lines[at + 1 : end]))
        elif heading := _HEADING.fullmatch(line):
            end, level = at, len(heading[1]) + 1
            name, words = _anchor(heading[2], prefix), _spans(heading[2])
            yield Markup('<h{} id="{}">{}</h{}>').format(level, name, words, level)
        elif line.strip():
            end = next((n for n in range(at + 1, len(lines)) if not _goes_on(lines[n], line)), len(lines)) - 1
            made = _table if line.startswith("|") else _list if _ITEM.fullmatch(line) else _paragraph
            yield made(lines[at : end + 1])
        else:
            end = at
        at = end + 1


def _goes_on(line: str, first: str) -> bool:
    """Whether a line belongs to the block that begins with the first one."""
    if not line.strip() or line.startswith((FENCE, "#")):
        return False
    return line.startswith("|") == first.startswith("|")


def _paragraph(lines: Sequence[str]) -> Markup:
    return Markup("<p>{}</p>").format(_spans(" ".join(lines)))


def _list(lines: Sequence[str]) -> Markup:
    items: list[str] = []
    for line in lines:
        found = _ITEM.fullmatch(line)
        if found:
            items.append(found[2])
        else:
            items[-1] += f" {line.strip()}"
    made = Markup("").join(Markup("<li>{}</li>").format(_spans(item)) for item in items)
    return (Markup("<ol>{}</ol>") if lines[0][0].isdigit() else Markup("<ul>{}</ul>")).format(made)


def _table(lines: Sequence[str]) -> Markup:
    ruled = len(lines) > 1 and _RULE.fullmatch(lines[1].strip()) is not None
    head = _row(lines[0], Markup('<th scope="col">{}</th>')) if ruled else Markup("")
    rows = Markup("").join(_row(line, _CELL) for line in (lines[2:] if ruled else lines))
    table = Markup("<table><thead>{}</thead><tbody>{}</tbody></table>").format(head, rows)
    return Markup('<div class="scroll-x" tabindex="0">{}</div>').format(table)


def _row(line: str, cell: Markup) -> Markup:
    cells = [part.strip() for part in line.strip().removeprefix("|").removesuffix("|").split("|")]
    # A heading without words would be read out as one.
    made = ((cell if part else _CELL).format(_spans(part)) for part in cells)
    return Markup("<tr>{}</tr>").format(Markup("").join(made))


def _spans(text: str) -> Markup:
    """Code, strong and stressed words, links within the page."""
    made, at = Markup(""), 0
    for found in _SPANS.finditer(text):
        code, strong, stressed, words, target = found.groups()
        made += escape(text[at : found.start()])
        if code is not None:
            made += Markup("<code>{}</code>").format(code)
        elif words is not None:
            made += Markup('<a href="{}">{}</a>').format(target, words)
        else:
            form = Markup("<em>{}</em>") if strong is None else Markup("<strong>{}</strong>")
            made += form.format(strong or stressed)
        at = found.end()
    return made + escape(text[at:])
