"""The published rules of DJI WPML as a table, and a check of an archive against it.

Written from dji-sdk/Cloud-API-Doc, docs/{cn,en}/60.api-reference/00.dji-wpml (v1.11.3), and not from the program that it
judges. `imageFormat` is spelt `visable` there (cn: everywhere; en: in payloadLensIndex) and in files of DJI Pilot 2.
"""
import io
import zipfile
import xml.etree.ElementTree as ET

KML = "{http://www.opengis.net/kml/2.2}"
NAMESPACES = tuple(f"{{http://www.dji.com/wpmz/1.0.{minor}}}" for minor in range(2, 7))
M3, M30, M300 = (77,), (67,), (60, 89)
LENSES = {"wide", "zoom", "ir", "narrow_band", "visable"}
TURNS = {"coordinateTurn", "toPointAndStopWithDiscontinuityCurvature", "toPointAndStopWithContinuityCurvature",
         "toPointAndPassWithContinuityCurvature"}
# Which payload a drone may carry, and which sub-types it has.
PAYLOADS = {(77, 0): {66}, (77, 1): {67}, (77, 2): {68}, (67, 0): {52}, (67, 1): {53},
            (60, None): {42, 43, 61}, (89, None): {42, 43, 61, 82, 83}}
GIMBAL = {77: (-90, 35), 67: (-120, 45), 60: (-120, 30), 89: (-120, 30)}


def number(low=None, high=None, whole=False, above=None):
    """A rule for a number."""
    def check(text):
        try:
            value = int(text) if whole else float(text)
        except ValueError:
            return f"expected {'a whole number' if whole else 'a number'}"
        if value != value or (low is not None and value < low) or (high is not None and value > high):
            return f"expected {low} to {high}"
        if above is not None and value <= above:
            return f"expected more than {above}"
        return None
    return check


def one_of(*words):
    """A rule for an enumeration."""
    return lambda text: None if text in words else f"expected one of {', '.join(sorted(words))}"


def lenses(text):
    """A list of lenses."""
    return None if text and set(text.split(",")) <= LENSES else f"expected lenses of {', '.join(sorted(LENSES))}"


BOOL = one_of("0", "1")
INDEX = number(0, 65535, whole=True)
ANY = number()
WORDS = lambda text: None if text else "expected words"  # noqa: E731
GROUP = None

# parent -> element -> (required, rule). `GROUP` has elements of its own.
CONFIG = {
    "flyToWaylineMode": (True, one_of("safely", "pointToPoint")),
    "finishAction": (True, one_of("goHome", "noAction", "autoLand", "gotoFirstWaypoint")),
    "exitOnRCLost": (True, one_of("goContinue", "executeLostAction")),
    "executeRCLostAction": (False, one_of("goBack", "landing", "hover")),
    "takeOffSecurityHeight": (True, number(1.2, 1500)),
    "globalTransitionalSpeed": (True, number(1, 15)),
    "globalRTHHeight": (False, number(2, 1500)),
    "takeOffRefPoint": (False, WORDS),
    "takeOffRefPointAGLHeight": (False, ANY),
    "droneInfo": (True, GROUP),
    "payloadInfo": (True, GROUP),
}
TABLE = {
    "missionConfig": CONFIG,
    "droneInfo": {"droneEnumValue": (True, one_of("60", "67", "77", "89", "91")), "droneSubEnumValue": (False, number(0, 2, whole=True))},
    "payloadInfo": {"payloadEnumValue": (True, number(0, 65534, whole=True)), "payloadPositionIndex": (True, number(0, 2, whole=True))},
    "waylineCoordinateSysParam": {
        "coordinateMode": (True, one_of("WGS84")),
        "heightMode": (True, one_of("EGM96", "relativeToStartPoint", "aboveGroundLevel", "realTimeFollowSurface")),
        "positioningType": (False, one_of("GPS", "RTKBaseStation", "QianXun", "Custom")),
        "globalShootHeight": (False, number(above=0)),
        "surfaceFollowModeEnable": (False, BOOL),
        "surfaceRelativeHeight": (False, number(above=0)),
    },
    "payloadParam": {"payloadPositionIndex": (True, number(0, 2, whole=True)), "imageFormat": (True, lenses)},
    "overlap": {f"{kind}Overlap{axis}": (False, number(0, 100, whole=True)) for axis in "HW"
                for kind in ("orthoLidar", "orthoCamera", "inclinedLidar", "inclinedCamera")},
    "mappingHeadingParam": {"mappingHeadingMode": (True, one_of("fixed", "followWayline")), "mappingHeadingAngle": (False, number(0, 360))},
    "heading": {
        "waypointHeadingMode": (True, one_of("followWayline", "manually", "fixed", "smoothTransition", "towardPOI")),
        "waypointHeadingAngle": (False, number(-180, 180)),
        "waypointPoiPoint": (False, WORDS),
        "waypointHeadingPathMode": (True, one_of("clockwise", "counterClockwise", "followBadArc")),
    },
    "waypointTurnParam": {"waypointTurnMode": (True, one_of(*TURNS)), "waypointTurnDampingDist": (True, number(0))},
    "actionGroup": {
        "actionGroupId": (True, INDEX), "actionGroupStartIndex": (True, INDEX), "actionGroupEndIndex": (True, INDEX),
        "actionGroupMode": (True, one_of("sequence")), "actionTrigger": (True, GROUP), "action": (True, GROUP),
    },
    "actionTrigger": {
        "actionTriggerType": (True, one_of("reachPoint", "betweenAdjacentPoints", "multipleTiming", "multipleDistance")),
        "actionTriggerParam": (False, number(above=0)),
    },
    "action": {
        "actionId": (True, INDEX), "actionActuatorFuncParam": (True, GROUP),
        "actionActuatorFunc": (True, one_of("takePhoto", "startRecord", "stopRecord", "focus", "zoom", "customDirName",
                                            "gimbalRotate", "rotateYaw", "hover", "gimbalEvenlyRotate", "orientedShoot", "panoShot")),
    },
    "takePhoto": {
        "payloadPositionIndex": (True, number(0, 2, whole=True)), "fileSuffix": (True, WORDS), "payloadLensIndex": (True, lenses),
        "useGlobalPayloadLensIndex": (True, BOOL),
    },
    "gimbalRotate": {
        "payloadPositionIndex": (True, number(0, 2, whole=True)), "gimbalHeadingYawBase": (True, one_of("north")),
        "gimbalRotateMode": (True, one_of("absoluteAngle")), "gimbalPitchRotateEnable": (True, BOOL), "gimbalPitchRotateAngle": (True, ANY),
        "gimbalRollRotateEnable": (True, BOOL), "gimbalRollRotateAngle": (True, ANY), "gimbalYawRotateEnable": (True, BOOL),
        "gimbalYawRotateAngle": (True, ANY), "gimbalRotateTimeEnable": (True, BOOL), "gimbalRotateTime": (True, ANY),
    },
    "template.Folder": {
        "templateType": (True, one_of("waypoint", "mapping2d")), "templateId": (True, INDEX), "autoFlightSpeed": (True, number(above=0, high=15)),
        "waylineCoordinateSysParam": (True, GROUP), "payloadParam": (True, GROUP), "Placemark": (True, GROUP),
    },
    "template.Folder.waypoint": {
        "globalWaypointTurnMode": (True, one_of(*TURNS)), "globalUseStraightLine": (False, BOOL), "globalHeight": (True, number(above=0)),
        "gimbalPitchMode": (True, one_of("manual", "usePointSetting")), "globalWaypointHeadingParam": (True, GROUP),
    },
    "template.Placemark.mapping2d": {
        "caliFlightEnable": (False, BOOL), "elevationOptimizeEnable": (True, BOOL), "smartObliqueEnable": (False, BOOL),
        "smartObliqueGimbalPitch": (False, ANY), "shootType": (True, one_of("time", "distance")), "direction": (True, number(0, 360, whole=True)),
        "margin": (True, number(0, whole=True)), "overlap": (True, GROUP), "ellipsoidHeight": (True, ANY), "height": (True, ANY),
        "facadeWaylineEnable": (False, BOOL), "Polygon": (True, GROUP), "mappingHeadingParam": (False, GROUP),
        "gimbalPitchMode": (False, one_of("manual", "fixed")), "gimbalPitchAngle": (False, number(-90, -30)),
    },
    "template.Placemark.waypoint": {
        "Point": (True, GROUP), "index": (True, INDEX), "useGlobalHeight": (True, BOOL), "ellipsoidHeight": (True, ANY), "height": (True, ANY),
        "useGlobalSpeed": (True, BOOL), "waypointSpeed": (False, number(above=0, high=15)), "useGlobalHeadingParam": (True, BOOL),
        "waypointHeadingParam": (False, GROUP), "useGlobalTurnParam": (True, BOOL), "waypointTurnParam": (False, GROUP),
        "useStraightLine": (False, BOOL), "gimbalPitchAngle": (True, ANY), "actionGroup": (False, GROUP),
    },
    "waylines.Folder": {
        "templateId": (True, INDEX), "waylineId": (True, INDEX), "autoFlightSpeed": (True, number(above=0, high=15)),
        "executeHeightMode": (True, one_of("WGS84", "relativeToStartPoint", "realTimeFollowSurface")),
        "startActionGroup": (False, GROUP), "Placemark": (True, GROUP), "distance": (False, ANY), "duration": (False, ANY),
    },
    "waylines.Placemark": {
        "Point": (True, GROUP), "index": (True, INDEX), "executeHeight": (True, ANY), "waypointSpeed": (True, number(above=0, high=15)),
        "waypointHeadingParam": (True, GROUP), "waypointTurnParam": (True, GROUP), "useStraightLine": (False, BOOL), "actionGroup": (False, GROUP),
    },
}
# Elements that only some drones know.
ONLY = {"caliFlightEnable": M300, "mappingHeadingParam": M3, "useStraightLine": M3 + M30 + (91,), "globalUseStraightLine": M3 + M30 + (91,),
        "takeOffRefPoint": M3 + M30 + (91,)}
REPEATED = {"Placemark", "actionGroup", "action"}


class Archive:
    """A KMZ, taken apart and checked; `faults` says what is wrong."""

    def __init__(self, data, ceiling):
        self.faults, self.ceiling = [], ceiling
        self.template = self.waylines = None
        try:
            archive = zipfile.ZipFile(io.BytesIO(data))
        except zipfile.BadZipFile as error:
            self.faults.append(f"no zip: {error}")
            return
        names = archive.namelist()
        for name in names:
            if name not in ("wpmz/template.kml", "wpmz/waylines.wpml") and not name.startswith("wpmz/res/"):
                self.faults.append(f"{name}: no such file in a mission")
        for name in ("template.kml", "waylines.wpml"):
            if f"wpmz/{name}" not in names:
                self.faults.append(f"wpmz/{name} is missing")
                continue
            try:
                root = ET.fromstring(archive.read(f"wpmz/{name}"))
            except ET.ParseError as error:
                self.faults.append(f"{name}: no XML: {error}")
                continue
            setattr(self, name.split(".", maxsplit=1)[0], root)
        if self.template is not None and self.waylines is not None:
            self.check()

    def fault(self, where, words):
        self.faults.append(f"{where}: {words}")

    def check(self):
        """Every rule."""
        for name, root in (("template", self.template), ("waylines", self.waylines)):
            document = root.find(f"{KML}Document")
            if root.tag != f"{KML}kml" or document is None:
                self.fault(name, "no KML document")
                return
            for child in document:
                if plain(child.tag) not in ("author", "createTime", "updateTime", "missionConfig", "Folder"):
                    self.fault(name, f"{plain(child.tag)} does not belong into a document")
            if not any(element.tag.startswith(NAMESPACES) for element in root.iter()):
                self.fault(name, f"namespace of WPML is none of {NAMESPACES[0]} to {NAMESPACES[-1]}")
            self.config(name, document)
            folders = document.findall(f"{KML}Folder")
            if not folders:
                self.fault(name, "no Folder")
            ids = [text(folder, "templateId") for folder in folders]
            if ids != [str(number) for number in range(len(ids))]:
                self.fault(name, f"ids of templates {ids} are not counted from 0")
            for folder in folders:
                self.folder(name, folder)
            self.groups(name, document)
        if [text(f, "templateId") for f in self.template.iter(f"{KML}Folder")] != [text(f, "templateId") for f in self.waylines.iter(f"{KML}Folder")]:
            self.fault("both", "folders of template and waylines do not belong together")

    def config(self, name, document):
        config = child(document, "missionConfig")
        if config is None:
            self.fault(name, "missionConfig is missing")
            return
        self.table(name, config, "missionConfig")
        if text(config, "exitOnRCLost") == "executeLostAction" and text(config, "executeRCLostAction") is None:
            self.fault(name, "executeRCLostAction is missing")
        self.drone = int(text(config, "droneInfo/droneEnumValue") or 0)
        sub = text(config, "droneInfo/droneSubEnumValue")
        if self.drone in M3 + M30 and sub is None:
            self.fault(name, "droneSubEnumValue is missing")
        payload = int(text(config, "payloadInfo/payloadEnumValue") or 0)
        fits = PAYLOADS.get((self.drone, int(sub) if sub else None), set())
        if payload not in fits:
            self.fault(name, f"payload {payload} does not fly on drone {self.drone}/{sub}")
        for element in ("takeOffSecurityHeight", "globalRTHHeight"):
            self.height(name, text(config, element), element)

    def height(self, where, value, element):
        if value is not None and number()(value) is None and not 0 < float(value) <= self.ceiling:
            self.fault(where, f"{element} {value} is not between 0 and the ceiling of {self.ceiling}")

    def table(self, where, element, kind, *more):
        """Elements of a parent against the table."""
        rules = dict(TABLE[kind])
        for other in more:
            rules.update(TABLE[other])
        counts = {}
        for one in element:
            name = plain(one.tag)
            counts[name] = counts.get(name, 0) + 1
            if name not in rules:
                self.fault(where, f"{name} does not belong into {kind}")
                continue
            if name in ONLY and getattr(self, "drone", 0) not in ONLY[name]:
                self.fault(where, f"{name} is not known to drone {self.drone}")
            rule = rules[name][1]
            if rule is not GROUP:
                wrong = rule((one.text or "").strip())
                if wrong:
                    self.fault(where, f"{name} is '{(one.text or '').strip()}', {wrong}")
            elif name in TABLE and name != "actionTrigger":
                self.table(where, one, name)
            elif name in ("waypointHeadingParam", "globalWaypointHeadingParam"):
                self.heading(where, one)
        for name, (required, _) in rules.items():
            if required and name not in counts:
                self.fault(where, f"{name} is missing in {kind}")
            if counts.get(name, 0) > 1 and name not in REPEATED:
                self.fault(where, f"{name} stands {counts[name]} times in {kind}")

    def heading(self, where, element):
        self.table(where, element, "heading")
        mode = text(element, "waypointHeadingMode")
        if mode == "towardPOI":
            parts = (text(element, "waypointPoiPoint") or "").split(",")
            wrong = len(parts) != 3 or any(number()(part) for part in parts)
            if wrong or not (-90 <= float(parts[0]) <= 90 and -180 <= float(parts[1]) <= 180):
                self.fault(where, f"waypointPoiPoint {parts} is not latitude,longitude,height")
        if mode == "smoothTransition" and text(element, "waypointHeadingAngle") is None:
            self.fault(where, "waypointHeadingAngle is missing")

    def folder(self, name, folder):
        if name == "waylines":
            self.table(name, folder, "waylines.Folder")
            if text(folder, "executeHeightMode") == "realTimeFollowSurface" and self.drone not in M3:
                self.fault(name, "realTimeFollowSurface is for M3 alone")
            kind = "waylines.Placemark"
        else:
            template = text(folder, "templateType")
            self.table(name, folder, "template.Folder", *(["template.Folder.waypoint"] if template == "waypoint" else []))
            kind = f"template.Placemark.{template}"
            mode = text(folder, "waylineCoordinateSysParam/heightMode")
            if mode != "relativeToStartPoint":
                self.fault(name, f"heights are {mode}; this program means the take-off point")
            if template == "mapping2d":
                for element in ("globalShootHeight", "surfaceFollowModeEnable"):
                    if text(folder, f"waylineCoordinateSysParam/{element}") is None:
                        self.fault(name, f"{element} is missing")
                self.height(name, text(folder, "waylineCoordinateSysParam/globalShootHeight"), "globalShootHeight")
            else:
                self.height(name, text(folder, "globalHeight"), "globalHeight")
        if kind not in TABLE:
            return
        placemarks = folder.findall(f"{KML}Placemark")
        for placemark in placemarks:
            self.table(name, placemark, kind)
            self.place(name, placemark)
            for element in ("height", "executeHeight"):
                self.height(name, text(placemark, element), element)
        if kind != "template.Placemark.mapping2d":
            indices = [text(placemark, "index") for placemark in placemarks]
            if indices != [str(number) for number in range(len(indices))]:
                self.fault(name, f"indices {indices[:20]} are not counted from 0 without a gap")
        else:
            if len(placemarks) != 1:
                self.fault(name, f"{len(placemarks)} polygons in a template")
            for placemark in placemarks:
                for axis in "HW":
                    if text(placemark, f"overlap/orthoCameraOverlap{axis}") is None:
                        self.fault(name, f"orthoCameraOverlap{axis} is missing")
                if text(placemark, "gimbalPitchMode") == "fixed" and text(placemark, "gimbalPitchAngle") is None:
                    self.fault(name, "gimbalPitchAngle is missing")

    def place(self, name, placemark):
        """Coordinates are longitude, latitude."""
        for element in placemark.iter(f"{KML}coordinates"):
            for token in (element.text or "").split():
                parts = token.split(",")
                if any(number()(part) for part in parts) or len(parts) not in (2, 3):
                    self.fault(name, f"coordinates {token}")
                elif not (-180 <= float(parts[0]) <= 180 and -90 <= float(parts[1]) <= 90):
                    self.fault(name, f"{token} is no longitude,latitude")

    def groups(self, name, document):
        """Action groups: ids counted, places that exist, parameters of each action."""
        ids, last = [], len([1 for folder in document.iter(f"{KML}Folder") for _ in folder.findall(f"{KML}Placemark")]) - 1
        for group in (element for element in document.iter() if plain(element.tag) == "actionGroup"):
            ids.append(text(group, "actionGroupId"))
            start, end = int(text(group, "actionGroupStartIndex") or -1), int(text(group, "actionGroupEndIndex") or -1)
            if not 0 <= start <= end <= last:
                self.fault(name, f"action group {ids[-1]} from waypoint {start} to {end} of {last}")
            trigger = child(group, "actionTrigger")
            if trigger is not None:
                self.table(name, trigger, "actionTrigger")
            kind = text(group, "actionTrigger/actionTriggerType")
            if kind in ("multipleTiming", "multipleDistance") and text(group, "actionTrigger/actionTriggerParam") is None:
                self.fault(name, "actionTriggerParam is missing")
            actions = [element for element in group if plain(element.tag) == "action"]
            if [text(action, "actionId") for action in actions] != [str(number) for number in range(len(actions))]:
                self.fault(name, "ids of actions are not counted from 0")
            for action in actions:
                function = text(action, "actionActuatorFunc")
                parameters = child(action, "actionActuatorFuncParam")
                if function in TABLE and parameters is not None:
                    self.table(name, parameters, function)
                if function == "gimbalRotate":
                    low, high = GIMBAL.get(getattr(self, "drone", 0), (-90, 30))
                    pitch = float(text(parameters, "gimbalPitchRotateAngle") or 999)
                    if not low <= pitch <= high:
                        self.fault(name, f"gimbal to {pitch}, it turns from {low} to {high}")
        if ids != [str(number) for number in range(len(ids))]:
            self.fault(name, f"ids of action groups {ids[:20]} are not counted from 0")


def plain(tag):
    """A name without its namespace."""
    return tag.rsplit("}", 1)[-1]


def child(element, name):
    """The child of a name, of KML or WPML."""
    return next((one for one in element if plain(one.tag) == name), None)


def text(element, path):
    """The text of an element below one; none where it is missing."""
    for name in path.split("/"):
        element = child(element, name) if element is not None else None
    return None if element is None else (element.text or "").strip()
