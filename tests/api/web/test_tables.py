"""Tables on telephones: a row is read without its head."""

from markupsafe import Markup, escape

from api.web.tables import labelled

NAMES = ("Time", "Amount", "State & more")


def test_each_cell_says_what_it_is() -> None:
    """Who reads a table on a telephone, or hears it read, knows of each figure what it means."""
    rows = Markup('<tr id="a"><td class="when">08:30</td><td class="number">¥1.00</td><td>Paid</td></tr>')
    assert labelled(rows, NAMES) == (
        '<tr role="row" id="a"><td role="cell" data-label="Time" class="when">08:30</td>'
        '<td role="cell" data-label="Amount" class="number">¥1.00</td>'
        '<td role="cell" data-label="State &amp; more">Paid</td></tr>'
    )


def test_wide_cell_takes_the_names_of_several_columns() -> None:
    """The sum below a bill is not said to be the unit price."""
    total = labelled(Markup('<tr><th scope="row" colspan="2">Total</th><td>¥1.00</td></tr>'), NAMES)
    assert '<th role="rowheader" data-label="Time" scope="row" colspan="2">Total' in total
    assert '<td role="cell" data-label="State &amp; more">¥1.00' in total


def test_what_people_typed_stays_text() -> None:
    """Somebody who writes tags into a reason changes no table."""
    rows = Markup("<tr><td>{}</td></tr>").format(escape("<td onclick=x>"))
    assert labelled(rows, NAMES) == '<tr role="row"><td role="cell" data-label="Time">&lt;td onclick=x&gt;</td></tr>'
