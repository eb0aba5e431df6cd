// The list of leads: only the rows in sight exist, so that thousands cost no more than a few.

/** Height of a row in pixels, as the style says. */
const ROW = 62;
/** Rows drawn above and below those in sight. */
const SPARE = 6;

/** Place of the row that the keys are on, among those shown. */
let active = 0;

function rowOf(at, place) {
  const lead = LEADS[at], rank = line(lead, "rank");
  const facts = [line(lead, "first_seen"), redlineNames(lead)].filter(Boolean).join(" · ");
  const status = lead.case ? coded("state", lead.case.state) : coded("status", line(lead, "status"));
  const row = make("div", {
    class: "row", role: "option", id: `row-${place}`, "aria-selected": at === state.chosen ? "true" : "false",
    "aria-posinset": place + 1, "aria-setsize": state.shown.length, "data-at": at,
  },
  make("span", { class: "rank", words: rank ?? "·" }),
  make("span", { class: "what" }, make("span", { class: "name" }, make("b", { words: modelName(lead) }), " ", make("span", { class: "id", words: lead.id })),
    make("span", { class: "facts", words: facts })),
  make("span", { class: "how-much" }, make("b", { words: areaOrLength(lead) }),
    make("span", { class: "sure" }, make("span", { class: "quiet", words: status }), " ", figure(Math.floor(line(lead, "confidence") * 100) / 100, 2))));
  if (place === active) row.classList.add("active");
  row.style.top = `${place * ROW}px`;
  return row;
}

/** Area in mu, else the length. */
function areaOrLength(lead) {
  const mu = line(lead, "area_mu"), metres = line(lead, "length_m");
  if (mu !== undefined) return `${figure(mu, 2)} ${say("mu")}`;
  return metres === undefined ? "–" : `${figure(metres, 0)} m`;
}

/** Draws the rows in sight. */
function drawList() {
  const list = byId("list"), all = byId("list-all");
  const first = Math.max(0, Math.floor(list.scrollTop / ROW) - SPARE);
  const last = Math.min(state.shown.length, Math.ceil((list.scrollTop + list.clientHeight) / ROW) + SPARE);
  all.style.height = `${Math.max(state.shown.length * ROW, 1)}px`;
  const rows = [];
  for (let place = first; place < last; place += 1) rows.push(rowOf(state.shown[place], place));
  if (!rows.length) rows.push(make("p", { class: "notice", role: "option", "aria-selected": "false", words: LEADS.length ? say("none") : say("none_at_all", DATA.layers.gaps.length) }));
  all.replaceChildren(...rows);
  if (active >= first && active < last) list.setAttribute("aria-activedescendant", `row-${active}`);
  else list.removeAttribute("aria-activedescendant");
}

/** Brings the row that the keys are on into sight. */
function reveal() {
  const list = byId("list"), top = active * ROW;
  if (top < list.scrollTop) list.scrollTop = top;
  else if (top + ROW > list.scrollTop + list.clientHeight) list.scrollTop = top + ROW - list.clientHeight;
  drawList();
}

/** Moves the keys to a row and chooses its lead. */
function goTo(place, how) {
  if (!state.shown.length) return;
  active = Math.max(0, Math.min(state.shown.length - 1, place));
  choose(state.shown[active], how);
  reveal();
}

function listKey(event) {
  const page = Math.max(1, Math.floor(byId("list").clientHeight / ROW) - 1);
  const steps = { ArrowDown: active + 1, ArrowUp: active - 1, Home: 0, End: state.shown.length - 1, PageDown: active + page, PageUp: active - page };
  if (event.key in steps) goTo(state.chosen < 0 && event.key.startsWith("Arrow") ? active : steps[event.key], { go: true });
  else if (event.key === "Enter" || event.key === " ") {
    goTo(active, { go: true, again: true });
    byId("details").focus();
  } else return;
  event.preventDefault();
}

function startList() {
  const list = byId("list");
  list.addEventListener("scroll", () => requestAnimationFrame(drawList), { passive: true });
  list.addEventListener("keydown", listKey);
  list.addEventListener("click", (event) => {
    const row = event.target.closest("[data-at]");
    if (row) goTo(state.shown.indexOf(Number(row.dataset.at)), { go: true });
  });
  new ResizeObserver(() => drawList()).observe(list);
  on("language", drawList);
  on("changed", drawList);
  on("shown", () => {
    active = Math.max(0, state.shown.indexOf(state.chosen));
    if (active === 0) list.scrollTop = 0;
    reveal();
  });
  on("chosen", () => {
    const place = state.shown.indexOf(state.chosen);
    if (place >= 0) active = place;
    reveal();
  });
}
