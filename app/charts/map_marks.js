const OFTEN = 250; // milliseconds: Streamlit tells nobody when it draws a chart anew, so it is looked at
const PACKED = { u2: Uint16Array, i1: Int8Array, i2: Int16Array, i4: Int32Array, f4: Float32Array, f8: Float64Array };
const known = (trace, name) => trace.meta && trace.meta[name];

// An array of numbers, which Plotly may have packed.
function unpacked(values) {
  if (!values.bdata) return values;
  return new PACKED[values.dtype](Uint8Array.from(atob(values.bdata), (letter) => letter.charCodeAt(0)).buffer);
}

// The points as traces, one or two a colour.
function cloudOf(points, colours) {
  const [x, y, rows] = [points.x, points.y, points.customdata].map(unpacked);
  const empty = () => ({ x: [], y: [], customdata: [], hovertext: [], text: [] });
  const traces = colours.traces.map((style) => {
    const trace = { type: "scattergl", mode: "markers", ...empty(), ...style, meta: { cloud: colours.id } };
    return { ...trace, marker: { ...style.marker } };
  });
  const shades = traces.map(() => []);
  unpacked(colours.of).forEach((kind, place) => {
    if (kind >= colours.kinds.length) return;
    const [at, shade, label] = colours.kinds[kind];
    const trace = traces[at];
    trace.x.push(x[place]);
    trace.y.push(y[place]);
    trace.customdata.push(rows[place]);
    trace.hovertext.push(points.hovertext[place]);
    if (label !== null) trace.text.push(label);
    if (shade !== null) shades[at].push(shade);
  });
  traces.forEach((trace, at) => {
    if (shades[at].length) trace.marker.color = shades[at];
  });
  return traces;
}

// Bring colours and marks, and with them the part that is shown, to a chart that lacks them.
function draw(chart, data, drawn, view) {
  if (chart._dragging) return; // drawn anew under a lasso, Plotly would forget it
  const points = chart.data.find((trace) => known(trace, "points"));
  const colours = (window.mapColours || {})[data.key];
  if (!points || !colours || colours.traces.length !== data.opacity.length) return; // they will be there in a moment
  const mine = chart.data.filter((trace) => known(trace, "mark"));
  const there = chart.data.filter((trace) => known(trace, "cloud") === colours.id);
  const coloured = there.length === colours.traces.length;
  const marked = mine.length === data.traces.length && mine.every((trace) => trace.meta.mark === drawn);
  const strong = there.every((trace, place) => trace.opacity === (data.opacity[place] ?? undefined));
  const seen = chart.dataset.view === view && chart.dataset.drag === data.drag;
  if (coloured && marked && strong && seen) return;
  const traces = data.traces.map((trace) => ({ ...trace, meta: { mark: drawn }, legendrank: 2000 }));
  const cloud = (coloured ? there : cloudOf(points, colours)).map((trace, place) => ({
    ...trace,
    opacity: data.opacity[place] ?? undefined,
  }));
  if (chart.dataset.view !== view) delete chart.dataset.moved;
  const layout = { ...chart.layout, annotations: data.view.words };
  if (chart.dataset.drag !== data.drag) layout.dragmode = data.drag; // else what was chosen above the picture stays
  chart.dataset.view = view;
  chart.dataset.drag = data.drag;
  if (chart.dataset.moved) {
    // It stays where somebody left it. Its height follows its width: rows of the legend come and go, and Plotly, for one scale on
    // both axes, would make the larger part larger still each time.
    const [low, high] = layout.yaxis.range;
    layout.yaxis = { ...layout.yaxis, range: [low + 0.49 * (high - low), low + 0.51 * (high - low)] };
  }
  window.Plotly.react(chart, [...traces, ...cloud, { ...points, visible: false }], layout);
  const { across, down } = data.view;
  if (!chart.dataset.moved) window.Plotly.relayout(chart, { "xaxis.range": [...across], "yaxis.range": [...down] });
}

export default function ({ data, parentElement, setTriggerValue }) {
  if (parentElement.end) parentElement.end(); // it is called again when the data change, and only the last one is told of its end
  parentElement.querySelector("p").textContent = data.told;
  const [drawn, view] = [JSON.stringify(data.traces), JSON.stringify(data.view)];
  const drags = (chart) => ["lasso", "select"].includes(chart.layout.dragmode);
  const rows = (event) => (event ? event.points.map((point) => point.customdata) : []);
  const told = {
    plotly_click: (event) => drags(chart) || setTriggerValue("clicked", rows(event).slice(0, 1)),
    plotly_selected: (event) => setTriggerValue("region", rows(event)),
    plotly_relayout: (change) => {
      if (Object.keys(change).some((name) => name.startsWith("xaxis.range["))) chart.dataset.moved = "yes";
    },
    plotly_deselect: () => setTriggerValue("region", []),
  };
  let chart = null;
  // A chart that is gone has no listeners any more, and none of its methods.
  const forget = () => chart && chart.removeListener && Object.entries(told).forEach(([name, tell]) => chart.removeListener(name, tell));
  const look = () => {
    forget();
    chart = document.querySelector(`.st-key-${data.key} .js-plotly-plot`);
    if (!chart || !chart.on || !chart.layout || !window.Plotly) return;
    Object.entries(told).forEach(([name, tell]) => chart.on(name, tell)); // a chart that fills the screen has lost its listeners
    draw(chart, data, drawn, view);
  };
  look();
  const looking = setInterval(look, OFTEN);
  parentElement.end = () => {
    clearInterval(looking);
    forget();
  };
  return parentElement.end;
}
