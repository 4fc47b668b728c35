// Keys pressed anywhere in the desk around this widget go to the kernel, with the number of the task that was on the screen.
function render({ model, el }) {
  const desk = () => el.closest(".lq-keys");
  const typing = ({ tagName }) => ["INPUT", "TEXTAREA", "SELECT"].includes(tagName);
  const beside = (one) => one.closest("button") && !one.closest(".lq-judging");
  function next() {
    const at = document.activeElement;
    if (desk()?.contains(at) && beside(at)) desk().focus(); // once begun, Enter is for the task
  }
  function pressed(event) {
    if (!model.get("active") || event.ctrlKey || event.altKey || event.metaKey || !desk()?.contains(event.target)) return;
    if (typing(event.target)) {
      if (event.key === "Escape") desk().focus();
      return;
    }
    if (event.key === "Enter" && beside(event.target)) return; // Begin is pressed by it as ever
    const known = /^[a-z0-9]$/.test(event.key) || ["Enter", "ArrowLeft", "ArrowRight"].includes(event.key);
    if (!known && (event.key.length > 1 || event.key === " ")) return;
    event.preventDefault(); // Enter on a button would press it, too
    event.stopImmediatePropagation(); // to JupyterLab a digit makes a heading of the cell
    if (known && !event.repeat) model.send({ key: event.key, task: model.get("task") });
  }
  const settle = () => (desk() ? (desk().tabIndex = 0) : requestAnimationFrame(settle));
  settle();
  window.addEventListener("keydown", pressed, true); // before JupyterLab, which listens on the document
  model.on("change:task", next);
  return () => {
    window.removeEventListener("keydown", pressed, true);
    model.off("change:task", next);
  };
}
export default { render };
