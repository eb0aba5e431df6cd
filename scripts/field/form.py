"""Turn a form into an XForm, and say what it asks.

Usage: form.py FORM.xlsx

Converts the form with pyxform, which refuses one that is wrong, and where there is Java has ODK Validate look at what comes
out. Prints the paths of its questions, the words of its verdicts, the names of its attachments and who judged, as JSON. Run
by scripts/judge-field in an environment of its own.
"""
import json
import shutil
import sys
import xml.etree.ElementTree as ElementTree

from pyxform.xls2xform import convert


def main():
    """Reads the form."""
    has_java = shutil.which("java") is not None
    made = convert(xlsform=sys.argv[1], validate=has_java)
    # Smaller pictures are advised against what a court may ask for: the file as the camera wrote it.
    warnings = [warning for warning in made.warnings if "max-pixels" not in warning]
    if warnings:
        sys.exit(f"form.py: pyxform warns: {warnings}")
    space = {"x": "http://www.w3.org/2002/xforms"}
    form = ElementTree.fromstring(made.xform.encode())
    paths = [bind.get("nodeset").split("/")[2:] for bind in form.iterfind(".//x:bind", space)]
    named = {item.findtext("x:name", namespaces=space) for item in form.iterfind(".//x:instance//x:item", space)}
    attached = [instance.get("src") for instance in form.iterfind(".//x:instance", space) if instance.get("src")]
    languages = [one.get("lang") for one in form.iterfind(".//x:translation", space)]
    print(json.dumps({"paths": paths, "verdicts": sorted(named - {None}), "attached": attached, "languages": languages,
                      "validated": has_java}))


if __name__ == "__main__":
    main()
