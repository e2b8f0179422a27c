// Radii of the two rings as app/charts/tree.py has them, as shares of half the shorter side.
const RINGS = { 1: [0.09, 0.72], 2: [0.73, 0.96] };
const VEILS = { 1: [0, 0.73], 2: [0.73, 0.98] }; // words may stand out of their ring a little
const SVG = "http://www.w3.org/2000/svg";
const FAINT = 0.08; // what a branch keeps of its colour in which none of the documents lie

// The cell under a place of the page: its index, or -1.
function cellAt(chart, box, x, y) {
  const dx = x - (box.left + box.width / 2);
  const dy = y - (box.top + box.height / 2);
  const radius = Math.hypot(dx, dy) / (Math.min(box.width, box.height) / 2);
  const ring = Object.keys(RINGS).find((of) => radius >= RINGS[of][0] && radius <= RINGS[of][1]);
  if (!ring) return -1;
  const turn = (Math.atan2(dx, -dy) / (2 * Math.PI) + 1) % 1;
  return chart.arcs.findIndex(([depth, start, stop]) => depth === Number(ring) && turn >= start && turn < stop);
}

function path([depth, start, stop], half) {
  const [inner, outer] = VEILS[depth].map((share) => share * half);
  const at = (turn, radius) => {
    const angle = 2 * Math.PI * turn;
    return `${(half + radius * Math.sin(angle)).toFixed(2)} ${(half - radius * Math.cos(angle)).toFixed(2)}`;
  };
  const end = Math.min(stop, start + 0.99999); // an arc of a whole turn would be none
  const large = end - start > 0.5 ? 1 : 0;
  return `M${at(start, inner)}L${at(start, outer)}A${outer} ${outer} 0 ${large} 1 ${at(end, outer)}L${at(end, inner)}A${inner} ${inner} 0 ${large} 0 ${at(start, inner)}Z`;
}

// What each branch of the other picture holds of the documents of this one: a map from its index to a count.
function shared(pairs, side, cell) {
  const found = new Map();
  const [mine, other] = side === 0 ? [pairs[0], pairs[1]] : [pairs[1], pairs[0]];
  for (let place = 0; place < mine.length; place += 1) {
    if (mine[place] === cell) found.set(other[place], pairs[2][place]);
  }
  return found;
}

function veil(chart, box, counts, colour, documents) {
  const half = Math.min(box.width, box.height) / 2;
  const svg = document.createElementNS(SVG, "svg");
  svg.dataset.testid = "linked-veil";
  svg.setAttribute("aria-hidden", "true");
  Object.assign(svg.style, {
    position: "fixed",
    left: `${box.left + box.width / 2 - half}px`,
    top: `${box.top + box.height / 2 - half}px`,
    width: `${2 * half}px`,
    height: `${2 * half}px`,
    pointerEvents: "none",
    zIndex: 5,
  });
  chart.arcs.forEach((arc, index) => {
    const own = (arc[2] - arc[1]) * documents;
    const share = Math.min((counts.get(index) || 0) / own, 1);
    const piece = document.createElementNS(SVG, "path");
    piece.setAttribute("d", path(arc, half));
    piece.setAttribute("fill", colour);
    piece.setAttribute("fill-opacity", ((1 - FAINT) * (1 - share)).toFixed(3));
    svg.append(piece);
  });
  document.body.append(svg);
  return svg;
}

function told(data, side, cell, counts) {
  const [here, there] = [data.charts[side], data.charts[1 - side]];
  const firsts = [...counts].filter(([index]) => there.arcs[index][0] === 1).sort((a, b) => b[1] - a[1]);
  const total = firsts.reduce((sum, one) => sum + one[1], 0);
  if (!firsts.length) return "";
  const many = (count, word) => `${count.toLocaleString("en")} ${word}${count === 1 ? "" : "s"}`;
  return `${here.scheme} ${here.codes[cell]}: ${many(total, "document")} below ${many(firsts.length, "first code")} of ${there.scheme}, ${firsts[0][1].toLocaleString("en")} of them below ${there.codes[firsts[0][0]]}.`;
}

export default function ({ data, parentElement }) {
  if (parentElement.end) parentElement.end(); // it is called again when the data change, and only the last one is told of its end
  const line = parentElement.querySelector("p");
  let drawn = null;
  let last = "";
  const clear = () => {
    if (drawn) drawn.remove();
    drawn = null;
    last = "";
    line.textContent = "";
  };
  const canvas = (side) => document.querySelector(`.st-key-${data.charts[side].key} canvas`);
  const move = (event) => {
    const side = [0, 1].find((of) => canvas(of) && event.target === canvas(of));
    if (side === undefined) return clear();
    const cell = cellAt(data.charts[side], canvas(side).getBoundingClientRect(), event.clientX, event.clientY);
    if (`${side}:${cell}` === last) return undefined;
    clear();
    last = `${side}:${cell}`;
    const counts = cell < 0 ? new Map() : shared(data.pairs, side, cell);
    const other = canvas(1 - side);
    if (!counts.size || !other) return undefined;
    const colour = getComputedStyle(document.querySelector(".stApp")).backgroundColor;
    drawn = veil(data.charts[1 - side], other.getBoundingClientRect(), counts, colour, data.total);
    line.textContent = told(data, side, cell, counts);
    return undefined;
  };
  document.addEventListener("mousemove", move);
  document.addEventListener("scroll", clear, true);
  parentElement.end = () => {
    document.removeEventListener("mousemove", move);
    document.removeEventListener("scroll", clear, true);
    clear();
  };
  return parentElement.end;
}
