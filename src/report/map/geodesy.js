// Lengths and areas on the WGS 84 ellipsoid, for measuring by hand. Numbers of a record are never computed here.
// Sources: inverse problem after Vincenty 1975 (Survey Review 23); area on the authalic sphere, Snyder 1987, equations 3-11 and 3-12.

const EARTH = { a: 6378137.0, f: 1 / 298.257223563 };

/** Metres along the geodesic between two places [longitude, latitude] in degrees. */
function metresBetween([lon1, lat1], [lon2, lat2]) {
  const rad = Math.PI / 180, { a, f } = EARTH, b = a * (1 - f);
  const far = (lon2 - lon1) * rad;
  const u1 = Math.atan((1 - f) * Math.tan(lat1 * rad)), u2 = Math.atan((1 - f) * Math.tan(lat2 * rad));
  const [sin1, cos1, sin2, cos2] = [Math.sin(u1), Math.cos(u1), Math.sin(u2), Math.cos(u2)];
  let lambda = far, step = 0;
  for (;;) {
    const sinL = Math.sin(lambda), cosL = Math.cos(lambda);
    const sinS = Math.hypot(cos2 * sinL, cos1 * sin2 - sin1 * cos2 * cosL);
    if (sinS === 0) return 0;
    const cosS = sin1 * sin2 + cos1 * cos2 * cosL, sigma = Math.atan2(sinS, cosS);
    const sinA = (cos1 * cos2 * sinL) / sinS, cos2A = 1 - sinA * sinA;
    const cosM = cos2A === 0 ? 0 : cosS - (2 * sin1 * sin2) / cos2A;
    const c = (f / 16) * cos2A * (4 + f * (4 - 3 * cos2A));
    const last = lambda;
    lambda = far + (1 - c) * f * sinA * (sigma + c * sinS * (cosM + c * cosS * (2 * cosM * cosM - 1)));
    step += 1;
    if (Math.abs(lambda - last) > 1e-12 && step < 200) continue;
    const u = (cos2A * (a * a - b * b)) / (b * b);
    const p = 1 + (u / 16384) * (4096 + u * (-768 + u * (320 - 175 * u)));
    const q = (u / 1024) * (256 + u * (-128 + u * (74 - 47 * u)));
    const delta = q * sinS * (cosM + (q / 4) * (cosS * (2 * cosM * cosM - 1) - (q / 6) * cosM * (4 * sinS * sinS - 3) * (4 * cosM * cosM - 3)));
    return b * p * (sigma - delta);
  }
}

/** Latitude on the sphere of the same area as the ellipsoid, radians. */
function authalic(latitude) {
  const { f } = EARTH, e2 = f * (2 - f), e = Math.sqrt(e2);
  const q = (sine) => (1 - e2) * (sine / (1 - e2 * sine * sine) - Math.log((1 - e * sine) / (1 + e * sine)) / (2 * e));
  return Math.asin(q(Math.sin((latitude * Math.PI) / 180)) / q(1));
}

/** Square metres inside a ring of places [longitude, latitude]; the last is joined to the first. */
function squareMetres(ring) {
  const { a, f } = EARTH, e2 = f * (2 - f), e = Math.sqrt(e2);
  const radius2 = ((a * a) / 2) * (1 + ((1 - e2) / (2 * e)) * Math.log((1 + e) / (1 - e)));
  let sum = 0;
  for (let at = 0; at < ring.length; at += 1) {
    const [lon1, lat1] = ring[at], [lon2, lat2] = ring[(at + 1) % ring.length];
    const t1 = Math.tan(authalic(lat1) / 2), t2 = Math.tan(authalic(lat2) / 2);
    const half = Math.tan((((lon2 - lon1) * Math.PI) / 180) / 2);
    sum += 2 * Math.atan2(half * (t1 + t2), 1 + t1 * t2);
  }
  return Math.abs(sum) * radius2;
}

/** A length in words. */
const lengthInWords = (metres) => (metres < 1000 ? `${figure(metres, 1)} m` : `${figure(metres / 1000, 3)} km`);

/** An area in words: square metres and mu, for large ones square kilometres too. */
function areaInWords(square) {
  const mu = `${figure(square / (2000 / 3), 2)} ${say("mu")}`;
  return square < 1e6 ? `${figure(square, 0)} m² = ${mu}` : `${figure(square / 1e6, 3)} km² = ${mu}`;
}
