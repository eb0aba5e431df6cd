// The page from the first moment: words, list, then the maps.

/** Speaks another language: 0 Chinese, 1 English. */
function speak(which) {
  tongue = which;
  document.documentElement.lang = which ? "en" : "zh-CN";
  byId("speak-zh").setAttribute("aria-pressed", which ? "false" : "true");
  byId("speak-en").setAttribute("aria-pressed", which ? "true" : "false");
  sayAll();
  const run = DATA.run;
  byId("about-run").textContent = run ? `${say("baseline")} ${run.baseline} · ${say("target")} ${run.target}` : "";
  byId("disclaimer").textContent = spoken(DATA.disclaimer);
  byId("count").textContent = say("count", figure(state.shown.length), figure(LEADS.length));
  drawLayers();
  tell("language");
}

/** Shows something in a box above the page. */
function showBox(title, ...inside) {
  const box = byId("about-box");
  byId("about-title").textContent = title;
  byId("about-body").replaceChildren(...inside.filter(Boolean));
  box.showModal();
}

function about() {
  const run = DATA.run, days = (moment) => (DATA.imagery?.moments[moment]?.days || []).join(", ");
  showBox(say("about"), make("p", { words: spoken(DATA.disclaimer) }),
    lines([[say("baseline"), run?.baseline], [say("target"), run?.target], [say("run"), run?.id], [say("manifest"), run?.manifest_sha256],
      [say("program"), `Steppewatch ${DATA.program}${run ? ` (${say("run")}: ${run.version})` : ""}`],
      [`${say("imagery_days")}, ${say("before")}`, days("before")], [`${say("imagery_days")}, ${say("after")}`, days("after")],
      [say("keys"), say("keys_help")]]),
    DATA.lacking.length ? part(say("lacking"), make("ul", {}, ...DATA.lacking.map((words) => make("li", { words })))) : null,
    folded(say("licence"), make("pre", { words: byId("licence").textContent, tabindex: 0 })));
}

/** Runs the map library, which lies in the page as text until now: reading it takes longer than drawing the list. */
function loadLibrary() {
  document.head.append(make("script", { words: byId("library").textContent }));
}

function start() {
  tongue = DATA.language === "en" ? 1 : 0;
  startFilter();
  const said = readLink();
  byId("search").value = state.filter.words;
  byId("filters").open = window.innerHeight > 1300;
  startList();
  startDetails();
  startTimeline();
  speak(tongue);
  sift();
  byId("speak-zh").addEventListener("click", () => speak(0));
  byId("speak-en").addEventListener("click", () => speak(1));
  byId("tool-about").addEventListener("click", about);
  byId("about-close").addEventListener("click", () => byId("about-box").close());
  choose(byKey.get(said.get("lead")) ?? -1);
  document.body.classList.add("is-ready");
  // The list stands on the screen before the maps are begun, which cost more.
  requestAnimationFrame(() => setTimeout(() => {
    if (hasGl()) loadLibrary();
    startMaps();
    startSwipe();
    startMeasure();
    startPaper();
    startDesk();
    followLink(said);
    startLink();
    document.body.classList.add("is-whole");
  }));
}

/** For the judges (`scripts/judge-map`) and for who looks from a console. */
window.steppewatch = Object.freeze({ state, data: DATA, maps, choose, squareMetres, metresBetween });
start();
