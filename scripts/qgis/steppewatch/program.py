"""Finds the program and runs it: its words are told as they come, and a cancelled run takes the program with it."""
import os
import queue
import shutil
import subprocess
import threading

from qgis.core import QgsProcessingException, QgsSettings

from .words import words

# Name of the setting of Processing.
SETTING = "STEPPEWATCH_PROGRAM"
# How long the program may take to clear away what it has not published, in seconds.
PATIENCE = 20
# What QGIS sets for its own libraries, and what would lead the program to them.
OF_QGIS = ("GDAL_DATA", "GDAL_DRIVER_PATH", "PROJ_LIB", "PROJ_DATA", "PYTHONHOME", "PYTHONPATH", "QT_PLUGIN_PATH")
# Ends of a run that has published: whole, and with gaps.
PUBLISHED = (0, 3)


def found():
    """Where the program lies."""
    set_by_hand = QgsSettings().value(f"Processing/Configuration/{SETTING}", "") or ""
    for place in (set_by_hand, os.environ.get("STEPPEWATCH", ""), "steppewatch"):
        path = shutil.which(os.path.expanduser(str(place))) if place else None
        if path:
            return path
    raise QgsProcessingException(words(
        "找不到 steppewatch 程序。请在“设置 - 选项 - 处理 - 提供者 - Steppewatch”中指明其位置,或设置环境变量 STEPPEWATCH,"
        "或将其放入 PATH。",
        "The program steppewatch was not found. Name its place in Settings, Options, Processing, Providers, Steppewatch, "
        "or by the variable STEPPEWATCH, or put it on the PATH."))


def _listen(stream, name, lines):
    """Lines of a stream, as they come; then that there are no more."""
    for line in stream:
        lines.put((name, line.rstrip("\n")))
    lines.put((name, None))


def _stop(process):
    """Ends the program that was started here."""
    process.terminate()
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def run(arguments, feedback):
    """Runs the program. Returns whether it published with gaps, and the lines of its data."""
    command = [found(), *arguments]
    feedback.pushCommandInfo(" ".join(command))
    environment = {name: value for name, value in os.environ.items() if name not in OF_QGIS}
    hidden = {"creationflags": subprocess.CREATE_NO_WINDOW} if os.name == "nt" else {}
    lines, data, last = queue.Queue(), [], ""
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          encoding="utf-8", errors="replace", env=environment, **hidden) as process:
        streams = ((process.stdout, "data"), (process.stderr, "words"))
        for stream, name in streams:
            threading.Thread(target=_listen, args=(stream, name, lines), daemon=True).start()
        open_streams = len(streams)
        while open_streams:
            if feedback.isCanceled():
                _stop(process)
                raise QgsProcessingException(words("已取消;没有写出任何结果。", "Cancelled; nothing was published."))
            try:
                name, line = lines.get(timeout=0.1)
            except queue.Empty:
                continue
            if line is None:
                open_streams -= 1
            elif name == "data":
                data.append(line)
            else:
                last = line or last
                feedback.pushInfo(line)
        code = process.wait()
    if code not in PUBLISHED:
        raise QgsProcessingException(words(f"steppewatch 以代码 {code} 结束:{last}", f"steppewatch ended with code {code}: {last}"))
    if code == 3:
        feedback.pushWarning(words("有缺测:部分地面无法判断,见缺测图层。", "Published with gaps: of some ground nothing can be said; see the layer of gaps."))
    return code == 3, data
