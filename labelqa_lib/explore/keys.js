// Keys pressed anywhere in the desk around this widget go to the kernel, with the number of the task that was on the screen.
function render({ model, el }) {
  const mine = ({ target }) => el.closest(".lq-keys")?.contains(target);
  const typing = ({ tagName }) => ["INPUT", "TEXTAREA", "SELECT"].includes(tagName);
  function pressed(event) {
    if (!model.get("active") || !mine(event) || event.ctrlKey || event.altKey || event.metaKey) return;
    if (typing(event.target)) {
      if (event.key === "Escape") el.closest(".lq-keys").focus();
    } else if (/^[a-z0-9]$/.test(event.key) || ["Enter", "ArrowLeft", "ArrowRight"].includes(event.key)) {
      event.preventDefault(); // Enter on a button would press it, too
      if (!event.repeat) model.send({ key: event.key, task: model.get("task") });
    }
  }
  // JupyterLab's own shortcuts (1 makes a heading of the cell) stay out of the desk
  const settle = () => {
    const desk = el.closest(".lq-keys");
    if (!desk) return requestAnimationFrame(settle);
    desk.tabIndex = 0;
    desk.dataset.lmSuppressShortcuts = "true";
  };
  settle();
  document.addEventListener("keydown", pressed, true);
  return () => document.removeEventListener("keydown", pressed, true);
}
export default { render };
