"""Make the notebook twin of each script, run it, and keep what it shows:  python examples/twins.py [01 05 …]

A twin's cells are its script's. It is committed with its outputs, so that the page can be read where nothing runs.
Needs the extra ``notebook``. Runs of MINIGEN_QUICK=1 are not kept.
"""

import sys
import tempfile
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient
from page import QUICK

HERE = Path(__file__).parent
BEFORE = """
import sys, warnings
sys.path.insert(0, {folder!r})  # Jupyter starts there, and this kernel elsewhere
warnings.filterwarnings("ignore", "IProgress not found")  # where ipywidgets is not installed; no bar is shown anyway
"""


def twin(script):
    """The notebook of a script, executed in a folder of its own that is then forgotten."""
    notebook = jupytext.read(script, fmt="py:percent")
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number}"  # else drawn at random, and every remake a difference
        cell.metadata.clear()
    notebook.metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    notebook.cells.insert(0, nbformat.v4.new_code_cell(BEFORE.format(folder=str(script.parent.resolve()))))
    with tempfile.TemporaryDirectory() as folder:
        where = {"metadata": {"path": folder}}
        NotebookClient(notebook, timeout=600, resources=where, coalesce_streams=True).execute()
    del notebook.cells[0]
    for number, cell in enumerate(c for c in notebook.cells if c.cell_type == "code"):
        cell.execution_count = number + 1
        cell.metadata.clear()  # of times
    notebook.metadata.pop("language_info", None)
    return notebook


def main(wanted):
    """Remake the twins of the scripts whose names begin with one of ``wanted``; of all where it is empty."""
    if QUICK:
        sys.exit("twins show the full run: unset MINIGEN_QUICK")
    for script in sorted(HERE.glob("[0-9]*.py")):
        if not wanted or script.name.startswith(tuple(wanted)):
            path = script.with_suffix(".ipynb")
            nbformat.write(twin(script), path)
            print(f"{path.name}: {path.stat().st_size / 1024:.0f} kB")


if __name__ == "__main__":
    main(sys.argv[1:])
