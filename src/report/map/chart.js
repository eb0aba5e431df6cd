// The two maps that lie on each other: before below, after above, cut at the divider; they move as one.

const maps = {};
const hasGl = () => {
  try {
    return Boolean(document.createElement("canvas").getContext("webgl2"));
  } catch {
    return false;
  }
};

/** West, south, east, north of some leads. */
function boundsOf(list) {
  const bounds = [180, 90, -180, -90];
  const take = ([x, y]) => {
    bounds[0] = Math.min(bounds[0], x);
    bounds[1] = Math.min(bounds[1], y);
    bounds[2] = Math.max(bounds[2], x);
    bounds[3] = Math.max(bounds[3], y);
  };
  for (const lead of list) {
    take(lead.at);
    for (const polygon of lead.outline) polygon[0].forEach(take);
  }
  return bounds[0] <= bounds[2] ? bounds : DATA.imagery?.bounds || [73, 18, 135, 54];
}

/** The middle of what is seen, else of all leads. */
function middleOfMap() {
  if (maps.after) return maps.after.getCenter().toArray();
  const [west, south, east, north] = boundsOf(LEADS);
  return [(west + east) / 2, (south + north) / 2];
}

/** Shows a lead with its surroundings. */
function goToLead(at) {
  if (!maps.after) return;
  const [west, south, east, north] = boundsOf([LEADS[at]]);
  const quick = matchMedia("(prefers-reduced-motion: reduce)").matches;
  maps.after.fitBounds([[west, south], [east, north]], { padding: 120, maxZoom: 15.5, duration: quick ? 0 : 500 });
}

function showAll() {
  const list = state.shown.length ? state.shown.map((at) => LEADS[at]) : LEADS;
  const [west, south, east, north] = boundsOf(list);
  maps.after?.fitBounds([[west, south], [east, north]], { padding: 50, maxZoom: 14, duration: 0 });
}

/** Hands the leads that are shown to both maps. */
function fillMaps() {
  const [outlines, points] = leadFeatures();
  for (const map of Object.values(maps)) {
    map.getSource("leads")?.setData(outlines);
    map.getSource("points")?.setData(points);
  }
}

function fillChosen() {
  const lead = LEADS[state.chosen];
  const data = collection(lead?.outline.length ? [feature(lead.outline, {}, 0)] : []);
  for (const map of Object.values(maps)) map.getSource("chosen")?.setData(data);
}

/** Numbers of leads beside their places, as many as fit without lying on each other; and what is being measured. */
function drawOverlay() {
  const canvas = byId("overlay"), ratio = window.devicePixelRatio || 1, { clientWidth: width, clientHeight: height } = canvas;
  if (canvas.width !== width * ratio || canvas.height !== height * ratio) [canvas.width, canvas.height] = [width * ratio, height * ratio];
  const pen = canvas.getContext("2d");
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, width, height);
  if (state.layers.numbers && state.layers.leads) numbers(pen, width, height);
  drawMeasure(pen);
}

function numbers(pen, width, height) {
  const taken = new Set(), map = maps.after;
  pen.font = "600 12px system-ui, sans-serif";
  pen.textBaseline = "middle";
  let drawn = 0;
  const ranked = state.chosen >= 0 ? [state.chosen, ...state.shown] : state.shown;
  for (const at of ranked) {
    const rank = line(LEADS[at], "rank");
    if (rank === undefined) continue;
    const { x, y } = map.project(LEADS[at].at);
    if (x < 0 || y < 0 || x > width || y > height) continue;
    // A number takes its cell and those beside it, so that no two lie on each other.
    const [column, row] = [Math.round(x / 30), Math.round(y / 14)], cells = [-1, 0, 1].flatMap((a) => [-1, 0, 1].map((b) => `${column + a},${row + b}`));
    if (cells.some((cell) => taken.has(cell))) continue;
    taken.add(`${column},${row}`);
    const words = String(rank), wide = pen.measureText(words).width + 10;
    const [left, top] = [x + 9, y - 9];
    pen.fillStyle = at === state.chosen ? "#ffffff" : "rgba(22, 24, 28, 0.86)";
    pen.beginPath();
    pen.roundRect(left, top, wide, 18, 4);
    pen.fill();
    pen.fillStyle = at === state.chosen ? "#16181c" : "#ffe14d";
    pen.fillText(words, left + 5, top + 9.5);
    if ((drawn += 1) >= 400) break;
  }
}

/** Which lead lies under a point of the map. */
function leadUnder(point) {
  const reach = [[point.x - 6, point.y - 6], [point.x + 6, point.y + 6]];
  const found = maps.after.queryRenderedFeatures(reach, { layers: ["leads-fill", "points"] });
  return found.length ? found[0].properties.at : -1;
}

function mapClick(event) {
  if (measureClick(event.lngLat.toArray())) return;
  const at = leadUnder(event.point);
  if (at >= 0) return void choose(at);
  const ground = maps.after.queryRenderedFeatures(event.point, { layers: ["gaps-fill", "context-fill"].filter((layer) => maps.after.getLayer(layer)) });
  const lines = maps.after.queryRenderedFeatures([[event.point.x - 4, event.point.y - 4], [event.point.x + 4, event.point.y + 4]], { layers: ["redlines"] });
  const words = [...new Set([...lines, ...ground].map(groundWords))];
  byId("measured").hidden = !words.length;
  byId("measured").replaceChildren(...words.map((text) => make("p", { words: text })));
}

function moved() {
  const map = maps.after;
  if (maps.before) maps.before.jumpTo({ center: map.getCenter(), zoom: map.getZoom(), bearing: map.getBearing(), pitch: map.getPitch() });
  drawScale();
}

/** The scale: a round length on the ground at the middle of the map. */
function drawScale() {
  const map = maps.after, { clientWidth, clientHeight } = byId("overlay"), y = clientHeight / 2;
  const place = (x) => map.unproject([x, y]).toArray();
  const metres = metresBetween(place(clientWidth / 2 - 60), place(clientWidth / 2 + 60));
  const power = 10 ** Math.floor(Math.log10(metres)), round = [5, 2, 1].find((one) => one * power <= metres) * power;
  const scale = byId("scale");
  scale.textContent = round >= 1000 ? `${round / 1000} km` : `${round} m`;
  scale.style.width = `${(round / metres) * 120}px`;
}

function newMap(moment, interactive) {
  const [west, south, east, north] = boundsOf(LEADS);
  const map = new maplibregl.Map({
    container: `map-${moment}`, style: styleOf(moment), interactive, trackResize: false, attributionControl: false, fadeDuration: 0, maxPitch: 0, maxZoom: 19,
    dragRotate: false, touchPitch: false, pitchWithRotate: false, renderWorldCopies: false,
    bounds: [[west, south], [east, north]], fitBoundsOptions: { padding: 50, maxZoom: 14 },
  });
  map.touchZoomRotate?.disableRotation();
  // A tile that cannot be read is shown coarser; the page goes on.
  map.on("error", () => {});
  return map;
}

/** Draws the maps, where the browser can. */
function startMaps() {
  if (!hasGl()) {
    byId("stage").classList.add("no-gl");
    byId("no-map").hidden = false;
    on("language", () => { byId("no-map").textContent = say("no_gl"); });
    byId("no-map").textContent = say("no_gl");
    return;
  }
  startImagery();
  if (DATA.imagery) maps.before = newMap("before", false);
  else byId("stage").classList.add("plain");
  const map = (maps.after = newMap("after", true));
  map.keyboard.disableRotation();
  map.on("move", moved);
  map.on("render", drawOverlay);
  new ResizeObserver(() => { 
    Object.values(maps).forEach((one) => one.resize());
    moved();
    drawSwipe();
    drawOverlay();
  }).observe(byId("stage"));
  map.on("click", mapClick);
  map.on("moveend", () => tell("moved"));
  map.on("mousemove", (event) => {
    byId("pointer").textContent = `${event.lngLat.lng.toFixed(5)}°, ${event.lngLat.lat.toFixed(5)}°`;
    measureMove(event.lngLat.toArray());
    map.getCanvas().style.cursor = measuring() ? "crosshair" : leadUnder(event.point) >= 0 ? "pointer" : "";
  });
  for (const one of Object.values(maps)) one.on("load", () => { one.resize(); applyLayers(one); fillMaps(); fillChosen(); moved(); });
  map.once("idle", () => document.body.classList.add("map-is-drawn"));
  byId("zoom-in").addEventListener("click", () => map.zoomIn({ duration: 200 }));
  byId("zoom-out").addEventListener("click", () => map.zoomOut({ duration: 200 }));
  byId("zoom-all").addEventListener("click", showAll);
  listenToPage(map);
}

/** What happens on the page and changes the maps. */
function listenToPage(map) {
  const canvas = map.getCanvas();
  on("language", () => canvas.setAttribute("aria-label", say("map_keys")));
  canvas.setAttribute("aria-label", say("map_keys"));
  on("shown", () => { fillMaps(); drawOverlay(); });
  on("chosen", (how) => { fillChosen(); if (how?.go && state.chosen >= 0) goToLead(state.chosen); drawOverlay(); });
  on("go", goToLead);
  on("layers", () => { Object.values(maps).forEach(applyLayers); drawOverlay(); });
  on("colours", () => { for (const [moment, one] of Object.entries(maps)) one.getSource("imagery")?.setTiles([tileAddress(moment)]); });
  canvas.addEventListener("keydown", (event) => {
    if (event.key === " " && measuring()) { measureClick(map.getCenter().toArray()); event.preventDefault(); }
  });
}
