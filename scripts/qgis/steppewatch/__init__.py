"""Steppewatch in the Processing toolbox of QGIS."""


def classFactory(iface):
    """What QGIS asks for when it loads the plugin; `iface` is None where there is no window."""
    from .plugin import Plugin
    return Plugin(iface)
