"""Tables of files by a Python library: a line of JSON for each file, its rows and its CPU seconds."""

import json
import sys
import time


def pandas_html(path):
    return [frame_rows(frame) for frame in pandas.read_html(path)]


def pandas_excel(path):
    sheets = pandas.read_excel(path, sheet_name=None, header=None, dtype=str)
    return [frame_rows(frame) for frame in sheets.values()]


def frame_rows(frame):
    # The row that pandas takes for the head is a row of the table.
    head = [[str(name) for name in frame.columns]]
    return head + [["" if cell != cell or cell is None else as_text(cell) for cell in row] for row in frame.values.tolist()]


def as_text(cell):
    # A column with a blank in it turns whole numbers to floats.
    return str(int(cell)) if isinstance(cell, float) and cell == int(cell) else str(cell)


def python_docx(path):
    tables = docx.Document(path).tables
    return [[[cell.text for cell in row.cells] for row in table.rows] for table in tables]


def pdfplumber_tables(path):
    with pdfplumber.open(path) as pdf:
        return [
            [[cell or "" for cell in row] for row in table] for page in pdf.pages for table in page.extract_tables()
        ]


tool, files = sys.argv[1], sys.argv[2:]
if tool == "pandas.read_html":
    import pandas
    read = pandas_html
elif tool == "pandas.read_excel":
    import pandas
    read = pandas_excel
elif tool == "python-docx":
    import docx
    read = python_docx
else:
    import pdfplumber
    read = pdfplumber_tables
for file in files:
    before = time.process_time()
    try:
        rows = [row for table in read(file) for row in table]
    except Exception as error:
        rows = []
        print(f"{tool} on {file}: {error}", file=sys.stderr)
    print(json.dumps({"rows": rows, "seconds": time.process_time() - before}), flush=True)
