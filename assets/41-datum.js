/* Coordinates: WGS 84 to GCJ-02 (the obfuscated datum of Chinese web maps) and plane lengths on the ellipsoid. Degrees and metres. */
(() => {
  "use strict";
  const cc = window.commandcenter;
  const KRASOVSKY = { axis: 6378245, flattening2: 0.006693421622965943 };
  const WGS84 = { axis: 6378137, flattening2: 0.0066943799901413165 };
  const radians = (degrees) => (degrees * Math.PI) / 180;
  const wave = (x, period, height) => height * Math.sin((2 * Math.PI * x) / period);

  /* Metres in one degree of latitude and of longitude, here. */
  const metresPerDegree = (lat, ellipsoid = WGS84) => {
    const sine = Math.sin(radians(lat));
    const bend = 1 - ellipsoid.flattening2 * sine * sine;
    return {
      lat: radians((ellipsoid.axis * (1 - ellipsoid.flattening2)) / (bend * Math.sqrt(bend))),
      lon: radians((ellipsoid.axis / Math.sqrt(bend)) * Math.cos(radians(lat))),
    };
  };

  const inChina = (lon, lat) => lon > 72.004 && lon < 137.8347 && lat > 0.8293 && lat < 55.8271;

  const toGcj02 = (lon, lat) => {
    const x = lon - 105;
    const y = lat - 35;
    const ripple = wave(x, 1 / 3, 20) + wave(x, 1, 20);
    const root = Math.sqrt(Math.abs(x));
    const north =
      -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root +
      (2 / 3) * (ripple + wave(y, 2, 20) + wave(y, 6, 40) + wave(y, 24, 160) + wave(y, 60, 320));
    const east =
      300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root +
      (2 / 3) * (ripple + wave(x, 2, 20) + wave(x, 6, 40) + wave(x, 24, 150) + wave(x, 60, 300));
    const metres = metresPerDegree(lat, KRASOVSKY);
    return [lon + east / metres.lon, lat + north / metres.lat];
  };

  const onPlane = (points) => {
    const middle = points.reduce((sum, p) => sum + p.lat, 0) / points.length;
    const scale = metresPerDegree(middle);
    return points.map((p) => [(p.lng - points[0].lng) * scale.lon, (p.lat - points[0].lat) * scale.lat]);
  };
  const length_m = (points) =>
    points.slice(1).reduce((sum, p, i) => {
      const [, step] = onPlane([points[i], p]);
      return sum + Math.hypot(step[0], step[1]);
    }, 0);
  const area_m2 = (points) => {
    const plane = onPlane(points);
    const twice = plane.reduce((sum, [x, y], i) => {
      const [nextX, nextY] = plane[(i + 1) % plane.length];
      return sum + x * nextY - nextX * y;
    }, 0);
    return Math.abs(twice) / 2;
  };

  cc.datum = { inChina, toGcj02, length_m, area_m2 };
})();
