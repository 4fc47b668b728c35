// Comfort for a page that is whole without it: contents that fold on a phone, tables that sort and filter.
// The page's policy names this script by its hash; a table's library would weigh more than the whole report.
(() => {
  "use strict";

  const contents = document.querySelector(".contents details");
  const wide = matchMedia("(min-width: 1060px)");
  const fold = () => { contents.open = wide.matches; };
  fold();
  wide.addEventListener("change", fold);
  contents.addEventListener("click", (event) => { if (event.target.closest("a")) fold(); });
  contents.addEventListener("keydown", (event) => { if (event.key === "Escape") fold(); });

  const links = new Map([...contents.querySelectorAll("a[href^='#']")].map((link) => [link.hash.slice(1), link]));
  const headings = [...document.querySelectorAll("main h2[id]")];
  const mark = () => {
    const above = headings.filter((heading) => heading.getBoundingClientRect().top < innerHeight / 3).pop();
    for (const link of links.values()) link.removeAttribute("aria-current");
    const link = above && links.get(encodeURIComponent(above.id)) || above && links.get(above.id);
    if (link) link.setAttribute("aria-current", "true");
  };
  addEventListener("scroll", mark, { passive: true });
  mark();

  // A cell's number is what its `data` says, its text otherwise; what is undefined stays at the end.
  const number = (cell) => { const data = cell.querySelector("data"); return data ? Number(data.value) : null; };
  const said = (cell) => cell.querySelector("time")?.dateTime ?? cell.textContent;
  const words = new Intl.Collator(document.documentElement.lang, { numeric: true });
  const order = (one, other, down) => {
    if (!one || !other) return one ? -1 : other ? 1 : 0;
    const [a, b] = [number(one), number(other)];
    const sign = a !== null && b !== null ? a - b : words.compare(said(one), said(other));
    return down ? -sign : sign;
  };
  const defined = (cell) => (cell.querySelector(".lq-undefined") ? null : cell);

  for (const figure of document.querySelectorAll(".lq-table:has(.lq-controls)")) {
    const controls = figure.querySelector(".lq-controls");
    const [search, count, more] = ["input", "output", "button"].map((name) => controls.querySelector(name));
    const body = figure.querySelector("tbody");
    const rows = [...body.rows].filter((row) => !row.cells[0].querySelector(".lq-total"));
    const totals = [...body.rows].filter((row) => row.cells[0].querySelector(".lq-total"));
    let shownFirst = Number(controls.dataset.first);

    const show = () => {
      const asked = search.value.trim().toLowerCase();
      let found = 0, shown = 0;
      for (const row of [...body.rows]) {
        const here = row.textContent.toLowerCase().includes(asked);
        found += here;
        const visible = here && (asked || found <= shownFirst);
        row.classList.toggle("lq-hidden", !visible);
        row.classList.toggle("lq-later", here && !visible); // on paper nothing asks for more
        shown += Boolean(visible);
      }
      count.value = controls.dataset.said.replace("{shown}", shown).replace("{total}", body.rows.length);
      more.hidden = Boolean(asked) || shown === body.rows.length;
    };

    [...figure.querySelectorAll("thead th")].forEach((head, place) => {
      if (!rows.some((row) => row.cells[place].textContent.trim())) return;
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") === "ascending";
        for (const other of head.parentElement.cells) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const cell = (row) => defined(row.cells[place]);
        body.append(...rows.sort((a, b) => order(cell(a), cell(b), down)), ...totals);
        show();
      });
    });
    search.addEventListener("input", show);
    more.addEventListener("click", () => { shownFirst = Infinity; show(); });
    controls.hidden = false;
    show();
  }
})();
