// A picture with places to press: each is a button over it, so that the keyboard reaches it, too.
function render({ model, el }) {
  const shown = document.createElement("div");
  shown.style.cssText = "position: relative; display: inline-block; max-width: 100%";
  el.append(shown);
  function draw() {
    const { png, alt, width, places } = Object.fromEntries(["png", "alt", "width", "places"].map((name) => [name, model.get(name)]));
    shown.replaceChildren();
    if (!png) return;
    const image = document.createElement("img");
    Object.assign(image, { src: `data:image/png;base64,${png}`, alt, width });
    image.style.cssText = "max-width: 100%; height: auto; display: block";
    const version = model.get("version");
    const buttons = places.map(({ said, box: [left, top, wide, high] }, place) => {
      const button = document.createElement("button");
      Object.assign(button, { title: said, type: "button", className: "lq-place" });
      button.setAttribute("aria-label", said);
      const share = (part) => `${100 * part}%`;
      Object.assign(button.style, { left: share(left), top: share(top), width: share(wide), height: share(high) });
      button.onclick = () => model.send({ place, version });
      return button;
    });
    shown.append(image, ...buttons);
  }
  model.on("change:version", draw);
  draw();
  return () => model.off("change:version", draw);
}
export default { render };
