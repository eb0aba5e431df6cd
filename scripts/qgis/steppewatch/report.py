"""report: leads for QGIS, a phone, a drone, paper, a browser."""
import os

from qgis.core import (
    QgsProcessingAlgorithm, QgsProcessingContext, QgsProcessingException, QgsProcessingOutputFile,
    QgsProcessingParameterBoolean, QgsProcessingParameterEnum, QgsProcessingParameterFile,
    QgsProcessingParameterFolderDestination)

from .program import run
from .words import words

USES = ["qgis", "qfield", "odk", "phone", "drone", "day", "dossier", "map"]
LANGUAGES = ["both", "zh", "en"]


class Report(QgsProcessingAlgorithm):
    """Runs `steppewatch report`."""

    def createInstance(self):
        return Report()

    def name(self):
        return "report"

    def displayName(self):
        return words("报告:线索供桌面、手机、无人机、纸质使用", "Report: leads for desk, phone, drone, paper")

    def shortHelpString(self):
        return words(
            "由扫描结果文件夹生成 QGIS 项目、QField 包、ODK 表单、GPX/KMZ、无人机航线、日程、卷宗和离线地图。",
            "Makes a QGIS project, a QField package, an ODK form, GPX and KMZ, drone missions, a plan of the day, a dossier and an "
            "offline map of the folder that a scan wrote.")

    def initAlgorithm(self, config=None):
        add = self.addParameter
        add(QgsProcessingParameterFile("RUN", words("扫描结果文件夹", "Folder that a scan wrote"),
                                       behavior=QgsProcessingParameterFile.Folder))
        add(QgsProcessingParameterFile("LEDGER", words("台账(可选)", "Ledger (optional)"), extension="gpkg", optional=True))
        names = [words("QGIS 项目", "QGIS project"), words("QField 包", "QField package"), words("ODK 表单", "ODK form"),
                 words("手机 GPX/KMZ", "phone: GPX, KMZ"), words("无人机航线", "drone missions"), words("日程路线", "plan of the day"),
                 words("卷宗 PDF", "dossier (PDF)"), words("离线地图", "offline map")]
        add(QgsProcessingParameterEnum("FOR", words("用途", "What for"), names, allowMultiple=True, defaultValue=[0]))
        languages = [words("中英双语", "Chinese and English"), words("中文", "Chinese"), words("英文", "English")]
        add(QgsProcessingParameterEnum("LANG", words("语言", "Language"), languages, defaultValue=0))
        add(QgsProcessingParameterBoolean("LOAD", words("载入线索图层", "Load the leads"), True))
        add(QgsProcessingParameterFolderDestination("OUT", words("输出文件夹(须为空或新建)", "Output folder (empty or new)")))
        self.addOutput(QgsProcessingOutputFile("PROJECT", words("QGIS 项目", "QGIS project")))

    def processAlgorithm(self, parameters, context, feedback):
        uses = [USES[at] for at in self.parameterAsEnums(parameters, "FOR", context)]
        if not uses:
            raise QgsProcessingException(words("请至少选择一种用途。", "Choose at least one use."))
        source = self.parameterAsString(parameters, "RUN", context)
        out = self.parameterAsString(parameters, "OUT", context)
        arguments = ["report", source, "--for", ",".join(uses)]
        arguments += ["--lang", LANGUAGES[self.parameterAsEnum(parameters, "LANG", context)]]
        ledger = self.parameterAsString(parameters, "LEDGER", context)
        arguments += ["--ledger", ledger] if ledger else []
        run([*arguments, "--out", out], feedback)
        project = os.path.join(out, "qgis", "steppewatch.qgz")
        if not os.path.isfile(project):
            return {"OUT": out, "PROJECT": None}
        feedback.pushInfo(words(f"请打开项目:{project}", f"Open the project: {project}"))
        if self.parameterAsBool(parameters, "LOAD", context):
            package = os.path.join(out, "qgis", "data.gpkg")
            details = QgsProcessingContext.LayerDetails(words("线索", "Leads"), context.project(), "leads")
            context.addLayerToLoadOnCompletion(f"{package}|layername=leads", details)
        return {"OUT": out, "PROJECT": project}
