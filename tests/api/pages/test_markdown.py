"""Pages written in Markdown, as the documentation shows them."""

import pytest

from api.pages.markdown import article

PAGE = """# Title

Words with `<code>`, **strong** and *stressed* ones, and a [link](#p-two),
over two lines.

## Two

| what | |
|---|---|
| `a` | **b** & c |

1. first
   goes on
2. second

- one
- <script>

### Part

```
<raw> | `kept` **as it is**

## no heading
```
"""

WORDS = (
    "<p>Words with <code>&lt;code&gt;</code>, <strong>strong</strong> and <em>stressed</em> ones,"
    ' and a <a href="#p-two">link</a>, over two lines.</p>'
)
TABLE = (
    '<div class="scroll-x" tabindex="0"><table><thead><tr><th scope="col">what</th><td></td></tr></thead>'
    "<tbody><tr><td><code>a</code></td><td><strong>b</strong> &amp; c</td></tr></tbody></table></div>"
)


def test_blocks_become_what_they_are() -> None:
    """Sections, tables, lists and examples are read by people and by screen readers as such."""
    found = article(PAGE, "p")
    assert found.contents == (("p-two", "Two"),)
    assert str(found.body).splitlines() == [
        WORDS,
        '<h3 id="p-two">Two</h3>',
        TABLE,
        "<ol><li>first goes on</li><li>second</li></ol>",
        "<ul><li>one</li><li>&lt;script&gt;</li></ul>",
        '<h4 id="p-part">Part</h4>',
        '<pre tabindex="0"><code>&lt;raw&gt; | `kept` **as it is**',
        "",
        "## no heading</code></pre>",
    ]


@pytest.mark.parametrize(
    "text", ["", "# only a title", "# t\n\n```\nnever ended", "# t\n|", "# t\n\n- \n  x", "# t\n####### seven"]
)
def test_anything_is_read(text: str) -> None:
    """A page that somebody is still writing is shown as far as it goes."""
    article(text, "p")
