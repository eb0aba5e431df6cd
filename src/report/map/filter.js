// Which leads are shown: by sub-model, status, state, class, red line, verdict, confidence, area, date, words.

/** What can be ticked: name of the group, the value of a lead, the words of a value. */
const GROUPS = [
  ["model", (lead) => [line(lead, "model") || ""], (value) => `${value} ${modelWords(value)}`],
  ["status", (lead) => [line(lead, "status") || ""], (value) => coded("status", value)],
  ["state", (lead) => (lead.case ? [lead.case.state] : []), (value) => coded("state", value)],
  ["found", (lead) => (lead.case?.verdict ? [lead.case.verdict] : []), (value) => coded("found", value)],
  ["class", (lead) => [...new Set(lead.redlines.map((one) => one.class || ""))], (value) => (value ? coded("redline_class", value) : say("nothing"))],
  ["verdict", (lead) => [foremostVerdict(lead)], (value) => (value ? coded("legal_verdict", value) : say("nothing"))],
];

/** The name of a sub-model by its id. */
function modelWords(id) {
  const lead = LEADS.find((one) => line(one, "model") === id);
  return lead ? modelName(lead) : "";
}

/** A filter that lets everything through. */
function openFilter() {
  return { ticked: {}, redline: "", confidence: 0, areaFrom: null, areaTo: null, from: "", to: "", words: "" };
}

/** Whether a lead fits. `but` is a part of the filter that is left aside. */
function fits(lead, filter, but = "") {
  for (const [name, values] of GROUPS) {
    const ticked = filter.ticked[name];
    if (ticked?.size && name !== but && !values(lead).some((value) => ticked.has(value))) return false;
  }
  const area = line(lead, "area_mu") ?? 0, first = line(lead, "first_seen") || "";
  if (filter.redline && !lead.redlines.some((one) => one.id === filter.redline)) return false;
  if ((line(lead, "confidence") ?? 0) < filter.confidence) return false;
  if (filter.areaFrom !== null && area < filter.areaFrom) return false;
  if (filter.areaTo !== null && area > filter.areaTo) return false;
  if (but !== "time" && ((filter.from && first < filter.from) || (filter.to && first > filter.to))) return false;
  return filter.words.split(/\s+/).every((word) => searchable(lead).includes(word));
}

const ORDERS = {
  rank: ["by_rank", (a, b) => (line(a, "rank") ?? 1e9) - (line(b, "rank") ?? 1e9)],
  confidence: ["by_confidence", (a, b) => (line(b, "confidence") ?? 0) - (line(a, "confidence") ?? 0)],
  area: ["by_area", (a, b) => (line(b, "area_mu") ?? 0) - (line(a, "area_mu") ?? 0)],
  first: ["by_first", (a, b) => String(line(b, "first_seen") || "").localeCompare(String(line(a, "first_seen") || ""))],
  near: ["by_near", null],
};

/** Leads that fit, in the order that was chosen. */
function sift() {
  const fitting = [];
  LEADS.forEach((lead, at) => fits(lead, state.filter) && fitting.push(at));
  const order = ORDERS[state.order][1];
  if (order) fitting.sort((a, b) => order(LEADS[a], LEADS[b]) || a - b);
  else {
    const middle = middleOfMap();
    const far = new Map(fitting.map((at) => [at, metresBetween(LEADS[at].at, middle)]));
    fitting.sort((a, b) => far.get(a) - far.get(b));
  }
  state.shown = fitting;
  tell("shown");
}

let waiting = 0;

/** Sifts soon: letters that are typed quickly are one change. */
function siftSoon() {
  clearTimeout(waiting);
  waiting = setTimeout(sift, 120);
}

/** One group of ticks, with how many leads each would show. */
function tickGroup([name, values, words]) {
  const counts = new Map();
  for (const lead of LEADS) for (const value of values(lead)) counts.set(value, (counts.get(value) || 0) + 1);
  if (counts.size < 2) return null;
  const ticked = (state.filter.ticked[name] ||= new Set());
  const one = ([value, count]) => make("label", {},
    make("input", { type: "checkbox", checked: ticked.has(value), change: (event) => {
      if (event.target.checked) ticked.add(value);
      else ticked.delete(value);
      siftSoon();
    } }), ` ${words(value)} `, make("span", { class: "quiet", words: String(count) }));
  const sorted = [...counts].sort((a, b) => String(a[0]).localeCompare(String(b[0])));
  return make("fieldset", {}, make("legend", { words: say(name) }), ...sorted.map(one));
}

/** The choice of one red line, where there are several. */
function redlineChoice() {
  const lines = new Map();
  for (const lead of LEADS) for (const one of lead.redlines) lines.set(one.id, one.name || one.id);
  if (lines.size < 2) return null;
  const sorted = [...lines].sort((a, b) => a[1].localeCompare(b[1], "zh"));
  const select = make("select", { id: "filter-redline", change: (event) => { state.filter.redline = event.target.value; siftSoon(); } },
    make("option", { value: "", words: say("any") }), ...sorted.map(([id, name]) => make("option", { value: id, words: name })));
  select.value = state.filter.redline;
  return make("p", {}, make("label", { for: "filter-redline", words: say("redline") }), select);
}

/** A field for a number or a day; `read` brings what was typed into the filter. */
function field(id, label, kind, value, read, more = {}) {
  const input = make("input", { id, type: kind, ...more, input: (event) => { read(event.target.value); siftSoon(); } });
  input.value = value ?? "";
  return make("span", {}, make("label", { for: id, words: label }), input);
}

function ranges() {
  const filter = state.filter, number = (text) => (text === "" ? null : Number(text));
  const least = make("output", { for: "filter-confidence", words: filter.confidence.toFixed(2) });
  const slider = make("input", { id: "filter-confidence", type: "range", min: 0, max: 1, step: 0.01, input: (event) => {
    filter.confidence = Number(event.target.value);
    least.textContent = filter.confidence.toFixed(2);
    siftSoon();
  } });
  slider.value = filter.confidence;
  return [
    make("p", { class: "range" }, make("label", { for: "filter-confidence", words: say("confidence_least") }), slider, least),
    make("fieldset", { class: "range" }, make("legend", { words: say("area_range") }),
      field("filter-area-from", say("from"), "number", filter.areaFrom, (text) => { filter.areaFrom = number(text); }, { min: 0, step: "any" }),
      field("filter-area-to", say("to"), "number", filter.areaTo, (text) => { filter.areaTo = number(text); }, { min: 0, step: "any" })),
    make("fieldset", { class: "range" }, make("legend", { words: say("first_seen") }),
      field("filter-from", say("from"), "date", filter.from, (text) => { filter.from = text; }),
      field("filter-to", say("to"), "date", filter.to, (text) => { filter.to = text; })),
  ];
}

/** Draws the filter anew, in the language that is spoken. */
function drawFilter() {
  const reset = make("button", { type: "button", id: "filter-reset", words: say("reset"), click: () => {
    state.filter = openFilter();
    byId("search").value = "";
    drawFilter();
    sift();
  } });
  const parts = [...GROUPS.map(tickGroup), redlineChoice(), ...ranges(), make("p", {}, reset)];
  byId("filter-body").replaceChildren(...parts.filter(Boolean));
  const sort = byId("sort");
  sort.replaceChildren(...Object.entries(ORDERS).map(([name, [key]]) => make("option", { value: name, words: say(key) })));
  sort.value = state.order;
}

function startFilter() {
  state.filter = openFilter();
  byId("search").addEventListener("input", (event) => {
    state.filter.words = event.target.value.trim().toLowerCase();
    siftSoon();
  });
  byId("sort").addEventListener("change", (event) => {
    state.order = event.target.value;
    sift();
  });
  on("language", drawFilter);
  on("shown", () => { byId("count").textContent = say("count", figure(state.shown.length), figure(LEADS.length)); });
}
