// Puts code into a new cell below the one that this widget stands in; says whether this front end let it.
function render({ model, el }) {
  function put(message) {
    if (message.code === undefined || message.done || !el.isConnected) return;
    message.done = true; // a second view of the widget has nothing to add
    const notebook = model.widget_manager?.context?.model?.sharedModel;
    const here = el.closest("[data-windowed-list-index]");
    const cells = notebook?.cells?.length;
    if (cells !== undefined && notebook.insertCell) {
      const at = here ? Number(here.dataset.windowedListIndex) + 1 : cells;
      notebook.insertCell(Math.min(at, cells), { cell_type: "code", source: message.code, metadata: {} });
    }
    model.send({ done: cells !== undefined });
  }
  model.on("msg:custom", put);
  return () => model.off("msg:custom", put);
}
export default { render };
