// Regions that ask again by themselves: send the ETag they carry, rest while nobody looks, say when the line is dead.
const polled = (ctx) => ctx.sourceElement.matches("[data-etag]");

document.addEventListener("htmx:config:request", (event) => {
  const { ctx } = event.detail;
  if (!polled(ctx)) return;
  if (document.hidden) event.preventDefault();
  else ctx.request.headers["If-None-Match"] = ctx.sourceElement.dataset.etag;
});

document.addEventListener("htmx:error", (event) => show(event.detail.ctx, false));
document.addEventListener("htmx:after:request", (event) => show(event.detail.ctx, true));

function show(ctx, connected) {
  const banner = document.getElementById("offline");
  if (banner && ctx && polled(ctx)) banner.hidden = connected;
}
