// On paper: the maps before and after, then the list or the chosen lead. Nothing that only a screen can do.

/** One map as a picture, with numbers and outlines. */
function mapPicture(moment) {
  const map = maps[moment];
  if (!map) return null;
  map.redraw();
  const source = map.getCanvas(), overlay = byId("overlay"), sheet = document.createElement("canvas");
  [sheet.width, sheet.height] = [source.width, source.height];
  const pen = sheet.getContext("2d");
  pen.drawImage(source, 0, 0);
  pen.drawImage(overlay, 0, 0, sheet.width, sheet.height);
  return sheet.toDataURL("image/jpeg", 0.9);
}

function paperMaps() {
  const days = (moment) => `${say(moment)} ${imageryDays(moment)}`;
  const one = (moment) => {
    const picture = mapPicture(moment);
    if (!picture) return null;
    const words = maps.before ? days(moment) : say("map");
    return make("figure", {}, make("img", { picture, alt: words }), make("figcaption", { words }));
  };
  return make("div", { class: "paper-maps" }, ...["before", "after"].map(one).filter(Boolean));
}

/** The list as a table. */
function paperList() {
  const row = (at) => {
    const lead = LEADS[at], bounds = line(lead, "area_mu") === undefined ? "" : ` (${figure(line(lead, "area_low_mu"), 2)}–${figure(line(lead, "area_high_mu"), 2)})`;
    return [line(lead, "rank") ?? "", lead.id, modelName(lead), `${areaOrLength(lead)}${bounds}`, line(lead, "first_seen") || "", figure(line(lead, "confidence"), 2),
      redlineNames(lead), lead.case ? coded("state", lead.case.state) : coded("status", line(lead, "status")), `${lead.at[0].toFixed(5)}, ${lead.at[1].toFixed(5)}`];
  };
  return table([say("rank"), "ID", say("model"), say("area"), say("first_seen"), say("confidence"), say("redlines"), say("state"), `WGS 84 ${say("lon")}, ${say("lat")}`],
    state.shown.map(row));
}

/** Lays out what is printed. */
function layPaper() {
  const lead = LEADS[state.chosen], run = DATA.run;
  const title = lead ? `${say("leads")} ${lead.id}` : `Steppewatch ${say("title")}`;
  const about = [run ? `${say("baseline")} ${run.baseline}, ${say("target")} ${run.target}` : "", say("printed", state.shown.length)].filter(Boolean).join("; ");
  const record = make("div", { class: "paper-lead" });
  if (lead) {
    record.append(...[...byId("details").children].map((one) => one.cloneNode(true)));
    record.querySelectorAll(".walk, .desk").forEach((one) => one.remove());
    record.querySelectorAll("[id]").forEach((one) => one.removeAttribute("id"));
  }
  byId("paper").replaceChildren(make("h1", { words: title }), make("p", { class: "quiet", words: lead ? "" : about }), paperMaps(),
    lead ? record : paperList(), make("p", { class: "quiet", words: spoken(DATA.disclaimer) }),
    run ? make("p", { class: "quiet", words: `${say("manifest")}: ${run.manifest_sha256}` }) : "");
}

function startPaper() {
  byId("tool-print").addEventListener("click", () => window.print());
  window.addEventListener("beforeprint", layPaper);
  window.addEventListener("afterprint", () => byId("paper").replaceChildren());
}
