"""Flies a mission on paper: where each photograph is taken and what it sees, from the archive alone.

Geometry of its own: metres by the meridian arc and parallel of GRS 80, footprints as rectangles turned by the heading, ground
counted as a raster of points. Cameras of its own: pixels and focal lengths in pixels, not millimetres of a sensor.
"""
import math

import numpy as np

from rules import KML, child, plain, text

# droneEnumValue, payloadEnumValue: pixels across and along, focal length in pixels. M3E: CalibratedFocalLength of its photographs
# (3725.15); the others from pixel size (1.6 um; 1.55 um) and the focal length in EXIF.
CAMERAS = {(77, 66): (5280, 3956, 3725.15), (77, 67): (4000, 3000, 4.4 / 0.0016), (67, 52): (4000, 3000, 4.5 / 0.0016),
           (67, 53): (4000, 3000, 4.5 / 0.0016), (60, 42): (4056, 3040, 4.5 / 0.00155), (60, 43): (4056, 3040, 4.5 / 0.00155),
           (89, 42): (4056, 3040, 4.5 / 0.00155), (89, 43): (4056, 3040, 4.5 / 0.00155)}
BRAKE = 2.5  # metres a second squared; the program plans with less
CLIMB = 4.0  # metres a second


class Metres:
    """Metres around a place."""

    def __init__(self, longitude, latitude):
        self.place = (longitude, latitude)
        phi = math.radians(latitude)
        # Length of a degree, series of Clarke 1880 as geodesists print it.
        self.north = 111132.954 - 559.822 * math.cos(2 * phi) + 1.175 * math.cos(4 * phi)
        self.east = 111412.84 * math.cos(phi) - 93.5 * math.cos(3 * phi) + 0.118 * math.cos(5 * phi)

    def of(self, longitude, latitude):
        return ((longitude - self.place[0]) * self.east, (latitude - self.place[1]) * self.north)


class Flight:
    """What is flown: waypoints, photographs, seconds."""

    def __init__(self, archive, around):
        document = archive.waylines.find(f"{KML}Document")
        config = child(document, "missionConfig")
        self.camera = CAMERAS[int(text(config, "droneInfo/droneEnumValue")), int(text(config, "payloadInfo/payloadEnumValue"))]
        self.metres, self.shots, self.looks = Metres(*around), [], []
        folder = document.find(f"{KML}Folder")
        points = [self.point(placemark) for placemark in folder.findall(f"{KML}Placemark")]
        self.points = points
        self.seconds = self.length = 0.0
        timed, pitch = {}, None
        for index, point in enumerate(points):
            for group in point["groups"]:
                trigger = text(group, "actionTrigger/actionTriggerType")
                for action in (one for one in group if plain(one.tag) == "action"):
                    function, parameters = text(action, "actionActuatorFunc"), child(action, "actionActuatorFuncParam")
                    if function == "gimbalRotate":
                        pitch = float(text(parameters, "gimbalPitchRotateAngle"))
                    elif function == "takePhoto" and trigger == "reachPoint":
                        self.looks.append((point, pitch))
                        self.seconds += 2
                    elif function == "takePhoto" and trigger == "multipleTiming":
                        ends = int(text(group, "actionGroupEndIndex"))
                        timed[index] = (ends, float(text(group, "actionTrigger/actionTriggerParam")), pitch)
        for index, (ends, interval, pitch) in timed.items():
            for leg in range(index, ends):
                self.photograph(points[leg], points[leg + 1], interval, pitch)
        for here, there in zip(points, points[1:]):
            self.leg(here, there)
        if points:
            home = math.dist(points[0]["at"], points[-1]["at"])
            self.seconds += home / float(text(config, "globalTransitionalSpeed")) + (points[0]["height"] + points[-1]["height"]) / CLIMB

    def point(self, placemark):
        longitude, latitude = map(float, placemark.find(f"{KML}Point/{KML}coordinates").text.strip().split(",")[:2])
        return {"at": self.metres.of(longitude, latitude), "height": float(text(placemark, "executeHeight")),
                "speed": float(text(placemark, "waypointSpeed")), "heading": child(placemark, "waypointHeadingParam"),
                "lonlat": (longitude, latitude), "groups": [one for one in placemark if plain(one.tag) == "actionGroup"]}

    def leg(self, here, there):
        """Stops at both ends: a trapezium of speed, or a triangle."""
        way, speed = math.dist(here["at"], there["at"]), here["speed"]
        self.length += way
        full = speed * speed / BRAKE
        self.seconds += way / speed + speed / BRAKE if way > full else 2 * math.sqrt(way / BRAKE)

    def photograph(self, here, there, interval, pitch):
        """Photographs at full speed from the first waypoint: the drone brakes and starts in truth, and takes more."""
        way = math.dist(here["at"], there["at"])
        east, north = ((there["at"][i] - here["at"][i]) / way for i in (0, 1))
        for number in range(int(way / (here["speed"] * interval) + 1e-9) + 1):
            along = number * here["speed"] * interval
            self.shots.append({"at": (here["at"][0] + east * along, here["at"][1] + north * along), "ahead": (east, north),
                               "height": here["height"], "pitch": pitch, "strip": id(here)})

    def covers(self, height):
        across, along, focal = self.camera
        return height * across / focal, height * along / focal

    def sample(self, height):
        return height / self.camera[2]

    def seen(self, points):
        """From how many photographs that look straight down each point is seen."""
        counts = np.zeros(len(points), dtype=int)
        for shot in self.shots:
            if shot["pitch"] != -90.0:
                continue
            width, depth = self.covers(shot["height"])
            away = points - np.array(shot["at"])
            east, north = shot["ahead"]
            ahead, aside = away[:, 0] * east + away[:, 1] * north, away[:, 0] * north - away[:, 1] * east
            counts += (abs(ahead) <= depth / 2) & (abs(aside) <= width / 2)
        return counts

    def overlaps(self):
        """Smallest overlap along a strip and between neighbouring strips, as shares; none where there is no neighbour."""
        forward, strips = [], {}
        for shot in self.shots:
            strips.setdefault(shot["strip"], []).append(shot)
        for shots in strips.values():
            depth = self.covers(shots[0]["height"])[1]
            forward += [1 - math.dist(a["at"], b["at"]) / depth for a, b in zip(shots, shots[1:])]
        return (min(forward) if forward else None), side([shots[0] for shots in strips.values()], self)


def side(firsts, flight):
    """Strips of one direction, sorted across it: their distances."""
    if len(firsts) < 2:
        return None
    east, north = firsts[0]["ahead"]
    parallel = [shot for shot in firsts if abs(shot["ahead"][0] * north - shot["ahead"][1] * east) < 1e-3]
    places = sorted({round(shot["at"][0] * north - shot["at"][1] * east, 2) for shot in parallel})
    if len(parallel) < len(firsts) or len(places) < 2:
        return None
    width = flight.covers(firsts[0]["height"])[0]
    # Between parts of a lead that lie apart nothing is to be mapped: that the parts are is told by what is seen of them.
    gaps = [b - a for a, b in zip(places, places[1:]) if b - a < width]
    return min((1 - gap / width for gap in gaps), default=None)


def inside(points, rings):
    """Which points lie inside rings of metres (holes after the first), by crossings."""
    found = np.zeros(len(points), dtype=bool)
    for ring in rings:
        for (x1, y1), (x2, y2) in zip(ring, ring[1:]):
            if y1 == y2:
                continue
            crosses = (points[:, 1] >= min(y1, y2)) & (points[:, 1] < max(y1, y2))
            at = x1 + (points[:, 1] - y1) / (y2 - y1) * (x2 - x1)
            found ^= crosses & (points[:, 0] < at)
    return found


def raster(polygons, step):
    """Points of a raster inside polygons (rings of metres, holes after the first)."""
    corners = np.array([point for polygon in polygons for ring in polygon for point in ring])
    low, high = corners.min(axis=0), corners.max(axis=0)
    grid = np.stack(np.meshgrid(np.arange(low[0] + step / 2, high[0], step), np.arange(low[1] + step / 2, high[1], step)), -1).reshape(-1, 2)
    return grid[np.any([inside(grid, polygon) for polygon in polygons], axis=0)]
