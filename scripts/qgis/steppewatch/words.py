"""Words in the language of QGIS: Chinese or English."""
from qgis.PyQt.QtCore import QLocale, QSettings


def is_chinese():
    """Whether QGIS speaks Chinese."""
    settings = QSettings()
    chosen = settings.value("locale/userLocale", "") if settings.value("locale/overrideFlag", False, type=bool) else ""
    return (chosen or QLocale.system().name()).lower().startswith("zh")


def words(chinese, english):
    """One of both."""
    return chinese if is_chinese() else english
