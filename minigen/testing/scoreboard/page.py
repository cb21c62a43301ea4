"""The scoreboard as one HTML file that needs nothing else; written with Jinja (``pip install jinja2``)."""

from pathlib import Path

from jinja2 import Environment, StrictUndefined

from .table import COLUMNS, cells, closing, number

TEMPLATE = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>minigen: the scoreboard</title>
<style>
  body { font: 15px/1.5 system-ui, sans-serif; color: #222; max-width: 76rem; margin: 2rem auto; padding: 0 1rem; }
  table { border-collapse: collapse; margin: 1rem 0 2rem; font-variant-numeric: tabular-nums; }
  th, td { padding: .15rem .7rem; text-align: right; white-space: nowrap; border-bottom: 1px solid #e5e5e5; }
  th:first-child, td:first-child { text-align: left; }
  thead th { position: sticky; top: 0; background: #fff; border-bottom: 2px solid #888; }
  thead tr.groups th { position: static; border-bottom: 0; text-align: center; color: #666; font-weight: normal; }
  tr.fail { background: #fde4e1; }
  .verdict { font-size: 1.15rem; font-weight: 600; }
  pre { background: #f6f6f6; padding: .7rem; white-space: pre-wrap; }
  .wide { overflow-x: auto; }
</style>
<h1>minigen: the scoreboard</h1>
<p class="verdict">
{{ "Rows that fail: " ~ summary.failed | join(", ") if summary.failed else "Every row passes." }}</p>
<p>{{ machine.date }}, {{ machine.processor }} ({{ machine.cores }} cores),
Python {{ machine.python }}
{%- for name, version in machine.versions.items() %}, {{ name }} {{ version or "not installed" }}{% endfor %}.
{{ board.settings.cases }} drawn cases an op, seed {{ board.settings.seed }}.</p>
<p>An error is max|a−b| / max(1, max|b|), for linear solvers on OpInfo samples divided by the condition number.
Against PyTorch in float64 a value may be off by {{ tolerances.forward }}, a gradient by {{ tolerances.first }}, a
gradient of a gradient by {{ tolerances.second }}. A backend may be {{ tolerances.ulp }} ulp, units in the last place of
max(1, max|b|), away from the reference backend in float32, in values and gradients.</p>
<pre>{% for line in closing %}{{ line }}
{% endfor %}</pre>
<h2>Ops</h2>
<div class="wide"><table>
<thead>
<tr class="groups"><th colspan="2"></th><th colspan="2">against NumPy</th><th colspan="3">against PyTorch, drawn</th>
<th colspan="4">against PyTorch, OpInfo samples</th><th></th></tr>
<tr>{% for column in columns %}<th>{{ column }}</th>{% endfor %}</tr></thead>
{% for row in board.ops %}<tr{% if row.failures %} class="fail"{% endif %}>
{%- for cell in cells(row) %}<td>{{ cell }}</td>{% endfor %}</tr>
{% endfor %}</table></div>
{% if board.layers %}<h2>Layers, from equal weights</h2>
<table><thead><tr><th>layer</th><th>value</th><th>gradient</th><th>2nd</th></tr></thead>
{% for row in board.layers %}<tr{% if row.failures %} class="fail"{% endif %}><td>{{ row.name }}</td>
<td>{{ number(row.forward) }}</td><td>{{ number(row.first) }}</td><td>{{ number(row.second) }}</td></tr>
{% endfor %}</table>{% endif %}
{% for what, rows in (("Optimisers, 100 steps", board.optimisers), ("Schedules, 100 steps", board.schedules)) if rows %}
<h2>{{ what }}</h2>
<table><thead><tr><th>name</th><th>error</th></tr></thead>
{% for row in rows %}<tr{% if row.failures %} class="fail"{% endif %}>
<td>{{ row.name }}</td><td>{{ number(row.error) }}</td></tr>
{% endfor %}</table>
{% endfor %}</html>
"""


def write_page(board, path):
    """Write a scoreboard as a page."""
    template = Environment(autoescape=True, undefined=StrictUndefined).from_string(TEMPLATE)
    text = template.render(
        board=board,
        machine=board["machine"],
        summary=board["summary"],
        tolerances=board["tolerances"],
        closing=closing(board),
        columns=COLUMNS,
        cells=cells,
        number=number,
    )
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
