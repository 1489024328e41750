// Everything works without this file. It says that a slow form is on its way, and keeps it from being sent twice.
document.addEventListener("submit", (event) => {
  const form = event.target, button = event.submitter;
  if (!form.dataset.busy || !button) return;
  if (form.getAttribute("aria-busy")) { event.preventDefault(); return; }
  form.setAttribute("aria-busy", "true");
  button.textContent = button.dataset.busy || form.dataset.busy;
});
// Coming back by the browser's own button shows the page as it was left: let its forms be used again.
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
