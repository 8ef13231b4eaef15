"use strict";
// Values under the pointer, and lines that can be hidden. Without this script the page shows the same charts.
for (const figure of document.querySelectorAll("figure.chart")) {
  const svg = figure.querySelector("svg");
  const tip = figure.querySelector(".tip");
  const cross = figure.querySelector(".cross");
  const data = JSON.parse(figure.querySelector("script").textContent);

  for (const button of figure.querySelectorAll(".legend button")) {
    button.addEventListener("click", () => {
      const shown = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", String(shown));
      svg.querySelector(`[data-part="${button.dataset.part}"]`).style.display = shown ? "" : "none";
    });
  }
  if (!data.frame) continue;
  const { frame, series, marks } = data;
  const hidden = (part) => svg.querySelector(`[data-part="${part}"]`).style.display === "none";
  const number = new Intl.NumberFormat("en-US", { maximumFractionDigits: 4 });
  const written = (v) => (data.unit === "percent" ? (100 * v).toFixed(3) + " %" : number.format(v));

  const nearest = (xs, x) => {
    let low = 0, high = xs.length - 1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (xs[middle] < x) low = middle; else high = middle;
    }
    return x - xs[low] <= xs[high] - x ? low : high;
  };
  const line = (tag, ...texts) => {
    const element = document.createElement(tag);
    for (const text of texts) {
      const part = document.createElement("i");
      part.style.fontStyle = "normal";
      part.textContent = text;
      element.append(part);
    }
    return element;
  };
  const away = () => { tip.hidden = true; cross.setAttribute("visibility", "hidden"); };

  svg.addEventListener("pointermove", (event) => {
    const box = svg.getBoundingClientRect();
    const px = (event.clientX - box.left) * frame.width / box.width;
    const py = (event.clientY - box.top) * frame.height / box.height;
    if (px < frame.left - 4 || px > frame.right + 4 || !series.length || !series[0].x.length) return away();
    const [low, high] = frame.x;
    const scale = (frame.right - frame.left) / (high - low);
    const at = low + (px - frame.left) / scale;
    const first = nearest(series[0].x, at);
    const x = series[0].x[first];
    const cx = frame.left + (x - low) * scale;
    cross.setAttribute("x1", cx);
    cross.setAttribute("x2", cx);
    cross.setAttribute("visibility", "visible");
    const time = data.t.length ? new Date(1000 * data.t[first]).toISOString().slice(0, 16).replace("T", " ") : number.format(x);
    tip.replaceChildren(line("b", time));
    series.forEach((s, part) => {
      const y = s.x.length ? s.y[nearest(s.x, x)] : null;
      if (y !== null && !hidden(part)) tip.append(line("span", s.label, written(y)));
    });
    let best = null, distance = 12;
    for (const mark of marks) {
      const d = Math.hypot(mark[0] - px, mark[1] - py);
      if (d < distance && !hidden(mark[4])) { best = mark; distance = d; }
    }
    if (best) tip.append(line("span", best[2]));
    tip.hidden = false;
    // On the other half of the chart than the pointer, so that it hides nothing that is looked at.
    tip.style.top = py < frame.height / 2 ? "auto" : "4px";
    tip.style.bottom = py < frame.height / 2 ? "15%" : "auto";
    const left = cx * box.width / frame.width;
    const room = left + tip.offsetWidth + 16 < box.width;
    tip.style.left = (room ? left + 12 : Math.max(0, left - tip.offsetWidth - 12)) + "px";
  });
  svg.addEventListener("pointerleave", away);
}
