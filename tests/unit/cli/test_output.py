from fractions import Fraction

import pytest

from vtx_dagster.cli.output import clock, counted, print_table


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.0 s"),
        (Fraction(25, 3), "8.3 s"),
        (59.94, "59.9 s"),
        (60, "1:00"),
        (92.5, "1:32"),
        (3600, "1:00:00"),
        (3725, "1:02:05"),
    ],
)
def test_clock(seconds, text):
    assert clock(seconds) == text


@pytest.mark.parametrize(("number", "text"), [(0, "0 clips"), (1, "1 clip"), (2, "2 clips")])
def test_counted(number, text):
    assert counted(number, "clip") == text


def test_tables_keep_brackets_and_long_cells_in_one_line(capsys):
    print_table(("what", "#number"), [("[bold]x[/bold]" + "y" * 150, 7)])
    lines = capsys.readouterr().out.splitlines()
    assert any("[bold]x[/bold]" + "y" * 150 in line and line.rstrip().endswith("7") for line in lines)
