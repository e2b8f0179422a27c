// Colours wait here, by the key of the chart, for who draws them (map_marks.js).
export default function ({ data, parentElement }) {
  parentElement.querySelector("p").textContent = data.words;
  window.mapColours = { ...window.mapColours, [data.key]: data };
}
