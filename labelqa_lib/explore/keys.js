// Keys pressed anywhere in the desk around this widget go to the kernel, with the number of the task that was on the screen.
function render({ model, el }) {
  const desk = () => el.closest(".lq-keys");
  const typing = ({ tagName }) => ["INPUT", "TEXTAREA", "SELECT"].includes(tagName);
  function pressed(event) {
    if (!model.get("active") || event.ctrlKey || event.altKey || event.metaKey || !desk()?.contains(event.target)) return;
    if (typing(event.target)) {
      if (event.key === "Escape") desk().focus();
      return;
    }
    // a button beside the task, such as Begin, is pressed by Enter as ever
    if (event.key === "Enter" && event.target.closest("button") && !event.target.closest(".lq-judging")) return;
    const known = /^[a-z0-9]$/.test(event.key) || ["Enter", "ArrowLeft", "ArrowRight"].includes(event.key);
    if (!known && (event.key.length > 1 || event.key === " ")) return;
    event.preventDefault(); // Enter on a button would press it, too
    event.stopImmediatePropagation(); // to JupyterLab a digit makes a heading of the cell
    if (known && !event.repeat) model.send({ key: event.key, task: model.get("task") });
  }
  const settle = () => (desk() ? (desk().tabIndex = 0) : requestAnimationFrame(settle));
  settle();
  window.addEventListener("keydown", pressed, true); // before JupyterLab, which listens on the document
  return () => window.removeEventListener("keydown", pressed, true);
}
export default { render };
