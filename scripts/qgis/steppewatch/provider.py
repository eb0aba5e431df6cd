"""The provider: its two algorithms, and where the program lies."""
from pathlib import Path

from qgis.core import QgsProcessingProvider
from qgis.PyQt.QtGui import QIcon

from .program import SETTING
from .report import Report
from .scan import Scan
from .words import words

try:
    from processing.core.ProcessingConfig import ProcessingConfig, Setting
except ImportError:
    # A QGIS without the Processing plugin has no page for settings.
    ProcessingConfig = Setting = None


class Provider(QgsProcessingProvider):
    """Steppewatch."""

    def id(self):
        return "steppewatch"

    def name(self):
        return words("草原哨兵 Steppewatch", "Steppewatch")

    def icon(self):
        return QIcon(str(Path(__file__).parent / "icon.svg"))

    def load(self):
        if ProcessingConfig is not None:
            ProcessingConfig.settingIcons[self.name()] = self.icon()
            ProcessingConfig.addSetting(Setting(
                self.name(), SETTING, words("steppewatch 程序的位置(留空则在 PATH 中查找)",
                                            "Where the program steppewatch lies (empty: on the PATH)"),
                "", valuetype=Setting.FILE))
            ProcessingConfig.readSettings()
        self.refreshAlgorithms()
        return True

    def unload(self):
        if ProcessingConfig is not None:
            ProcessingConfig.removeSetting(SETTING)

    def loadAlgorithms(self):
        for algorithm in (Scan(), Report()):
            self.addAlgorithm(algorithm)
