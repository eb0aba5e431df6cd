// The divider between before and after: dragged by hand or moved by keys.

/** Puts the divider where the state says. */
function drawSwipe() {
  const swipe = byId("swipe"), stage = byId("stage");
  swipe.style.left = `${state.swipe}%`;
  swipe.setAttribute("aria-valuenow", String(Math.round(state.swipe)));
  swipe.setAttribute("aria-valuetext", say("swipe_now", Math.round(state.swipe)));
  const canvas = stage.querySelector("#map-after .maplibregl-canvas");
  if (canvas && maps.before) canvas.style.clipPath = `inset(0 0 0 ${state.swipe}%)`;
  for (const moment of ["before", "after"]) {
    const stamp = byId(`stamp-${moment}`), days = imageryDays(moment);
    stamp.textContent = `${say(moment)} ${days}`.trim();
    stamp.hidden = !maps.before || !days || (moment === "before" ? state.swipe < 4 : state.swipe > 96);
  }
}

function moveSwipe(percent) {
  state.swipe = Math.max(0, Math.min(100, percent));
  drawSwipe();
  tell("swiped");
}

function swipeKey(event) {
  const step = event.shiftKey ? 10 : 2;
  const places = { ArrowLeft: state.swipe - step, ArrowDown: state.swipe - step, ArrowRight: state.swipe + step, ArrowUp: state.swipe + step,
    PageDown: state.swipe - 20, PageUp: state.swipe + 20, Home: 0, End: 100 };
  if (!(event.key in places)) return;
  moveSwipe(places[event.key]);
  event.preventDefault();
}

function startSwipe() {
  const swipe = byId("swipe");
  swipe.hidden = !maps.before;
  on("language", drawSwipe);
  drawSwipe();
  swipe.addEventListener("keydown", swipeKey);
  swipe.addEventListener("pointerdown", (event) => {
    swipe.setPointerCapture(event.pointerId);
    event.preventDefault();
    swipe.focus();
  });
  swipe.addEventListener("pointermove", (event) => {
    if (!swipe.hasPointerCapture(event.pointerId)) return;
    const box = byId("stage").getBoundingClientRect();
    moveSwipe(((event.clientX - box.left) / box.width) * 100);
  });
}
