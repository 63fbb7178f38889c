// Keys of the review: j and k move, x selects, a leads to the button that approves or checks, r to the return, ? tells.
// No key decides anything by itself. They rest while somebody types, and can be switched off. Pages work without them.
(() => {
  const OFF = "qalqan/keys-off";
  const list = document.querySelector("form[data-queue]");
  const entry = document.querySelector("[data-entry-keys]");
  const help = document.querySelector("dialog[data-keys]");
  if (!help || (!list && !entry)) return;

  const isOff = () => {
    try {
      return localStorage.getItem(OFF) === "1";
    } catch {
      return false;
    }
  };
  const remember = (off) => {
    try {
      if (off) localStorage.setItem(OFF, "1");
      else localStorage.removeItem(OFF);
    } catch {
      // no permission: on again on the next page
    }
  };

  // --- the list ---------------------------------------------------------------------------------------

  const rows = () => [...list.querySelectorAll("tbody tr")];
  const boxOf = (row) => row && row.querySelector("input[name=shown]");
  let last = null;
  const current = () => {
    const focused = document.activeElement.closest("tbody tr");
    return focused && list.contains(focused) ? focused : last;
  };
  list?.addEventListener("focusin", (event) => {
    last?.classList.remove("q-current");
    last = event.target.closest("tbody tr") || last;
    last?.classList.add("q-current");
  });

  const move = (by) => {
    const all = rows();
    if (!all.length) return;
    const at = all.indexOf(current());
    const next = all[at < 0 ? 0 : Math.min(Math.max(at + by, 0), all.length - 1)];
    next.querySelector("th a").focus(); // Enter opens it, and readers of the screen hear it
    next.scrollIntoView({ block: "nearest" });
  };
  const select = () => {
    const box = boxOf(current());
    if (box) box.checked = !box.checked;
  };
  // Decisions are about what is ticked; where nothing is, about the row where one stands.
  const chosen = () => {
    if (list.querySelector("input[name=shown]:checked")) return true;
    const box = boxOf(current());
    if (box) box.checked = true;
    return Boolean(box);
  };
  const inList = {
    KeyJ: () => move(1),
    KeyK: () => move(-1),
    KeyX: select,
    KeyA: () => chosen() && list.querySelector("[data-key=a]")?.focus(),
    KeyR: () => chosen() && list.querySelector("[data-key=r]")?.click(),
  };

  // --- one answer -------------------------------------------------------------------------------------

  const onEntry = {
    KeyJ: () => document.querySelector("a[rel=next]")?.click(),
    KeyK: () => document.querySelector("a[rel=prev]")?.click(),
    KeyA: () => document.querySelector("#decide button[type=submit]")?.focus(),
    KeyR: () => {
      const fold = document.querySelector("#return");
      if (!fold) return;
      fold.open = true;
      fold.querySelector("input[type=radio]").focus();
    },
  };

  // --- both -------------------------------------------------------------------------------------------

  const types = (target) =>
    target.isContentEditable || target.matches("textarea, select, input:not([type=checkbox]):not([type=radio])");
  const keys = list ? inList : onEntry;

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (help.open || types(event.target)) return;
    if (event.key === "?" || (event.shiftKey && event.code === "Slash")) {
      event.preventDefault();
      help.showModal();
      return;
    }
    // By its place on the keyboard: a Kazakh or Russian layout has other letters there.
    const act = event.shiftKey || isOff() ? null : keys[event.code];
    if (!act) return;
    event.preventDefault();
    act();
  });

  for (const button of document.querySelectorAll("[data-keys-help]")) {
    button.hidden = false;
    button.addEventListener("click", () => help.showModal());
  }
  const box = help.querySelector("[data-keys-on]");
  box.checked = !isOff();
  box.addEventListener("change", () => remember(!box.checked));
})();
