// The chosen lead: pictures, areas, red lines, arithmetic of the rules, permits, coordinates, case, notes, and all the rest.

/** A heading with what belongs under it; nothing where there is nothing. */
function part(title, ...children) {
  const inside = children.flat().filter(Boolean);
  return inside.length ? make("section", {}, make("h3", { words: title }), ...inside) : null;
}

/** Lines of name and value. */
function lines(pairs) {
  const known = pairs.filter(([, value]) => value !== null && value !== undefined && value !== "");
  if (!known.length) return null;
  return make("dl", {}, ...known.flatMap(([name, value]) => [make("dt", { words: name }), make("dd", { words: String(value) })]));
}

function table(head, rows) {
  const cells = (row) => row.map((cell) => make("td", {}, ...(cell instanceof Node ? [cell] : [String(cell ?? "")])));
  return make("div", { class: "wide", tabindex: 0, role: "group", "aria-label": head.join(", ") }, make("table", {},
    make("thead", {}, make("tr", {}, ...head.map((words) => make("th", { scope: "col", words })))),
    make("tbody", {}, ...rows.map((row) => make("tr", {}, ...cells(row))))));
}

/** A part that is opened when somebody wants it. */
function folded(title, ...children) {
  const inside = children.flat().filter(Boolean);
  return inside.length ? make("details", {}, make("summary", { words: title }), ...inside) : null;
}

function head(lead) {
  const rank = line(lead, "rank"), place = state.shown.indexOf(state.chosen);
  const step = (key, by) => make("button", { type: "button", class: "step", words: say(key), disabled: !state.shown[place + by] && state.shown[place + by] !== 0,
    click: () => { goTo(place + by, { go: true }); byId("details").focus(); } });
  return make("div", { class: "head" },
    make("div", { class: "walk" }, step("previous", -1), step("next", 1),
      make("button", { type: "button", class: "step", id: "details-show", words: say("show_on_map"), click: () => tell("go", state.chosen) }),
      make("button", { type: "button", class: "step", id: "details-close", words: say("close"), click: closeDetails })),
    make("h2", {}, `${rank ? `${rank}. ` : ""}${modelName(lead)} `, make("span", { class: "quiet", words: line(lead, "model") || "" })),
    make("p", { class: "id", words: lead.id }),
    make("p", { class: "badges" },
      make("span", { class: "badge", words: coded("status", line(lead, "status")) }),
      line(lead, "tier") && line(lead, "tier") !== "lead" ? make("span", { class: "badge", words: coded("tier", line(lead, "tier")) }) : null,
      lead.case && lead.case.state !== line(lead, "status") ? make("span", { class: "badge case", words: coded("state", lead.case.state) }) : null,
      lead.case?.verdict ? make("span", { class: "badge case", words: coded("found", lead.case.verdict) }) : null,
      make("span", { class: "badge sure", words: `${say("confidence")} ${figure(line(lead, "confidence"), 3)}` })));
}

/** Area with its bounds, as the record says. */
function areas(lead) {
  const get = (name) => line(lead, name);
  if (get("area_mu") === undefined) {
    return make("p", { class: "area" }, make("b", { words: areaOrLength(lead) }), ` ${say("length")}. ${inTongue(get("area_method") || "")}`);
  }
  return make("p", { class: "area" },
    make("b", { words: `${figure(get("area_mu"), 2)} ${say("mu")}` }),
    ` (${figure(get("area_low_mu"), 2)} – ${figure(get("area_high_mu"), 2)})`, make("br"),
    `${figure(get("area_m2"), 1)} m² (${figure(get("area_low_m2"), 1)} – ${figure(get("area_high_m2"), 1)})`,
    make("span", { class: "quiet block", words: inTongue(get("area_method") || "") }));
}

function pictures(lead) {
  const one = (moment) => {
    const picture = pictureOf(lead, moment);
    if (!picture) return null;
    const title = `${say(moment)} ${line(lead, moment) || ""}`;
    return make("figure", {}, make("button", { type: "button", class: "picture", title: say("enlarge"), click: () => enlarge(lead, moment) },
      make("img", { picture, alt: say(`picture_${moment}`, line(lead, moment) || "") })), make("figcaption", { words: title }));
  };
  const both = ["before", "after"].map(one).filter(Boolean);
  return both.length ? make("div", { class: "pictures" }, ...both) : make("p", { class: "quiet", words: say("no_pictures") });
}

/** Shows both pictures large. */
function enlarge(lead) {
  const images = ["before", "after"].map((moment) => [moment, pictureOf(lead, moment)]).filter(([, picture]) => picture);
  showBox(`${modelName(lead)} ${lead.id}`, make("div", { class: "pictures large" },
    ...images.map(([moment, picture]) => make("img", { picture, alt: say(`picture_${moment}`, line(lead, moment) || "") }))));
}

/** The days that matter, on a line drawn to scale. */
function dates(lead) {
  const names = [["before", "before"], ["first_seen", "first_seen"], ["confirmed_on", "confirmed_on"], ["after", "after"], ["last_seen", "last_seen"]];
  const known = names.map(([name, key]) => [line(lead, name), key]).filter(([day]) => day).sort((a, b) => a[0].localeCompare(b[0]));
  if (!known.length) return null;
  const time = (day) => Date.parse(`${day}T00:00:00Z`);
  const start = time(known[0][0]), span = Math.max(time(known.at(-1)[0]) - start, 1);
  const dots = known.map(([day]) => {
    const dot = make("span", { class: "dot" });
    dot.style.left = `${((time(day) - start) / span) * 100}%`;
    return dot;
  });
  const views = line(lead, "observation_count");
  return part(say("dates"), make("div", { class: "span", "aria-hidden": "true" }, ...dots),
    make("ol", { class: "days" }, ...known.map(([day, key]) => make("li", {}, make("b", { words: day }), ` ${say(key)}`))),
    views ? make("p", { class: "quiet", words: say("views", views) }) : null);
}

function redlines(lead) {
  const one = (line) => make("li", {}, make("b", { words: line.name || line.id }), line.class ? ` ${coded("redline_class", line.class)}` : "",
    make("span", { class: "block", words: `${say("overlap")} ${figure(line.overlap_m2, 1)} m²` }),
    make("span", { class: "quiet block", words: [line.id, line.layer, line.version].filter(Boolean).join(" · ") }));
  return lead.redlines.length ? part(say("redlines"), make("ul", { class: "plain" }, ...lead.redlines.map(one))) : null;
}

/** One rule as arithmetic: what was compared with what, and where the rule stands. */
function ruleText([place, verdict, area, low, high]) {
  const rule = DATA.rules[place], mu = (square) => figure(square / (2000 / 3), 2), land = coded("rule_land", rule.land);
  return make("li", {},
    make("p", { class: "sum" }, `${mu(area)} (${mu(low)} – ${mu(high)}) ${say("mu")} `, make("b", { words: coded("legal_verdict", verdict) }), ` ${figure(rule.limit_mu, 2)} ${say("mu")} (${land})`),
    make("p", { words: tongue ? rule.text : rule.text_zh }),
    make("p", { class: "quiet", words: `${say("condition")}: ${tongue ? rule.condition : rule.condition_zh}` }),
    make("p", { class: "quiet", words: `${rule.source}; ${say("in_force")} ${rule.in_force} [${rule.rule}]` }));
}

function limits(lead) {
  const own = lead.limits.length ? make("ul", { class: "rules" }, ...lead.limits.map(ruleText)) : null;
  const group = lead.group_limits.length ? [make("h4", { words: say("group") }),
    make("p", {}, ...lead.group.flatMap((id) => [leadLink(id), " "])), make("ul", { class: "rules" }, ...lead.group_limits.map(ruleText))] : [];
  return part(say("limits"), own, group);
}

/** A way to another lead of this page; plain words where it is none. */
function leadLink(id) {
  const at = byLeadId.get(id);
  if (at === undefined) return make("span", { words: id });
  return make("button", { type: "button", class: "link", words: id, click: () => choose(at, { go: true }) });
}

function permits(lead) {
  if (lead.permits === null) return part(say("permits"), make("p", { words: say("permits_unsupplied") }));
  if (!lead.permits.length) return part(say("permits"), make("p", { words: say("permits_none") }));
  const day = (value) => (value === "open" ? say("open_end") : value || "–");
  const one = (permit) => make("li", {}, make("b", { words: [permit.id, permit.name].filter(Boolean).join(" ") }), ` ${permit.kind || ""}`,
    make("span", { class: "block", words: `${say("valid")} ${day(permit.valid_from)} – ${day(permit.valid_to)}; ${say("in_force_then")}: ${coded("permit_in_force", permit.in_force)}` }),
    make("span", { class: "block", words: `${say("overlap")} ${figure(permit.overlap_m2, 1)} m²` }),
    make("span", { class: "quiet block", words: [permit.layer, permit.version].filter(Boolean).join(" · ") }));
  return part(say("permits"), make("ul", { class: "plain" }, ...lead.permits.map(one)));
}

function around(lead) {
  const rows = lead.context.map((one) => [one.role, [one.id, one.name].filter(Boolean).join(" "), one.kind, one.date || "", `${figure(one.overlap_m2, 1)} m²`]);
  return rows.length ? part(say("context"), table([say("kind"), say("name"), "", say("on"), say("overlap")], rows)) : null;
}

/** Where it lies, in every form that the office and the field need. */
function places(lead) {
  const degrees = ([x, y]) => `${x.toFixed(7)}°, ${y.toFixed(7)}°`, metres = ([x, y]) => `${x.toFixed(2)}, ${y.toFixed(2)}`;
  const order = `${say("lon")}, ${say("lat")}`, zone = lead.cgcs2000;
  const pairs = [[`WGS 84 (EPSG:4326), ${order}`, degrees(lead.at)]];
  if (zone) {
    const axes = `${say("easting")}, ${say("northing")} (m)`;
    pairs.push([`CGCS2000 (EPSG:4490), ${order}`, degrees(lead.at)]);
    pairs.push([`${say("zone", zone.zone, zone.meridian)} EPSG:${zone.with_number.epsg}, ${axes}`, metres(zone.with_number.at)]);
    pairs.push([`EPSG:${zone.without.epsg}, ${axes}`, metres(zone.without.at)]);
  }
  return part(say("places"), lines(pairs));
}

/** What people found and did. */
function caseParts(lead) {
  const one = lead.case;
  if (!one) return null;
  const assigned = one.assigned ? `${one.assigned[0]}${one.assigned[1] ? `, ${say("until")} ${one.assigned[1]}` : ""}` : null;
  const said = (more) => Object.entries(more).map(([name, value]) => (name === "verdict" ? coded("found", value) : name === "cause" ? coded("cause", value) : String(value))).join(", ");
  const history = lead.events.map(([when, kind, who, why, more]) => [String(when).slice(0, 16).replace("T", " "), coded("event", kind), who, [said(more), why].filter(Boolean).join("; ")]);
  return part(say("case"), lines([
    [say("state"), coded("state", one.state)], [say("found"), one.verdict ? coded("found", one.verdict) + (one.contested ? ` (${say("contested")})` : "") : null],
    [say("assigned"), assigned], [say("agency"), one.agency], [say("county"), one.county], [say("due"), one.due]]),
  history.length ? folded(`${say("history")} (${history.length})`, table([say("on"), "", say("who"), ""], history)) : null);
}

function seenViews(lead) {
  const rows = lead.seen.map(([day, isLookBack, inside, whyNot]) => [day, isLookBack ? say("look_back") : say("target"), whyNot || say("used"), inside === null ? "" : figure(inside, 2)]);
  return rows.length ? folded(`${say("seen")} (${rows.length})`, table([say("on"), "", "", say("inside")], rows)) : null;
}

/** Everything, for who wants to know it. */
function everything(lead) {
  const measures = lead.measures.map(([place, value]) => [DATA.measures[place][0], figure(value, 4), DATA.measures[place][1] === "1" ? "" : DATA.measures[place][1]]);
  const record = DATA.columns.filter(([name]) => lead.lines[name] !== undefined).map(([name, alias]) => [ofAlias(alias), inTongue(lead.lines[name])]);
  return make("div", {}, seenViews(lead), measures.length ? folded(`${say("measures")} (${measures.length})`, table([say("name"), "", ""], measures)) : null, folded(say("record"), lines(record)));
}

/** Draws the chosen lead. */
function drawDetails() {
  const box = byId("details"), lead = LEADS[state.chosen];
  box.hidden = !lead;
  document.body.classList.toggle("with-details", Boolean(lead));
  if (!lead) return box.replaceChildren();
  const notes = lead.notes.length ? part(say("notes"), make("ul", {}, ...lead.notes.map((note) => make("li", { words: inTongue(note) })))) : null;
  box.replaceChildren(...[head(lead), areas(lead), pictures(lead), deskPart(lead), dates(lead), redlines(lead), limits(lead), permits(lead), around(lead),
    places(lead), caseParts(lead), notes, everything(lead), make("p", { class: "quiet", words: spoken(DATA.disclaimer) })].filter(Boolean));
  box.scrollTop = 0;
  return undefined;
}

function closeDetails() {
  choose(-1);
  byId("list").focus();
}

function startDetails() {
  on("chosen", drawDetails);
  on("language", drawDetails);
  byId("details").addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.target.closest("input, select, textarea")) closeDetails();
  });
}
