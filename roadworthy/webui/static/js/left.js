// Time left until a moment, by the server's clock: the page carries the server's time, the skew is computed once.
const born = document.querySelector('meta[name="server-time"]');
const skew = born ? Date.parse(born.content) - Date.now() : 0;
const unit = (n, name) => new Intl.NumberFormat(document.documentElement.lang, { style: "unit", unit: name, unitDisplay: "short" }).format(n);

function tell() {
  for (const place of document.querySelectorAll("[data-until]")) {
    const minutes = Math.floor((Date.parse(place.dataset.until) - Date.now() - skew) / 60000);
    const parts = minutes >= 60 ? [unit(Math.floor(minutes / 60), "hour"), unit(minutes % 60, "minute")] : [unit(Math.max(minutes, 0), "minute")];
    place.textContent = `(${parts.join(" ")})`;
  }
}

tell();
setInterval(tell, 15000);
document.addEventListener("htmx:after:swap", tell);
