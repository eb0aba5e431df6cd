"""Adds the provider to QGIS, and takes it away."""
from qgis.core import QgsApplication

from .provider import Provider


class Plugin:
    """The plugin."""

    def __init__(self, iface):
        self.iface = iface
        self.provider = None

    def initProcessing(self):
        """Adds the provider; all that qgis_process asks for."""
        self.provider = Provider()
        QgsApplication.processingRegistry().addProvider(self.provider)

    def initGui(self):
        """Adds the provider to a QGIS with a window."""
        self.initProcessing()

    def unload(self):
        """Takes the provider away."""
        if self.provider is not None:
            QgsApplication.processingRegistry().removeProvider(self.provider)
            self.provider = None
