"""`python -m minigen.testing scoreboard`: prove every op, and print the proof."""

import argparse
import sys
from importlib.util import find_spec
from pathlib import Path

from ..errors import UserError
from .scoreboard import Settings, scoreboard, table, write_json

if find_spec("jinja2"):
    from .scoreboard.page import write_page
else:
    write_page = None


def parser():
    """The command line."""
    root = argparse.ArgumentParser(prog="python -m minigen.testing", description=__doc__)
    commands = root.add_subparsers(dest="command", required=True)
    board = commands.add_parser("scoreboard", help="all ops, layers, optimisers and schedules in one table")
    board.add_argument("--cases", type=int, default=100, metavar="N", help="drawn cases for each op (default: 100)")
    board.add_argument("--quick", action="store_true", help="20 cases for each op")
    board.add_argument("--ops", nargs="+", metavar="NAME", help="these ops alone, without layers and optimisers")
    board.add_argument("--seed", type=int, default=0, help="of all draws (default: 0)")
    board.add_argument(
        "--out", type=Path, metavar="FOLDER", help="also write scoreboard.json and scoreboard.html there"
    )
    return root


def main(arguments=None):
    """Run a command.

    Returns:
        The exit status: 0, 1 where a row fails, 2 for bad arguments.
    """
    options = parser().parse_args(arguments)
    cases = 20 if options.quick else options.cases
    try:
        board = scoreboard(Settings(cases, options.ops and tuple(options.ops), options.seed, sys.stderr.isatty()))
    except UserError as error:
        print(f"minigen.testing: {error}", file=sys.stderr)
        return 2
    print(table(board))
    if options.out:
        write_json(board, options.out / "scoreboard.json")
        if write_page is None:
            print("no page was written: that needs Jinja (pip install jinja2)", file=sys.stderr)
        else:
            write_page(board, options.out / "scoreboard.html")
    return 1 if board["summary"]["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
