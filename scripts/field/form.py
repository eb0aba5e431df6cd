"""Make the form of a visit as XLSX, turn it into an XForm, and say what it asks.

Usage: form.py OUT

Writes OUT/visit.xlsx with openpyxl, converts it with pyxform (which refuses a form that is wrong), and prints the paths of
its questions, and the words of its verdicts, as JSON. Run by scripts/judge-field in an environment of its own.
"""
import json
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import openpyxl
from pyxform.xls2xform import convert

SURVEY = [
    ["type", "name", "label::English (en)", "label::中文 (zh)", "required"],
    ["begin_group", "visit", "Visit", "核查", ""],
    ["text", "lead", "Lead", "线索编号", "yes"],
    ["select_one verdicts", "verdict", "What was found", "核查结论", "yes"],
    ["text", "who", "Who was there", "核查人", "yes"],
    ["date", "on", "Day of the visit", "核查日期", "yes"],
    ["text", "note", "Note", "备注", ""],
    ["image", "photo", "Picture", "举证照片", ""],
    ["image", "photo_2", "Another picture", "举证照片二", ""],
    ["end_group", "", "", "", ""],
]
VERDICTS = [
    ["list_name", "name", "label::English (en)", "label::中文 (zh)"],
    ["verdicts", "pseudo_change", "pseudo-change", "伪变化"],
    ["verdicts", "lawful", "lawful", "合法"],
    ["verdicts", "unlawful_use_found", "unlawful use found on site", "现场发现问题用地"],
    ["verdicts", "facility_farmland", "facility farmland", "设施农用地"],
    ["verdicts", "cannot_tell", "cannot tell", "无法核实"],
]
SETTINGS = [["form_title", "form_id", "version", "default_language"], ["线索核查 Visit", "visit", "1", "English (en)"]]


def main():
    """Makes and reads the form."""
    out = Path(sys.argv[1])
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in (("survey", SURVEY), ("choices", VERDICTS), ("settings", SETTINGS)):
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(out / "visit.xlsx")
    made = convert(xlsform=out / "visit.xlsx")
    # Smaller pictures are advised against what a court may ask for: the file as the camera wrote it.
    warnings = [warning for warning in made.warnings if "max-pixels" not in warning]
    if warnings:
        sys.exit(f"form.py: pyxform warns: {warnings}")
    space = {"x": "http://www.w3.org/2002/xforms"}
    form = ElementTree.fromstring(made.xform.encode())
    paths = [bind.get("nodeset").split("/")[2:] for bind in form.iterfind(".//x:bind", space)]
    named = {item.findtext("x:name", namespaces=space) for item in form.iterfind(".//x:instance//x:item", space)}
    print(json.dumps({"paths": paths, "verdicts": sorted(named)}))


if __name__ == "__main__":
    main()
