"""A comparison as one HTML page beside its picture; written with Jinja (``pip install jinja2``)."""

from pathlib import Path

from jinja2 import Environment, StrictUndefined

from .table import COLUMNS, rows_in

TEMPLATE = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>minigen: four families, one table</title>
<style>
  body { font: 15px/1.5 system-ui, sans-serif; color: #222; max-width: 64rem; margin: 2rem auto; padding: 0 1rem; }
  table { border-collapse: collapse; margin: 1rem 0 2rem; font-variant-numeric: tabular-nums; }
  th, td { padding: .2rem .8rem; text-align: right; border-bottom: 1px solid #e5e5e5; vertical-align: top; }
  td { white-space: nowrap; } .words td, .note { white-space: normal; }
  th:first-child, td:first-child, .words td, .words th, .note { text-align: left; }
  thead th { border-bottom: 2px solid #888; }
  .best { font-weight: 700; }
  .supported { color: #00664b; } .refuted { color: #a33c00; } .undecided, .untestable { color: #666; }
  img { max-width: 100%; }
  small { color: #555; }
</style>
<h1>Four families, one table</h1>
<p>{{ results.data }}</p>
<p>Each family trained for {{ budget }} on {{ results.machine.processor }} ({{ results.machine.cores }} cores),
seeds: {{ results.plan.seeds }}, learning rates tried: {{ results.plan.trials }}, chosen on validation data; the test
data were looked at once. Mean ± standard error {{ "over seeds" if results.plan.seeds > 1 else "of the number
itself, where it is known" }}; bold: no other family is better by more than 2 standard errors.
{{ results.machine.date }}, Python {{ results.machine.python }}
{%- for name, version in results.machine.versions.items() if version %}, {{ name }} {{ version }}{% endfor %}.</p>
<p>What is alike, these networks say, trained or drawn before any model and then frozen:
{% for name, facts in results.judge.items() %}<br>{{ name }}:
{%- for fact, value in facts.items() if fact != "sha256" %} {{ fact.replace("_", " ") }}
{{ "%.4g"|format(value) if value is float else value }}{{ "," if not loop.last }}{% endfor %}
{%- if facts.sha256 %} <small>(SHA-256 {{ facts.sha256[:16] }}…)</small>{% endif %}{% endfor %}</p>
<img src="comparison.png" alt="Samples of each family beside data, and their quality over time">
<table><thead><tr><th></th>{% for family in results.table %}<th>{{ family }}</th>{% endfor %}</tr></thead>
{% for title in titles %}<tr><td>{{ title }}</td>
{%- for row in rows.values() %}<td{% if row[title].best %} class="best"{% endif %}>
{{- row[title].text(digits[title]) }}</td>{% endfor %}</tr>
{% endfor %}</table>
{% if failed %}<p>Did not end: {% for e in failed %}{{ e.family }}, seed {{ e.seed }}: {{ e.status }} {% endfor %}</p>
{% endif %}
<h2>Floors and noise</h2>
<p>The same numbers at the same n for real data against other real data, and for noise.</p>
<table><thead><tr><th></th><th>real against real</th><th>noise</th><th></th></tr></thead>
{% for name, floor, noise, note in floors %}<tr><td>{{ name }}</td><td>{{ floor }}</td><td>{{ noise }}</td>
<td class="note"><small>{{ note }}</small></td></tr>
{% endfor %}</table>
<h2>The course's sentences</h2>
<table class="words"><thead><tr><th>sentence</th><th>found</th><th>verdict</th></tr></thead>
{% for s in results.sentences %}<tr><td>{{ s.sentence }}<br><small>{{ s.metric }}; {{ s.rule }}</small></td>
<td>{{ s.found }}</td><td class="{{ "untestable" if "not" in s.verdict else s.verdict }}">{{ s.verdict }}</td></tr>
{% endfor %}</table>
<h2>Where the text is imprecise</h2>
<ul>{% for note, source in results.notes %}<li>{{ note }} <small>{{ source }}</small></li>{% endfor %}</ul>
</html>
"""


def write_page(results, path):
    """Write results as a page; the picture lies beside it."""
    environment = Environment(autoescape=True, undefined=StrictUndefined)
    first = next((e for e in results["entrants"] if e["status"] == "ok"), None)
    plan = results["plan"]
    text = environment.from_string(TEMPLATE).render(
        results=results,
        rows=rows_in(results),
        titles=list(next(iter(results["table"].values()), {})),
        digits={column.title: column.digits for column in COLUMNS},
        failed=[e for e in results["entrants"] if e["status"] != "ok"],
        floors=_floors(first["scores"]) if first else [],
        budget=f"{plan['budget']:.0f} s" if plan["equal"] == "seconds" else "the same number of operations",
    )
    Path(path).write_text(text)


def _floors(scores):
    """(title, floor, noise, note) of each score that has them."""
    titles = {column.path[1]: column.title for column in COLUMNS if column.path[0] == "scores"}
    return [
        (titles.get(name, name), _number(score["floor"]), _number(score["noise"]), score.get("note", ""))
        for name, score in scores.items()
        if score.get("floor")
    ]


def _number(score):
    return "–" if score["value"] is None else f"{score['value']:.4f}"
