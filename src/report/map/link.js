// The address of what is shown: lead, language, place, divider, filter. It stands behind `#` and so goes to nobody.

/** What the address says. */
function readLink() {
  const said = new URLSearchParams(location.hash.slice(1));
  if (said.has("lang")) tongue = said.get("lang") === "en" ? 1 : 0;
  const swipe = Number(said.get("swipe"));
  if (said.has("swipe") && swipe >= 0 && swipe <= 100) state.swipe = swipe;
  if (said.get("colours") === "infrared" && DATA.imagery?.infrared) state.colours = "infrared";
  if (said.get("sort") in ORDERS) state.order = said.get("sort");
  const filter = openFilter();
  for (const [name] of GROUPS) if (said.has(name)) filter.ticked[name] = new Set(said.get(name).split(","));
  filter.words = (said.get("q") || "").toLowerCase();
  filter.redline = said.get("line") || "";
  const day = (name) => (/^\d{4}-\d{2}-\d{2}$/.test(said.get(name) || "") ? said.get(name) : "");
  [filter.from, filter.to] = [day("from"), day("to")];
  filter.confidence = Math.min(1, Math.max(0, Number(said.get("sure")) || 0));
  const number = (name) => (said.has(name) && Number.isFinite(Number(said.get(name))) ? Number(said.get(name)) : null);
  [filter.areaFrom, filter.areaTo] = [number("mu"), number("most")];
  state.filter = filter;
  return said;
}

/** Writes what is shown into the address. */
function writeLink() {
  const said = new URLSearchParams(), { filter } = state;
  const put = (name, value, plain) => { if (value !== plain && value !== null && value !== "") said.set(name, value); };
  put("lead", LEADS[state.chosen]?.key ?? "", "");
  put("lang", tongue ? "en" : "zh", "");
  for (const [name, ticked] of Object.entries(filter.ticked)) put(name, [...ticked].sort().join(","), "");
  put("q", filter.words, "");
  put("line", filter.redline, "");
  put("from", filter.from, "");
  put("to", filter.to, "");
  put("sure", filter.confidence, 0);
  put("mu", filter.areaFrom, null);
  put("most", filter.areaTo, null);
  put("sort", state.order, "rank");
  put("colours", state.colours, "natural");
  if (maps.before) put("swipe", Math.round(state.swipe), 50);
  if (maps.after) {
    const { lng, lat } = maps.after.getCenter();
    said.set("at", `${lng.toFixed(5)},${lat.toFixed(5)},${maps.after.getZoom().toFixed(2)}`);
  }
  // Some browsers allow only so many changes of the address in a while.
  try {
    history.replaceState(null, "", `#${said}`);
  } catch { /* the address stays as it was */ }
}

let linkLater = 0;

function linkSoon() {
  clearTimeout(linkLater);
  linkLater = setTimeout(writeLink, 250);
}

/** Goes where the address says. */
function followLink(said) {
  const at = byKey.get(said.get("lead"));
  const [lon, lat, zoom] = (said.get("at") || "").split(",").map(Number);
  const isPlace = [lon, lat, zoom].every(Number.isFinite) && Math.abs(lat) <= 85;
  if (isPlace) maps.after?.jumpTo({ center: [lon, lat], zoom });
  if (at !== undefined) choose(at, { go: !isPlace, again: true });
}

async function copyLink() {
  writeLink();
  let words = say("link_shown");
  try {
    await navigator.clipboard.writeText(location.href);
    words = say("link_copied");
  } catch { /* a page that was opened from a folder may not; the address bar has it */ }
  byId("tool-link").textContent = words;
  setTimeout(() => { byId("tool-link").textContent = say("link"); }, 2500);
}

function startLink() {
  for (const what of ["chosen", "shown", "language", "moved", "swiped", "colours"]) on(what, linkSoon);
  byId("tool-link").addEventListener("click", copyLink);
  window.addEventListener("hashchange", () => {
    const said = readLink();
    speak(tongue);
    sift();
    followLink(said);
  });
}
