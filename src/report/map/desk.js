// The review desk: steps that people take, written into the ledger by the program that serves this page.

/** What the desk shows of a lead; nothing in a map without one. */
function deskPart() {
  return null;
}

function startDesk() {}
