const OFTEN = 250; // milliseconds: Streamlit tells nobody when it draws a chart anew, so it is looked at

// Bring the marks, and with them the strength of the other points and the part that is shown, to a chart that lacks them.
function draw(chart, data, drawn, view) {
  const mine = chart.data.filter((trace) => trace.meta && trace.meta.mark);
  const rest = chart.data.filter((trace) => !(trace.meta && trace.meta.mark));
  const marked = mine.length === data.traces.length && mine.every((trace) => trace.meta.mark === drawn);
  const strong = rest.every((trace, place) => trace.opacity === data.opacity[place] || trace.opacity === undefined);
  if (marked && strong && chart.dataset.view === view) return;
  if (rest.length !== data.opacity.length) return; // a chart of other colours, which will be another one in a moment
  const traces = data.traces.map((trace) => ({ ...trace, meta: { mark: drawn }, legendrank: 2000 }));
  const cloud = rest.map((trace, place) => (trace.opacity === undefined ? trace : { ...trace, opacity: data.opacity[place] }));
  if (chart.dataset.view !== view) delete chart.dataset.moved;
  chart.dataset.view = view;
  const layout = { ...chart.layout, annotations: data.view.words };
  if (chart.dataset.moved) {
    // It stays where somebody left it. Its height follows its width: rows of the legend come and go, and Plotly, for one scale on
    // both axes, would make the larger part larger still each time.
    const [low, high] = layout.yaxis.range;
    layout.yaxis = { ...layout.yaxis, range: [low + 0.49 * (high - low), low + 0.51 * (high - low)] };
  }
  window.Plotly.react(chart, [...traces, ...cloud], layout);
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
