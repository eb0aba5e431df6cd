// What lies over the imagery: outlines and points of leads, red lines, permits, gaps; and which of it is shown.

const COLOURS = {
  lead: "#ffd400", chosen: "#ffffff", dark: "#16181c", redline: "#e8274b", context: "#5db4ff", gap: "#8a8f98", settled: "#b6b2a6", ground: "#e9e7df",
};

const feature = (outline, properties, id) => ({ type: "Feature", id, properties, geometry: { type: "MultiPolygon", coordinates: outline } });
const collection = (features) => ({ type: "FeatureCollection", features });

/** States in which nobody looks at a lead any more. */
const SETTLED = ["rejected", "closed", "merged"];
const unlessSettled = (colour) => ["case", ["==", ["get", "settled"], 1], COLOURS.settled, colour];

/** Leads that are shown, as outlines and as points. */
function leadFeatures() {
  const outlines = [], points = [];
  for (const at of state.shown) {
    const lead = LEADS[at], properties = { at, sure: line(lead, "status") === "confirmed" ? 1 : 0, settled: SETTLED.includes(lead.case?.state) ? 1 : 0 };
    if (lead.outline.length) outlines.push(feature(lead.outline, properties, at));
    points.push({ type: "Feature", id: at, properties, geometry: { type: "Point", coordinates: lead.at } });
  }
  return [collection(outlines), collection(points)];
}

const groundFeatures = (list) => collection(list.map((one, at) => feature(one.outline, { at }, at)));

/** Sources and layers of one map, from the ground up. */
function styleOf(moment) {
  const sources = {
    redlines: { type: "geojson", data: groundFeatures(DATA.layers.redlines) },
    context: { type: "geojson", data: groundFeatures(DATA.layers.context) },
    gaps: { type: "geojson", data: groundFeatures(DATA.layers.gaps) },
    leads: { type: "geojson", data: collection([]) }, points: { type: "geojson", data: collection([]) },
    chosen: { type: "geojson", data: collection([]) },
  };
  const stroke = (id, source, color, width, more = {}) => ({ id, type: "line", source, layout: { "line-join": "round" }, paint: { "line-color": color, "line-width": width, ...more } });
  const near = ["interpolate", ["linear"], ["zoom"], 10, 1, 14, 2.2], casing = ["interpolate", ["linear"], ["zoom"], 10, 2, 14, 4.6];
  const layers = [
    { id: "ground", type: "background", paint: { "background-color": COLOURS.ground } },
    { id: "gaps-fill", type: "fill", source: "gaps", paint: { "fill-color": COLOURS.gap, "fill-opacity": 0.35 } },
    stroke("gaps", "gaps", COLOURS.dark, 1, { "line-dasharray": [1, 3] }),
    { id: "context-fill", type: "fill", source: "context", paint: { "fill-color": COLOURS.context, "fill-opacity": 0.12 } },
    stroke("context", "context", COLOURS.context, 1.6, { "line-dasharray": [4, 2] }),
    stroke("redlines-casing", "redlines", "#ffffff", 4, { "line-opacity": 0.7 }),
    stroke("redlines", "redlines", COLOURS.redline, 2),
    { id: "leads-fill", type: "fill", source: "leads", paint: { "fill-color": unlessSettled(COLOURS.lead), "fill-opacity": DATA.imagery ? 0.02 : 0.35 } },
    stroke("leads-casing", "leads", COLOURS.dark, casing, { "line-opacity": 0.75 }),
    stroke("leads", "leads", unlessSettled(COLOURS.lead), near),
    stroke("chosen-casing", "chosen", COLOURS.dark, 7, { "line-opacity": 0.85 }),
    stroke("chosen", "chosen", COLOURS.chosen, 3.2),
    { id: "points", type: "circle", source: "points", maxzoom: 13, paint: {
      "circle-radius": ["interpolate", ["linear"], ["zoom"], 5, 2.5, 10, 4.5, 12.5, 5.5], "circle-color": unlessSettled(["case", ["==", ["get", "sure"], 1], COLOURS.lead, "#fff3b0"]),
      "circle-stroke-color": COLOURS.dark, "circle-stroke-width": 1.4,
      "circle-opacity": ["interpolate", ["linear"], ["zoom"], 12, 1, 13, 0], "circle-stroke-opacity": ["interpolate", ["linear"], ["zoom"], 12, 1, 13, 0] } },
  ];
  if (DATA.imagery) {
    sources.imagery = imagerySource(moment);
    layers.splice(1, 0, { id: "imagery", type: "raster", source: "imagery", paint: { "raster-fade-duration": 0, "raster-resampling": "linear" } });
  }
  return { version: 8, sources, layers };
}

const PARTS = {
  imagery: ["imagery"], redlines: ["redlines", "redlines-casing"], context: ["context", "context-fill"], gaps: ["gaps", "gaps-fill"],
  leads: ["leads", "leads-casing", "leads-fill", "points", "chosen", "chosen-casing"],
};

/** Shows and hides layers of a map as somebody ticked them. */
function applyLayers(map) {
  for (const [name, layers] of Object.entries(PARTS)) {
    for (const layer of layers) if (map.getLayer(layer)) map.setLayoutProperty(layer, "visibility", state.layers[name] ? "visible" : "none");
  }
}

/** The choice of layers, with a key of their lines. */
function drawLayers() {
  const count = { redlines: DATA.layers.redlines.length, context: DATA.layers.context.length, gaps: DATA.layers.gaps.length };
  const tick = (name) => make("label", {}, make("input", { type: "checkbox", id: `layer-${name}`, checked: state.layers[name], change: (event) => {
    state.layers[name] = event.target.checked;
    tell("layers");
  } }), make("span", { class: `key key-${name}`, "aria-hidden": "true" }), say(`layer_${name}`), name in count ? make("span", { class: "quiet", words: ` ${count[name]}` }) : null);
  const has = (name) => (name === "imagery" ? Boolean(DATA.imagery) : !(name in count) || count[name] > 0);
  const ticks = ["imagery", "leads", "numbers", "redlines", "context", "gaps"].filter(has).map(tick);
  const colour = (name) => make("label", {}, make("input", { type: "radio", name: "colours", value: name, checked: state.colours === name, change: () => {
    state.colours = name;
    tell("colours");
  } }), say(name));
  const colours = DATA.imagery?.infrared ? [make("fieldset", {}, make("legend", { words: say("colours") }), colour("natural"), colour("infrared"))] : [];
  const lacking = DATA.imagery ? [] : [make("p", { class: "quiet", words: say("no_imagery") })];
  byId("layer-body").replaceChildren(...ticks, ...colours, ...lacking);
}

/** What is known of a place: red lines, permits and gaps under it, in words. */
function groundWords(found) {
  const { layer, properties } = found, one = DATA.layers[layer.source][properties.at];
  if (layer.source === "gaps") return `${say("layer_gaps")}: ${coded("gap_reason", one.reason)}; ${one.detail || ""}`;
  const what = layer.source === "redlines" ? coded("redline_class", one.class) : one.kind || one.role;
  return [what, one.name || one.id, one.layer, one.version].filter(Boolean).join(" · ");
}
