// What is typed into a form with data-keep="key" is copied to this device until the server has it, so that an ended
// session or a broken line loses nothing. The copy comes back with a notice. Pages work without it.
(() => {
  const PREFIX = "qalqan/typed/";
  const DAYS = 14 * 24 * 3600 * 1000;
  const LEFT_OUT = new Set(["csrfmiddlewaretoken", "base", "do", "approve-shown", "return-shown", "check-shown", "shown", "remove_photo", "given_to"]);

  const store = {
    read(key) {
      try {
        return JSON.parse(localStorage.getItem(PREFIX + key));
      } catch {
        return null;
      }
    },
    write(key, values) {
      try {
        localStorage.setItem(PREFIX + key, JSON.stringify({ at: Date.now(), values }));
      } catch {
        // no room, or no permission: the draft on the server is all there is
      }
    },
    drop(key) {
      try {
        localStorage.removeItem(PREFIX + key);
      } catch {
        // nothing was kept then
      }
    },
    tidy() {
      try {
        for (const name of Object.keys(localStorage)) {
          if (!name.startsWith(PREFIX)) continue;
          const kept = this.read(name.slice(PREFIX.length));
          if (!kept || Date.now() - kept.at > DAYS) localStorage.removeItem(name);
        }
      } catch {
        // no storage
      }
    },
  };

  // No script may fill in a file.
  const NOT_TYPED = new Set(["submit", "file"]);
  const fields = (form) => [...form.elements].filter((field) => field.name && !LEFT_OUT.has(field.name) && !NOT_TYPED.has(field.type));

  const typed = (form) => {
    const values = {};
    for (const field of fields(form)) {
      if (field.type !== "radio" && field.type !== "checkbox") values[field.name] = field.value;
      else if (field.checked) values[field.name] = field.value;
    }
    return values;
  };

  const fill = (form, values) => {
    for (const field of fields(form)) {
      if (field.type === "radio" || field.type === "checkbox") field.checked = values[field.name] === field.value;
      else if (field.name in values) field.value = values[field.name];
    }
  };

  const same = (one, other) => {
    const names = new Set([...Object.keys(one), ...Object.keys(other)]);
    return [...names].every((name) => (one[name] ?? "") === (other[name] ?? ""));
  };

  const restore = (form) => {
    const kept = store.read(form.dataset.keep);
    if (!kept) return;
    const saved = Date.parse(form.dataset.keepSince) || 0;
    const now = typed(form);
    if (kept.at < saved || same(kept.values, now)) {
      store.drop(form.dataset.keep);
      return;
    }
    if (form.querySelector("[aria-invalid]")) return; // the server has just given back what was typed
    fill(form, kept.values);
    const details = form.closest("details");
    if (details) details.open = true;
    const notice = form.querySelector("[data-keep-notice]");
    if (!notice) return;
    notice.hidden = false;
    notice.querySelector("[data-keep-forget]").addEventListener("click", () => {
      store.drop(form.dataset.keep);
      fill(form, now);
      notice.hidden = true;
    });
  };

  const tell = (form, why) => {
    const line = form.querySelector("#saved");
    if (line && line.dataset[why]) line.textContent = line.dataset[why];
  };

  document.addEventListener("DOMContentLoaded", () => {
    store.tidy();
    for (const done of document.querySelectorAll("[data-keep-drop]")) store.drop(done.dataset.keepDrop);
    for (const form of document.querySelectorAll("form[data-keep]")) {
      restore(form);
      form.addEventListener("input", () => store.write(form.dataset.keep, typed(form)));
    }
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-keep-drop-on]");
    if (button) store.drop(button.dataset.keepDropOn);
  });

  // A draft on its way would overtake the form that is sent: let it arrive first.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("form[data-keep].htmx-request")) return;
    event.preventDefault();
    const { submitter } = event;
    form.addEventListener("htmx:afterRequest", () => setTimeout(() => form.requestSubmit(submitter)), { once: true });
  });

  // "Not saved yet, because …" and "changed in another window" come with 422 and 409: they are shown, too.
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (!event.target.closest("form[data-keep]")) return;
    const { status } = event.detail.xhr;
    if (status === 422 || status === 409) event.detail.shouldSwap = true;
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const form = event.target.closest("form[data-keep]");
    if (!form) return;
    const { status } = event.detail.xhr;
    if (status === 200) {
      const kept = store.read(form.dataset.keep);
      if (kept && same(kept.values, typed(form))) store.drop(form.dataset.keep);
    } else if (status === 401 || status === 403) tell(form, "signedOut");
    else if (!status || status >= 500) tell(form, "offline");
  });
})();
