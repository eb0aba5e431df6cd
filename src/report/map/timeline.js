// When leads were first seen: a bar a month, or a year where there are many; a bar is a button that filters.

/** More months than this are shown as years. */
const MOST_BARS = 60;

/** The month or year of a day, and its first and last day. */
function spanOf(day, byYear) {
  const name = day.slice(0, byYear ? 4 : 7);
  if (byYear) return [name, `${name}-01-01`, `${name}-12-31`];
  const [year, month] = name.split("-").map(Number);
  return [name, `${name}-01`, `${name}-${String(new Date(Date.UTC(year, month, 0)).getUTCDate()).padStart(2, "0")}`];
}

/** Every month from the first to the last, also those without a lead. */
function monthsBetween(first, last) {
  const months = [];
  for (let [year, month] = first.split("-").map(Number); ; month += 1) {
    if (month > 12) [year, month] = [year + 1, 1];
    const name = `${String(year).padStart(4, "0")}-${String(month).padStart(2, "0")}`;
    if (name > last || months.length > 1200) return months;
    months.push(name);
  }
}

/** Draws the bars: how many leads fit the rest of the filter, by month or year. */
function drawBars() {
  const days = LEADS.map((lead) => line(lead, "first_seen")).filter((day) => /^\d{4}-\d{2}-\d{2}$/.test(day || "")).sort();
  byId("time").hidden = !days.length;
  if (!days.length) return;
  const months = monthsBetween(days[0].slice(0, 7), days.at(-1).slice(0, 7)), byYear = months.length > MOST_BARS;
  const counts = new Map(months.map((month) => [month.slice(0, byYear ? 4 : 7), 0]));
  for (const lead of LEADS) {
    const name = (line(lead, "first_seen") || "").slice(0, byYear ? 4 : 7);
    if (counts.has(name) && fits(lead, state.filter, "time")) counts.set(name, counts.get(name) + 1);
  }
  const most = Math.max(1, ...counts.values()), { from, to } = state.filter;
  const bars = [...counts].map(([name, count], place) => {
    const [, first, last] = spanOf(`${name}-01-01`.slice(0, 10), byYear);
    const isIn = Boolean(from || to) && (!from || last >= from) && (!to || first <= to);
    const fill = make("span", { class: "fill" });
    fill.style.height = `${Math.round((count / most) * 100)}%`;
    const isFirst = name.endsWith("-01") || place === 0, label = byYear || (isFirst && counts.size < 14) ? name : isFirst ? name.slice(0, 4) : name.slice(5);
    return make("button", { type: "button", class: isIn ? "bar in" : "bar", title: say("bar", name, count), "aria-label": say("bar", name, count),
      "aria-pressed": isIn ? "true" : "false", "data-key": `${first}/${last}`, click: (event) => pick(first, last, event.shiftKey) },
    fill, make("span", { class: "label", words: label }));
  });
  byId("bars").replaceChildren(...bars);
  byId("time-chosen").textContent = from || to ? say("chosen", from || "…", to || "…") : say("all_time");
}

/** Filters by a bar; a second time lets everything through again; with Shift the span grows. */
function pick(first, last, grows) {
  const filter = state.filter, isSame = filter.from === first && filter.to === last;
  if (grows && (filter.from || filter.to)) {
    filter.from = [filter.from || first, first].sort()[0];
    filter.to = [filter.to || last, last].sort().at(-1);
  } else [filter.from, filter.to] = isSame ? ["", ""] : [first, last];
  drawFilter();
  sift();
  byId("bars").querySelector(`[data-key="${first}/${last}"]`)?.focus();
}

function startTimeline() {
  on("shown", drawBars);
  on("language", drawBars);
}
