// What the page was given, and what it keeps in mind while somebody looks.

const DATA = JSON.parse(byId("data").textContent);
const LEADS = DATA.leads;

/** What is shown now. */
const state = {
  /** Places of the leads that fit the filter, in the order of the list. */
  shown: [],
  /** Place of the chosen lead, -1 for none. */
  chosen: -1,
  /** Where the divider stands, percent from the left. */
  swipe: 50,
  colours: "natural",
  order: "rank",
  filter: null,
  layers: { leads: true, numbers: true, redlines: true, context: false, gaps: false, imagery: true },
};

const listeners = {};

/** Calls a function whenever something of that name happens. */
function on(what, listener) {
  (listeners[what] ||= []).push(listener);
}

/** Says that something happened. */
function tell(what, detail) {
  for (const listener of listeners[what] || []) listener(detail);
}

const byKey = new Map(LEADS.map((lead, at) => [lead.key, at]));
const byLeadId = new Map(LEADS.map((lead, at) => [lead.id, at]));

/** A line of a lead's record. */
const line = (lead, name) => lead.lines[name];

/** Name of a lead's sub-model. */
function modelName(lead) {
  return tongue ? line(lead, "model_name") || line(lead, "model") || "" : line(lead, "model_name_zh") || line(lead, "model") || "";
}

/** Names of its red lines. */
const redlineNames = (lead) => lead.redlines.map((one) => one.name || one.id).join(", ");

/** The foremost verdict of its area against a rule. */
function foremostVerdict(lead) {
  const order = ["above", "straddles", "unresolved", "below"];
  const own = lead.limits.map((limit) => limit[1]);
  return order.find((verdict) => own.includes(verdict)) || "";
}

/** Everything that a search looks through, in small letters. */
function searchable(lead) {
  lead.words ||= [
    lead.id, ...Object.values(lead.lines), ...lead.redlines.flatMap((one) => [one.id, one.name]),
    ...(lead.permits || []).flatMap((one) => [one.id, one.name, one.kind]), ...lead.notes,
    lead.case?.county, lead.case?.agency, lead.case?.assigned?.[0],
  ].filter(Boolean).join("\n").toLowerCase();
  return lead.words;
}

/** Chooses a lead by its place; -1 for none. */
function choose(at, how = {}) {
  if (at === state.chosen && !how.again) {
    if (how.go) tell("go", at);
    return;
  }
  state.chosen = at;
  tell("chosen", how);
}

/** The address of a lead's picture, for an image; nothing where there is none. */
function pictureOf(lead, moment) {
  const name = `${lead.key}_${moment}`;
  const inside = byId(`picture/${name}`);
  if (inside) return `data:image/jpeg;base64,${inside.textContent}`;
  return DATA.folder && lead.pictures ? `pictures/${name}.jpg` : null;
}
