// Time left until a moment, by the server's clock: the page carries the server's time, the skew is computed once.
// `data-until` stands beside a date, in brackets; `data-due` is a clock of a duty, which can also be late.
const born = document.querySelector('meta[name="server-time"]');
const skew = born ? Date.parse(born.content) - Date.now() : 0;
const unit = (n, name) => new Intl.NumberFormat(document.documentElement.lang, { style: "unit", unit: name, unitDisplay: "short" }).format(n);
const minutesTo = (moment) => (Date.parse(moment) - Date.now() - skew) / 60000;

function tell() {
  for (const place of document.querySelectorAll("[data-until]")) {
    const minutes = Math.floor(minutesTo(place.dataset.until));
    const parts = minutes >= 60 ? [unit(Math.floor(minutes / 60), "hour"), unit(minutes % 60, "minute")] : [unit(Math.max(minutes, 0), "minute")];
    place.textContent = `(${parts.join(" ")})`;
  }
  for (const place of document.querySelectorAll("[data-due]")) {
    const left = minutesTo(place.dataset.due);
    const said = (left >= 0 ? place.dataset.left : place.dataset.late).replace("{}", span(Math.floor(Math.abs(left))));
    if (place.textContent !== said) place.textContent = said;
  }
}

// Two units at most, as roadworthy.i18n.span writes it.
function span(minutes) {
  const days = Math.floor(minutes / 1440), hours = Math.floor(minutes / 60) % 24, rest = minutes % 60;
  if (days) return `${unit(days, "day")} ${unit(hours, "hour")}`;
  return hours ? `${unit(hours, "hour")} ${unit(rest, "minute")}` : unit(rest, "minute");
}

tell();
setInterval(tell, 15000);
document.addEventListener("htmx:after:swap", tell);
