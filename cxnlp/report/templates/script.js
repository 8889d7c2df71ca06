"use strict";
// The page is whole without this. It adds: links that open what they lead to, sorting and searching of long tables,
// and a print that leaves nothing folded.
(() => {
  const words = document.documentElement.dataset;

  const reveal = () => {
    const place = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!place) return;
    for (let box = place.closest("details"); box; box = box.parentElement.closest("details")) box.open = true;
    place.scrollIntoView();
    if (place.tabIndex === -1) place.focus({ preventScroll: true });
  };
  addEventListener("hashchange", reveal);
  reveal();

  let folded = [];
  addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("details:not([open])")];
    for (const box of folded) box.open = true;
  });
  addEventListener("afterprint", () => {
    for (const box of folded) box.open = false;
  });

  const keyOf = (row, column) => {
    const cell = row.cells[column];
    return "sort" in cell.dataset ? Number(cell.dataset.sort) : cell.textContent.trim();
  };
  const order = (a, b) =>
    typeof a === "number" && typeof b === "number"
      ? a - b
      : typeof a === "number" ? 1 : typeof b === "number" ? -1
      : a.localeCompare(b, document.documentElement.lang);

  const makeSortable = (table) => {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      head.replaceChildren(button);
      button.addEventListener("click", () => {
        const numeric = head.classList.contains("num");
        const now = head.getAttribute("aria-sort");
        const up = now === null ? !numeric : now === "descending";
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", up ? "ascending" : "descending");
        const body = table.tBodies[0];
        const rows = [...body.rows].map((row) => [keyOf(row, column), row]);
        rows.sort(([a], [b]) => (up ? order(a, b) : order(b, a)));
        body.append(...rows.map(([, row]) => row));
      });
    });
  };

  const makeSearchable = (box, items, after) => {
    const label = document.createElement("label");
    label.className = "search";
    const input = document.createElement("input");
    input.type = "search";
    label.append(words.search + " ", input);
    after.before(label);
    input.addEventListener("input", () => {
      const wanted = input.value.trim().toLocaleLowerCase();
      for (const item of items) item.hidden = !item.textContent.toLocaleLowerCase().includes(wanted);
    });
  };

  for (const table of document.querySelectorAll("table.tall")) {
    makeSortable(table);
    const rows = [...table.tBodies[0].rows];
    if (rows.length > 12) makeSearchable(table, rows, table.closest(".scroll"));
  }
  for (const section of document.querySelectorAll("#touchpoints, #findings")) {
    const items = [...section.querySelectorAll("details.fold, .findings.all > li")];
    if (items.length > 5) makeSearchable(section, items, items[0].closest("ol") ?? items[0]);
  }
})();
