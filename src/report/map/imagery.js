// Tiles of the imagery: in this page, or in scripts beside it. Where a square is missing, its coarser neighbour stands in for it.

const TILES = new Set(DATA.imagery?.tiles || []);
/** Tiles that came in scripts beside the page, as base64. */
const brought = new Map();
/** Scripts that were asked for, by name. */
const packs = new Map();
/** Tiles of a pack are those of so many columns and rows: 2 to this power, as `page.rs` has it. */
const PACK = 2;

/** Scripts beside the page hand their tiles over here. */
window.steppewatchTiles = (tiles) => {
  for (const [name, text] of Object.entries(tiles)) brought.set(name, text);
};

/** Loads a script beside the page, once. */
function loadPack(name) {
  if (!packs.has(name)) {
    packs.set(name, new Promise((resolve) => {
      const script = document.createElement("script");
      script.src = name;
      // What cannot be loaded is shown coarser; the map goes on.
      script.onload = script.onerror = () => resolve();
      document.head.append(script);
    }));
  }
  return packs.get(name);
}

/** The picture of a tile that is known to exist. */
async function tilePicture(name) {
  let text = byId(`tile/${name}`)?.textContent ?? brought.get(name);
  if (text === undefined && DATA.folder) {
    const [moment, colours, z, x, y] = name.split("/");
    await loadPack(`tiles/${moment}-${colours}-${z}-${x >> PACK}-${y >> PACK}.js`);
    text = brought.get(name);
  }
  if (text === undefined) return null;
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return createImageBitmap(new Blob([bytes], { type: "image/jpeg" }));
}

const nothing = () => createImageBitmap(new ImageData(1, 1));

/** The picture of any place: its own tile, else the part of a coarser one, else nothing. */
async function placePicture(moment, colours, z, x, y) {
  for (let up = 0; up <= z; up += 1) {
    const name = `${moment}/${colours}/${z - up}/${x >> up}/${y >> up}`;
    if (!TILES.has(name)) continue;
    const picture = await tilePicture(name);
    if (!picture) continue;
    if (up === 0) return picture;
    const side = picture.width / 2 ** up, column = x - ((x >> up) << up), row = y - ((y >> up) << up);
    if (side < 1) break;
    return createImageBitmap(picture, column * side, row * side, side, side, { resizeWidth: 512, resizeHeight: 512, resizeQuality: "medium" });
  }
  return nothing();
}

/** How the map asks for tiles. */
const tileAddress = (moment) => `steppewatch://${moment}/${state.colours}/{z}/{x}/{y}`;

/** Teaches the map library to find tiles here. */
function startImagery() {
  maplibregl.addProtocol("steppewatch", async ({ url }) => {
    const [moment, colours, z, x, y] = url.slice("steppewatch://".length).split("/");
    return { data: await placePicture(moment, colours, Number(z), Number(x), Number(y)) };
  });
}

/** The source of a moment's imagery. */
function imagerySource(moment) {
  const [first, , last] = DATA.imagery.zooms;
  return { type: "raster", tiles: [tileAddress(moment)], tileSize: 512, minzoom: first, maxzoom: last, bounds: DATA.imagery.bounds };
}

/** Days of a moment's imagery in words. */
function imageryDays(moment) {
  const days = DATA.imagery?.moments[moment]?.days || [];
  return days.length > 1 ? `${days[0]} +${days.length - 1}` : days[0] || "";
}
