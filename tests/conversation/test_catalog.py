"""The catalog: the browser learns every function of an expression from the one table."""

from __future__ import annotations

import re

from paramwidget.conversation.catalog import catalog_message
from paramwidget.edit.formula.functions import CONSTANTS, FUNCTIONS
from paramwidget.edit.formula.operators import OPERATORS
from paramwidget.edit.formula.parse import parse


def test_the_catalog_lists_every_row_of_the_expression_language() -> None:
    listed = catalog_message().functions
    rows = [*FUNCTIONS.values(), *OPERATORS.values()]
    assert {(one.call, one.means) for one in listed} == {
        *((row.call, row.means) for row in rows),
        *((row.name, row.means) for row in CONSTANTS.values()),
    }
    assert all(one.means for one in listed)


def test_what_the_catalog_lists_can_be_written() -> None:
    message = catalog_message()
    for call in (call for one in message.functions for call in re.split(r"(?<=\)), ", one.call)):
        named = call in CONSTANTS
        parse(call if named else re.sub(r"\b[A-Za-z]\w*\b(?!\()", "w", call))
    for example in message.examples:
        parse(example)
