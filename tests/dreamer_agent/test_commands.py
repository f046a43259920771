"""What the commands print."""

import io

import numpy as np
from dreamer_agent.commands import _print_texts
from dreamer_agent.model.open_loop import OpenLoop
from rich.console import Console


def test_predicted_text_that_looks_like_markup_is_printed_as_it_is():
    ids = np.zeros((1, 3, 8), np.int64)
    ids[:, :, :6] = [ord(letter) for letter in "[/W)m]"]
    none = np.zeros((1, 3), np.float32)
    result = OpenLoop({"text": (ids, ids)}, (none, none), (none, none), 1)
    console = Console(file=io.StringIO(), width=80)
    _print_texts(console, result, 0, {"text": "tokens"}, {})
    assert console.file.getvalue().count("[/W)m]") == 2
