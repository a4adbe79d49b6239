"""Reads every export with the programs that analysts use, and compares what they read.

The first argument is the address of a console, the second an empty folder to work in.
"""

import csv
import datetime
import io
import json
import sys
import urllib.parse
import urllib.request
import zipfile
from decimal import Decimal
from pathlib import Path

import duckdb
import frictionless
import openpyxl
import pyarrow.parquet as parquet

base, folder = sys.argv[1], Path(sys.argv[2])
FORMULA = tuple("=+-@\t\r\n＝＋－＠")
BEIJING = datetime.timezone(datetime.timedelta(hours=8))


def get(path, **query):
    with urllib.request.urlopen(f"{base}{path}?{urllib.parse.urlencode(query)}") as answer:
        return answer.read(), answer.headers


def export(shape, format, **more):
    return get("/api/v1/export", shape=shape, format=format, **more)


def plain(value):
    """A value in one form, whichever program read it."""
    if value is None or value == "":
        return None
    if isinstance(value, datetime.datetime):
        local = value.astimezone(BEIJING) if value.tzinfo else value
        # A spreadsheet keeps moments as fractions of a day.
        rounded = local.replace(tzinfo=None) + datetime.timedelta(milliseconds=500)
        return rounded.replace(microsecond=0).isoformat(" ")
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, (int, float, Decimal)):
        return f"{Decimal(str(value)).normalize():f}"
    return value


def from_jsonl(data):
    rows = [json.loads(line, parse_float=Decimal) for line in data.decode().splitlines()]
    return [{name: plain(value) for name, value in row.items()} for row in rows]


def from_csv(data, numbers):
    assert data.startswith(b"\xef\xbb\xbf"), "no byte order mark"
    text = io.StringIO(data.decode("utf-8-sig"), newline="")
    rows = []
    for row in csv.DictReader(text, strict=True):
        assert None not in row and None not in row.values(), row
        for name, value in row.items():
            if name in numbers:
                row[name] = plain(Decimal(value)) if value else None
            else:
                assert not value.startswith(FORMULA), (name, value)
                bare = value[1:] if value.startswith("'") and value[1:].startswith(FORMULA) else value
                row[name] = bare or None
        rows.append(row)
    return rows


def from_xlsx(data, shape, days):
    book = openpyxl.load_workbook(io.BytesIO(data))
    sheet = book.worksheets[0]
    assert sheet.freeze_panes == "A2", sheet.freeze_panes
    assert sheet["A1"].font.b and sheet.auto_filter.ref.startswith("A1:")
    for cells in sheet.iter_rows():
        for cell in cells:
            assert cell.data_type != "f", (cell.coordinate, cell.value)
    provenance = dict(book["来源说明"].iter_rows(min_row=2, values_only=True))
    rows = list(sheet.iter_rows(values_only=True))
    assert int(provenance["rows"]) == len(rows) - 1, provenance
    if shape != "dictionary":
        described = {row[1] for row in book["字段说明"].iter_rows(min_row=2, values_only=True)}
        assert described == set(rows[0]), described ^ set(rows[0])
    # Openpyxl reads a day as its midnight.
    day = lambda name, value: value.date() if name in days and value else value
    return [{name: plain(day(name, value)) for name, value in zip(rows[0], row)} for row in rows[1:]]


def from_parquet(data):
    table = parquet.read_table(io.BytesIO(data))
    metadata = {name.decode(): json.loads(value) for name, value in table.schema.metadata.items() if name.startswith(b"gouji.")}
    assert int(metadata["gouji.provenance"]["rows"]) == table.num_rows
    assert [column["column"] for column in metadata["gouji.dictionary"]["columns"]] == table.column_names
    rows = [{name: plain(value) for name, value in row.items()} for row in table.to_pylist()]
    return rows, {field.name: str(field.type) for field in table.schema}


def same(shape, format, expected, found):
    assert len(expected) == len(found), (shape, format, len(expected), len(found))
    for number, (one, other) in enumerate(zip(expected, found)):
        assert list(one) == list(other), (shape, format)
        for name, value in one.items():
            assert value == other[name], (shape, format, number, name, value, other[name])


def moments(rows):
    """JSON has moments as texts by RFC 3339."""
    for row in rows:
        for name in ("submitted_at",):
            if row.get(name):
                row[name] = plain(datetime.datetime.fromisoformat(row[name]))
    return rows


tables = {}
dictionary = {(row["shape"], row["column"]): row for row in from_jsonl(export("dictionary", "jsonl")[0])}
for shape in ("reports", "figures", "findings", "versions", "dictionary"):
    data, headers = export(shape, "jsonl")
    rows = tables[shape] = moments(from_jsonl(data))
    assert rows, shape
    if headers["Gouji-Rows"]:
        assert int(headers["Gouji-Rows"]) == len(rows), (shape, headers["Gouji-Rows"])
    kinds = {column: row["type"] for (of, column), row in dictionary.items() if of == shape}
    assert list(kinds) == list(rows[0]), shape
    numbers = {column for column, kind in kinds.items() if kind in ("integer", "decimal")}
    same(shape, "csv", rows, from_csv(export(shape, "csv")[0], numbers))
    days = {column for column, kind in kinds.items() if kind == "date"}
    same(shape, "xlsx", rows, from_xlsx(export(shape, "xlsx")[0], shape, days))
    found, types = from_parquet(export(shape, "parquet")[0])
    same(shape, "parquet", rows, found)
    wanted = {"text": "string", "integer": "int64", "decimal": "decimal128(38, 10)", "date": "date32[day]", "time": "timestamp[ms, tz=UTC]"}
    assert types == {column: wanted[kind] for column, kind in kinds.items()}, types
    for format in ("csv", "xlsx", "parquet", "jsonl"):
        assert export(shape, format, names="zh")[0], (shape, format)

# Every figure is the one that the API and `gouji check` tell.
compared = 0
figures = {(row["key"], row["cell"]): row for row in tables["figures"]}
reports = {row["key"]: row for row in tables["reports"]}
hits = json.loads(get("/api/v1/reports", limit=200)[0])["hits"]
assert {hit["key"] for hit in hits} == set(reports) and len(hits) == len(reports)
states = set()
for hit in hits:
    cells = json.loads(get(f"/api/v1/reports/{hit['key']}/cells")[0], parse_float=Decimal)["cells"]
    wide = reports[hit["key"]]
    for cell, truth in cells.items():
        figure = figures.pop((hit["key"], cell))
        value = plain(Decimal(truth["value"])) if truth["value"] is not None else None
        is_doubtful = truth["state"] == "doubtful"
        assert figure["value"] == (None if is_doubtful else value), (figure, truth)
        assert figure["doubtful_value"] == (value if is_doubtful else None), (figure, truth)
        assert figure["state"] == truth["state"] and figure["text"] == (truth["text"] or None), (figure, truth)
        assert figure["doubt"] == truth.get("doubt"), (figure, truth)
        origin = truth["origin"] or {}
        from_one = lambda index: None if index is None else str(index + 1)
        page, line = origin.get("page"), origin.get("line") or None
        assert figure["page"] == (page and str(page)) and figure["line"] == (line and str(line)), (figure, truth)
        assert figure["row"] == from_one(origin.get("row")) and figure["column"] == from_one(origin.get("column"))
        listed = (wide["cell_states"] or "").split(";")
        mine = [one for one in listed if one.split(":")[0] == cell]
        if truth["state"] == "read" and wide[cell] == value:
            assert not mine, mine
        else:
            assert len(mine) == 1 and mine[0].startswith(f"{cell}:{truth['state']}"), (cell, mine, truth)
        assert wide[cell] in (None, figure["value"]), (wide[cell], figure)
        states.add(truth["state"])
        compared += 1
assert not figures, list(figures)[:3]
assert compared > 3000, compared
assert {"read", "placeholder", "missing", "derived", "doubtful"} <= states, states

# DuckDB sums what was summed here.
path = folder / "figures.parquet"
path.write_bytes(export("figures", "parquet")[0])
query = "select sum(value) from read_parquet(?) where cell = 'requests.received.total'"
(total,) = duckdb.execute(query, [str(path)]).fetchone()
expected = sum(Decimal(row["value"]) for row in tables["figures"] if row["cell"] == "requests.received.total" and row["value"])
assert Decimal(total) == expected and expected > 0, (total, expected)

# Filters choose.
some, _ = export("reports", "jsonl", year="2023", verdict="fail")
some = from_jsonl(some)
assert 0 < len(some) < len(reports)
assert all(row["year"] == "2023" and row["verdict"] == "fail" for row in some)

# The package is what it says of itself.
data, _ = export("reports", "package", licence="CC-BY-4.0", publisher="某市政务公开办", findings="true")
package = folder / "package"
zipfile.ZipFile(io.BytesIO(data)).extractall(package)
report = frictionless.Package(str(package / "datapackage.json"))
for resource in list(report.resources):
    # Frictionless reads Parquet only with pandas.
    if resource.format == "parquet":
        report.remove_resource(resource.name)
checked = report.validate()
assert checked.valid, checked.flatten(["title", "message"])[:5]
entry = json.loads((package / "dcat.jsonld").read_text())
assert entry["dct:license"]["@id"].startswith("https://creativecommons.org/")
for name in ("reports", "figures", "findings"):
    rows = parquet.read_table(package / f"{name}.parquet").num_rows
    assert rows == len(tables[name]), (name, rows)
print(f"{len(reports)} reports, {compared} figures")
