"""Reading a page as a browser would: its elements, its words, its addresses."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Final

VOID: Final = frozenset({"meta", "link", "img", "br", "hr", "input", "path", "rect", "use", "stop", "circle"})


@dataclass
class Element:
    """An element with its attributes, its words and what is inside."""

    name: str
    attributes: dict[str, str | None]
    children: list["Element"] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    def walk(self) -> Iterator["Element"]:
        yield self
        for child in self.children:
            yield from child.walk()

    def words(self) -> str:
        """All words in order of their elements, white space made one."""
        return " ".join(" ".join(text.split()) for element in self.walk() for text in element.texts if text.strip())

    def all(self, name: str = "", **attributes: str) -> list["Element"]:
        wanted = {key.strip("_").replace("_", "-"): value for key, value in attributes.items()}
        return [
            element
            for element in self.walk()
            if (not name or element.name == name)
            and all(element.attributes.get(key) == value for key, value in wanted.items())
        ]

    def one(self, name: str = "", **attributes: str) -> "Element":
        (found,) = self.all(name, **attributes)
        return found


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("", {})
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, dict(attrs))
        self._open[-1].children.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open[-1].children.append(Element(tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        assert self._open[-1].name == tag, f"</{tag}> closes <{self._open[-1].name}>"
        self._open.pop()

    def handle_data(self, data: str) -> None:
        if self._open[-1].name not in ("script", "style"):
            # Words after a child belong behind it: a child of its own keeps the order.
            self._open[-1].children.append(Element("#text", {}, texts=[data]))


def parse(html: str) -> Element:
    """The page as a tree; an element that is closed out of order fails."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    assert reader._open == [reader.root], f"{reader._open[-1].name} is not closed"
    return reader.root
