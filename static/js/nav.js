// Small comforts; every page works without them.
(() => {
  const close = (menus) => {
    for (const menu of menus) menu.open = false;
  };

  // A menu (<details data-menu>) closes on a click elsewhere and on Escape.
  document.addEventListener("click", (event) => {
    close([...document.querySelectorAll("details[data-menu][open]")].filter((menu) => !menu.contains(event.target)));
    const dismiss = event.target.closest("[data-dismiss]");
    if (dismiss) dismiss.closest("[role]").remove();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const menu = document.querySelector("details[data-menu][open]");
    if (!menu) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });

  // "/" leads to the search, or into its field, from everywhere but a field.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return;
    if (event.target.closest("input, textarea, select, dialog, [contenteditable]")) return;
    const field = document.querySelector(".q-search input");
    const link = document.querySelector("a[data-search]");
    if (!field && !link) return;
    event.preventDefault();
    if (field) field.select();
    else link.click();
  });

  // Buttons that only a script can serve appear with the script.
  const prepare = (within) => {
    for (const button of within.querySelectorAll("[data-dismiss]")) button.hidden = false;
  };
  document.addEventListener("DOMContentLoaded", () => {
    prepare(document);
    const summary = document.querySelector("[data-error-summary]");
    if (summary) summary.focus();
  });
  document.addEventListener("htmx:load", (event) => prepare(event.detail.elt));
})();
