// The review desk: steps that people take, written into the ledger by the program that serves this page.

const desk = { by: "", token: "", today: "", steps: [], said: "", chosen: "" };

/** Asks the desk; what it answers with its status, nothing where it has ended. */
async function askDesk(path, body) {
  try {
    const how = body ? { method: "POST", headers: { "Content-Type": "application/json", "X-Steppewatch-Desk": desk.token }, body: JSON.stringify(body) } : {};
    const answer = await fetch(path, how);
    return [answer.status, await answer.json()];
  } catch {
    return [0, {}];
  }
}

/** Takes what the ledger says of a lead now. */
function takeCase(lead, { case: now, events }) {
  lead.case = now;
  if (events) lead.events = events;
  delete lead.words;
}

/** Steps that lead on from where a case stands. */
const stepsFrom = (state) => desk.steps.filter(([, from]) => from.includes(state)).map(([action]) => action);

/** What a step asks for. */
function fieldsOf(action) {
  const text = (name, key, more = {}) => make("label", {}, say(key), make("input", { id: `desk-${name}`, type: "text", maxlength: 400, ...more }));
  const day = (name, key) => text(name, key, { type: "date" });
  const codes = (name, key, domain) => make("label", {}, say(key), make("select", { id: `desk-${name}` }, make("option", { value: "", words: "–" }),
    ...Object.keys(DATA.domains[domain]).map((code) => make("option", { value: code, words: coded(domain, code) }))));
  const verdicts = () => make("fieldset", { class: "verdicts" }, make("legend", { words: say("found") }), ...Object.keys(DATA.domains.found).map((code) => make("label", {},
    make("input", { type: "radio", name: "desk-verdict", value: code }), make("span", { words: coded("found", code) }))));
  return {
    verify: () => [verdicts(), text("who", "who"), day("on", "on"), text("reason", "notes")],
    triage: () => [text("reason", "reason")],
    assign: () => [text("to", "assign_to"), day("until", "until"), text("reason", "reason")],
    reject: () => [codes("cause", "cause", "cause"), text("reason", "reason")],
    reopen: () => [text("reason", "reason")],
  }[action]();
}

/** Why a step was not written: in the words of this page where it has some, else in those of the program. */
function whyNot({ code, field, error }, status) {
  if (status === 503) return say("refused_busy");
  const key = `refused_${code}`;
  return WORDS[key] ? say(key, say(field)) : error || status;
}

/** Writes the step that is filled in. */
async function writeStep(lead, action) {
  const body = { key: lead.key, seq: lead.case.seq, action };
  for (const name of ["who", "on", "reason", "to", "until", "cause"]) {
    const value = byId(`desk-${name}`)?.value;
    if (value) body[name] = value;
  }
  const verdict = document.querySelector("input[name=desk-verdict]:checked");
  if (verdict) body.verdict = verdict.value;
  const [status, answer] = await askDesk("/desk/step", body);
  if (status === 200 || status === 409) takeCase(lead, answer);
  if (status === 200) desk.said = say("written", lead.case.seq);
  else if (status === 409) desk.said = say("stale");
  else desk.said = status ? say("refused", whyNot(answer, status)) : say("gone");
  // What was typed stays where nothing was written.
  if (status !== 200 && status !== 409) byId("desk-said").textContent = desk.said;
  else {
    tell("changed");
    if (LEADS[state.chosen] === lead) drawDetails();
  }
  byId("desk-said")?.focus();
}

/** What the desk shows of a lead; nothing in a map without one. */
function deskPart(lead) {
  if (!DATA.desk) return null;
  const said = make("p", { class: "said", id: "desk-said", role: "status", tabindex: -1, words: desk.said });
  desk.said = "";
  const box = (...inside) => make("section", { class: "desk", "aria-label": say("desk") }, make("h3", {}, say("desk"), " ", make("span", { class: "quiet", words: say("desk_by", desk.by) })), ...inside, said);
  if (!lead.case) return box(make("p", { words: say("not_in_ledger") }));
  const steps = stepsFrom(lead.case.state);
  if (!steps.length) return box(make("p", { words: say("nothing_to_do") }));
  const chosen = steps.includes(desk.chosen) ? desk.chosen : steps[0], fields = make("div", { class: "fields" });
  const fill = (action) => {
    desk.chosen = action;
    fields.replaceChildren(...fieldsOf(action));
    const on = fields.querySelector("#desk-on");
    if (on) [on.value, on.max] = [desk.today, desk.today];
  };
  const choice = make("select", { id: "desk-step", change: (event) => fill(event.target.value) }, ...steps.map((action) => make("option", { value: action, words: say(`step_${action}`) })));
  choice.value = chosen;
  fill(chosen);
  return box(make("div", { class: "form" }, make("label", {}, say("step"), choice), fields,
    make("button", { type: "button", id: "desk-write", words: say("write"), click: () => writeStep(lead, desk.chosen) })));
}

/** Reads how every case stands; and that of a lead when it is chosen, as others may decide too. */
async function startDesk() {
  if (!DATA.desk) return;
  const [status, answer] = await askDesk("/desk/state");
  if (status !== 200) return;
  Object.assign(desk, { by: answer.by, token: answer.token, today: answer.today, steps: answer.steps });
  for (const lead of LEADS) if (Object.hasOwn(answer.cases, lead.key)) takeCase(lead, { case: answer.cases[lead.key] });
  tell("changed");
  drawFilter();
  drawDetails();
  document.body.classList.add("desk-is-open");
  on("chosen", async () => {
    const lead = LEADS[state.chosen];
    if (!lead?.case) return;
    const [found, now] = await askDesk(`/desk/lead/${lead.key}`);
    if (found !== 200 || now.case.seq === lead.case.seq) return;
    takeCase(lead, now);
    tell("changed");
    if (LEADS[state.chosen] === lead) drawDetails();
  });
}
