// Measuring by hand: a length or an area between places that somebody clicks, on the ellipsoid.

const measure = { kind: null, places: [], pointer: null, done: false };

const measuring = () => measure.kind !== null && !measure.done;

/** Begins to measure; a second time ends it. */
function startMeasuring(kind) {
  const isSame = measure.kind === kind;
  Object.assign(measure, { kind: isSame ? null : kind, places: [], pointer: null, done: false });
  maps.after?.doubleClickZoom[measure.kind ? "disable" : "enable"]();
  drawMeasured();
}

/** A place more, where somebody measures. */
function measureClick(place) {
  if (!measuring()) return false;
  const last = measure.places.at(-1);
  if (!last || last[0] !== place[0] || last[1] !== place[1]) measure.places.push(place);
  drawMeasured();
  return true;
}

function measureMove(place) {
  if (!measuring() || !measure.places.length) return;
  measure.pointer = place;
  drawMeasured();
}

function endMeasuring() {
  measure.done = true;
  measure.pointer = null;
  drawMeasured();
}

/** The result in words. */
function measured(places) {
  const lengths = places.slice(1).map((place, at) => metresBetween(places[at], place));
  const total = lengths.reduce((sum, one) => sum + one, 0);
  if (measure.kind === "distance") return `${say("total")}: ${lengthInWords(total)}`;
  if (places.length < 3) return `${say("area")}: –`;
  return `${say("area")}: ${areaInWords(squareMetres(places))}; ${say("perimeter")}: ${lengthInWords(total + metresBetween(places.at(-1), places[0]))}`;
}

function drawMeasured() {
  for (const kind of ["distance", "area"]) byId(`tool-${kind}`).setAttribute("aria-pressed", measure.kind === kind ? "true" : "false");
  const box = byId("measured");
  box.hidden = !measure.kind;
  if (measure.kind) {
    const places = measure.pointer ? [...measure.places, measure.pointer] : measure.places;
    const clear = make("button", { type: "button", id: "measure-clear", words: say("clear"), click: () => startMeasuring(measure.kind) });
    box.replaceChildren(make("p", { words: places.length > 1 ? measured(places) : say("measure_help") }), clear);
  }
  maps.after?.triggerRepaint();
}

/** Draws what is being measured onto the map. */
function drawMeasure(pen) {
  if (!measure.kind || !measure.places.length) return;
  const places = measure.pointer ? [...measure.places, measure.pointer] : measure.places;
  const points = places.map((place) => maps.after.project(place));
  pen.beginPath();
  points.forEach(({ x, y }, at) => (at ? pen.lineTo(x, y) : pen.moveTo(x, y)));
  if (measure.kind === "area" && points.length > 2) pen.closePath();
  pen.fillStyle = "rgba(0, 170, 255, 0.18)";
  if (measure.kind === "area") pen.fill();
  for (const [width, colour] of [[5, "#16181c"], [2.4, "#35c4ff"]]) [pen.lineWidth, pen.strokeStyle] = [width, colour], pen.stroke();
  for (const { x, y } of points) {
    pen.beginPath();
    pen.arc(x, y, 4, 0, 7);
    pen.fillStyle = "#35c4ff";
    pen.fill();
    pen.stroke();
  }
}

function startMeasure() {
  for (const kind of ["distance", "area"]) {
    byId(`tool-${kind}`).addEventListener("click", () => startMeasuring(kind));
    byId(`tool-${kind}`).disabled = !maps.after;
  }
  maps.after?.on("dblclick", () => { if (measuring()) endMeasuring(); });
  document.addEventListener("keydown", (event) => {
    if (!measure.kind || event.target.closest("input, select, textarea, dialog")) return;
    if (event.key === "Escape") startMeasuring(measure.kind);
    else if (event.key === "Enter" && !event.target.closest("button")) endMeasuring();
  });
  on("language", drawMeasured);
}
