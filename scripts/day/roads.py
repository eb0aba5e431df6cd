"""Writes a net of roads around a place as .osm.pbf by libosmium, and as JSON for the judge.

Usage: roads.py LON LAT OUT.osm.pbf OUT.json

A lattice of secondary roads and tracks, some of them one-way, one of them closed to cars, and an island that joins nothing.
"""
import json
import sys

import osmium
from osmium.osm.mutable import Node, Way

COUNT, STEP = 9, 0.008


def main():
    longitude, latitude = float(sys.argv[1]), float(sys.argv[2])
    nodes, ways = {}, []
    for row in range(COUNT):
        for column in range(COUNT):
            # Not quite a lattice: a way has no equal to it.
            nodes[row * 100 + column + 1] = (round(longitude + (column - COUNT // 2) * STEP + 0.0007 * ((row * 5 + column) % 3), 7),
                                             round(latitude + (row - COUNT // 2) * STEP + 0.0005 * ((row + column * 7) % 4), 7))
    for row in range(COUNT):
        tags = {"highway": "secondary"} if row % 4 == 0 else {"highway": "track", "tracktype": "grade3"}
        ways.append((tags, [row * 100 + column + 1 for column in range(COUNT)]))
    for column in range(COUNT):
        tags = {"highway": "unclassified"}
        if column == 2:
            tags["oneway"] = "yes"
        if column == 3:
            tags["access"] = "no"
        if column == 5:
            tags["oneway"] = "-1"
        ways.append((tags, [row * 100 + column + 1 for row in range(COUNT)]))
    # An island in the middle: nearer to many leads than the net.
    nodes[9001], nodes[9002] = (longitude + 0.0011, latitude + 0.0011), (longitude + 0.0021, latitude + 0.0011)
    ways.append(({"highway": "residential"}, [9001, 9002]))
    ways.append(({"building": "yes"}, [9001, 9002]))
    writer = osmium.SimpleWriter(sys.argv[3])
    for number, place in sorted(nodes.items()):
        writer.add_node(Node(id=number, location=place, tags={"name": "路口"} if number % 7 == 0 else {}))
    for number, (tags, line) in enumerate(ways):
        writer.add_way(Way(id=number + 1, nodes=line, tags=tags))
    writer.close()
    with open(sys.argv[4], "w", encoding="utf-8") as file:
        json.dump({"nodes": nodes, "ways": ways}, file)


if __name__ == "__main__":
    main()
