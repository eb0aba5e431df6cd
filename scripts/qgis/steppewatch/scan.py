"""scan: scenes and red lines to leads."""
import json
import os
import re

from qgis.core import (
    QgsProcessing, QgsProcessingAlgorithm, QgsProcessingContext, QgsProcessingException, QgsProcessingOutputNumber,
    QgsProcessingOutputVectorLayer, QgsProcessingParameterBoolean, QgsProcessingParameterEnum, QgsProcessingParameterFile,
    QgsProcessingParameterFolderDestination, QgsProcessingParameterMultipleLayers, QgsProcessingParameterString)

from .program import run
from .words import words

CLASSES = ["", "grassland", "farmland", "wetland", "forest", "redline", "case"]
PERIOD = re.compile(r"^\d{4}-\d\d-\d\d/\d{4}-\d\d-\d\d$")


class Scan(QgsProcessingAlgorithm):
    """Runs `steppewatch scan`."""

    def createInstance(self):
        return Scan()

    def name(self):
        return "scan"

    def displayName(self):
        return words("扫描:影像与红线生成线索", "Scan: scenes and red lines to leads")

    def shortHelpString(self):
        return words(
            "将监测期影像与回溯期影像及同日邻近地面比较,在红线内寻找变化图斑,输出带置信度、面积区间与依据的线索。"
            "线索须经实地核查,不作定性。",
            "Compares the scenes of the target period with the look-back and with neighbouring ground of the same day, inside red "
            "lines, and writes leads with confidence, area and evidence. A lead is a hypothesis to be checked on the ground.")

    def initAlgorithm(self, config=None):
        add = self.addParameter
        add(QgsProcessingParameterFile("SCENES", words("影像文件夹", "Folder of scenes"),
                                       behavior=QgsProcessingParameterFile.Folder))
        add(QgsProcessingParameterMultipleLayers("REDLINES", words("红线图层", "Red lines"),
                                                 QgsProcessing.TypeVectorPolygon))
        add(QgsProcessingParameterMultipleLayers("PERMITS", words("许可图层", "Permits"), QgsProcessing.TypeVectorPolygon,
                                                 optional=True))
        names = [words("由图层字段决定", "as the layer says"), words("草原", "grassland"), words("耕地", "farmland"),
                 words("湿地", "wetland"), words("林地", "forest"), words("生态保护红线", "red line"),
                 words("整改地块", "decided case")]
        add(QgsProcessingParameterEnum("CLASS", words("红线类别", "Class of the red lines"), names, defaultValue=0))
        add(QgsProcessingParameterString("BASELINE", words("回溯期 起/止", "Look-back FROM/TO"), "", optional=True))
        add(QgsProcessingParameterString("TARGET", words("监测期 起/止", "Target period FROM/TO"), "", optional=True))
        add(QgsProcessingParameterString("MODELS", words("子模型,如 G1,G2(留空为全部)", "Sub-models, for example G1,G2 (empty: all)"),
                                         "", optional=True))
        add(QgsProcessingParameterBoolean("LOAD", words("载入结果图层", "Load the layers of the result"), True))
        add(QgsProcessingParameterFolderDestination("OUT", words("输出文件夹(须为空或新建)", "Output folder (empty or new)")))
        self.addOutput(QgsProcessingOutputVectorLayer("LEADS", words("线索", "Leads")))
        self.addOutput(QgsProcessingOutputNumber("COUNT", words("线索数", "Number of leads")))

    def _files(self, parameters, name, context):
        """Files of the layers of a parameter."""
        files = []
        for layer in self.parameterAsLayerList(parameters, name, context) or []:
            path = layer.source().split("|")[0]
            if not os.path.isfile(path):
                raise QgsProcessingException(words(
                    f"图层“{layer.name()}”不是文件;请先另存为 GeoPackage、GeoJSON 或 Shapefile。",
                    f"Layer '{layer.name()}' is no file; save it as GeoPackage, GeoJSON or Shapefile first."))
            if path not in files:
                files.append(path)
        return files

    def _period(self, parameters, name, context):
        """A period, or nothing."""
        text = self.parameterAsString(parameters, name, context).strip()
        if text and not PERIOD.match(text):
            raise QgsProcessingException(words(
                f"{name}:应为 YYYY-MM-DD/YYYY-MM-DD,实为“{text}”。", f"{name}: expected YYYY-MM-DD/YYYY-MM-DD, found '{text}'."))
        return text

    def processAlgorithm(self, parameters, context, feedback):
        out = self.parameterAsString(parameters, "OUT", context)
        arguments = ["scan", "--scenes", self.parameterAsString(parameters, "SCENES", context)]
        for flag, name in (("--redlines", "REDLINES"), ("--permits", "PERMITS")):
            files = self._files(parameters, name, context)
            arguments += [flag, *files] if files else []
        chosen = CLASSES[self.parameterAsEnum(parameters, "CLASS", context)]
        arguments += ["--class", chosen] if chosen else []
        for flag, name in (("--baseline", "BASELINE"), ("--target", "TARGET")):
            period = self._period(parameters, name, context)
            arguments += [flag, period] if period else []
        models = self.parameterAsString(parameters, "MODELS", context).replace(" ", "")
        arguments += ["--models", models] if models else []
        run([*arguments, "--out", out], feedback)
        with open(os.path.join(out, "leads.geojson"), encoding="utf-8") as file:
            count = len(json.load(file)["features"])
        package = os.path.join(out, "leads.gpkg")
        if self.parameterAsBool(parameters, "LOAD", context):
            for layer, title in (("gaps", words("缺测", "Gaps")), ("leads", words("线索", "Leads"))):
                details = QgsProcessingContext.LayerDetails(title, context.project(), layer)
                context.addLayerToLoadOnCompletion(f"{package}|layername={layer}", details)
        feedback.pushInfo(words(f"线索 {count} 条", f"{count} leads"))
        return {"OUT": out, "LEADS": f"{package}|layername=leads", "COUNT": count}
